using System.Net;
using System.Text.Json;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Identity.Oidc;

public class DeviceTests
{
    private const string Grant = "urn:ietf:params:oauth:grant-type:device_code";
    private const string DeviceFlow = "default-device-code-flow";

    [Fact]
    public async Task Row_45_a_device_waits_until_somebody_agrees()
    {
        await using var host = await StartAsync();
        var device = await BeginAsync(host, "openid profile");
        Assert.Matches("^[0-9]{9}$", device.GetProperty("user_code").GetString());
        Assert.Equal((60, 5), (device.GetProperty("expires_in").GetInt32(), device.GetProperty("interval").GetInt32()));
        Assert.Equal("https://auth.example.test/device", device.GetProperty("verification_uri").GetString());
        Assert.EndsWith("/device?code=" + device.GetProperty("user_code").GetString(), device.GetProperty("verification_uri_complete").GetString(), StringComparison.Ordinal);
        Assert.Equal("authorization_pending", await PollAsync(host, device));

        using var browser = host.BrowserOf(host.Cookie);
        var asked = await ConsentAsync(host, browser, device);
        Assert.Equal("ak-stage-consent", asked.Challenge.Component);
        Assert.Contains("App a", asked.Challenge.Text("header_text"), StringComparison.Ordinal); // RFC 8628 §5.4: whom they let in, even where consent is implicit
        Assert.Equal(["openid", "profile"], asked.Challenge.Ids("permissions"));
        var end = await asked.Flow.AnswerAsync(("component", "ak-stage-consent"), ("token", asked.Challenge.Text("token")));
        Assert.Equal("ak-provider-oauth2-device-code-finish", end.Component);

        host.Clock.Advance(TimeSpan.FromSeconds(5));
        using var answer = await RedeemAsync(host, device);
        var body = await OidcHost.JsonAsync(answer);
        Assert.Equal("ada", new JsonWebToken(body.GetProperty("id_token").GetString()).GetPayloadValue<string>("preferred_username"));
        Assert.Equal("openid profile", body.GetProperty("scope").GetString());
        Assert.Equal("invalid_grant", await PollAsync(host, device)); // once
        Assert.Equal(1, await EventsAsync(host)); // saved with the approval
    }

    [Fact]
    public async Task Q26_who_asks_too_often_is_slowed_down_and_an_old_code_is_over()
    {
        await using var host = await StartAsync();
        var device = await BeginAsync(host);
        Assert.Equal("authorization_pending", await PollAsync(host, device));
        Assert.Equal("slow_down", await PollAsync(host, device));
        host.Clock.Advance(TimeSpan.FromSeconds(6)); // five more are asked for now
        Assert.Equal("slow_down", await PollAsync(host, device));
        host.Clock.Advance(TimeSpan.FromSeconds(16));
        Assert.Equal("authorization_pending", await PollAsync(host, device));
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("expired_token", await PollAsync(host, device));
        Assert.Equal("invalid_grant", await PollAsync(host, device, ("device_code", "unknown")));
        Assert.Equal("invalid_grant", await PollAsync(host, device, ("device_code", null)));
    }

    [Fact]
    public async Task O07_a_device_code_is_its_clients_own_and_confidential_clients_need_their_secret()
    {
        await using var host = await StartAsync();
        await host.ConfigureAsync(p => p.GrantTypes = [Grant], Seed.OtherClientId);
        var device = await BeginAsync(host);
        Assert.Equal("invalid_grant", await PollAsync(host, device, ("client_id", Seed.OtherClientId), ("client_secret", Seed.OtherClientSecret)));
        Assert.Equal("invalid_client", await PollAsync(host, device, ("client_secret", null)));
        Assert.Equal("authorization_pending", await PollAsync(host, device));
    }

    [Fact]
    public async Task Row_45_the_21st_request_of_an_hour_is_too_many_but_not_for_somebody_signed_in()
    {
        await using var host = await StartAsync();
        for (var i = 0; i < 20; i++)
        {
            await BeginAsync(host);
        }

        using var refused = await host.PostAsync("/application/o/device/", [("client_id", Seed.ClientId)]);
        Assert.Equal((HttpStatusCode.TooManyRequests, "slow_down"), (refused.StatusCode, await OidcHost.ErrorAsync(refused)));
        using var known = await host.PostAsync("/application/o/device/", [("client_id", Seed.ClientId)], cookie: host.Cookie);
        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
        host.Clock.Advance(TimeSpan.FromHours(1));
        await BeginAsync(host);
    }

    [Theory]
    [InlineData("unknown", null)]
    [InlineData(Seed.OtherClientId, null)] // the grant is not allowed
    [InlineData(Seed.ClientId, "wrong")]
    public async Task An_unknown_client_can_not_begin(string clientId, string? secret)
    {
        await using var host = await StartAsync();
        using var answer = await host.PostAsync("/application/o/device/", [("client_id", clientId), .. secret is null ? [] : new[] { ("client_secret", secret) }]);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_client"), (answer.StatusCode, await OidcHost.ErrorAsync(answer)));
    }

    [Fact]
    public async Task O16_who_may_not_use_the_application_can_not_approve()
    {
        await using var host = await StartAsync();
        var device = await BeginAsync(host);
        host.Policies.Denied[(host.Seed.ApplicationId, host.Seed.AdaId)] = "Engineers only.";
        using var browser = host.BrowserOf(host.Cookie);
        var denied = await TypeAsync(browser, device.GetProperty("user_code").GetString()!);
        Assert.Equal(("ak-stage-access-denied", "Engineers only."), (denied.Component, denied.Text("error_message")));
        Assert.Equal("authorization_pending", await PollAsync(host, device));
    }

    [Theory]
    [InlineData("denied")]
    [InlineData("inactive")]
    [InlineData("signed out")]
    public async Task O17_what_changes_after_the_approval_counts(string what)
    {
        await using var host = await StartAsync();
        var device = await BeginAsync(host);
        await ApproveAsync(host, device);
        switch (what)
        {
            case "denied":
                host.Policies.Denied[(host.Seed.ApplicationId, host.Seed.AdaId)] = "no";
                break;
            case "inactive":
                await host.ChangeAsync(db => db.Users.ExecuteUpdateAsync(u => u.SetProperty(x => x.IsActive, false), OidcHost.Stop));
                break;
            default:
                await host.ChangeAsync(db => db.AuthenticatedSessions.ExecuteDeleteAsync(OidcHost.Stop));
                break;
        }

        Assert.Equal("invalid_grant", await PollAsync(host, device));
    }

    [Fact]
    public async Task O15_scopes_that_are_not_offered_are_not_granted_and_none_asked_is_none()
    {
        await using var host = await StartAsync();
        var device = await BeginAsync(host, "openid goauthentik.io/api");
        await ApproveAsync(host, device);
        using var answer = await RedeemAsync(host, device, ("scope", "openid profile email"));
        Assert.Equal("openid", (await OidcHost.JsonAsync(answer)).GetProperty("scope").GetString());
        var nothing = await BeginAsync(host, null);
        await ApproveAsync(host, nothing);
        using var empty = await RedeemAsync(host, nothing);
        Assert.Equal("", (await OidcHost.JsonAsync(empty)).GetProperty("scope").GetString());
    }

    [Fact]
    public async Task O08_of_many_devices_with_one_code_one_gets_tokens()
    {
        await using var host = await StartAsync();
        var device = await BeginAsync(host, "openid offline_access");
        await ApproveAsync(host, device);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => RedeemAsync(host, device)));
        var won = Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
        Assert.Equal(128, (await OidcHost.JsonAsync(won)).GetProperty("refresh_token").GetString()!.Length);
        Array.ForEach(answers, a => a.Dispose());
    }

    [Fact]
    public async Task Q26_wrong_codes_get_slow_and_a_mark_is_one_sessions_only()
    {
        await using var host = await StartAsync();
        var device = await BeginAsync(host);
        using var ada = host.BrowserOf(host.Cookie);
        var asked = await ConsentAsync(host, ada, device);
        using var bob = host.BrowserOf(await host.SignInAsync(host.Seed.BobId));
        Assert.Equal("ak-stage-access-denied", (await bob.Flow(asked.Slug, asked.Query).ShowAsync()).Component);

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("invalid", (await TypeAsync(bob, "000000000")).FaultCode("code"));
        }

        Assert.Equal("throttled", (await TypeAsync(bob, "000000000")).FaultCode("code"));
        Assert.Equal("xak-flow-redirect", (await TypeAsync(ada, Spaced(device))).Component); // nobody else waits for that
    }

    [Fact]
    public async Task Q26_a_code_of_ones_own_does_not_pardon_the_wrong_ones_before_it()
    {
        await using var host = await StartAsync();
        var own = await BeginAsync(host);
        using var bob = host.BrowserOf(await host.SignInAsync(host.Seed.BobId));
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("invalid", (await TypeAsync(bob, "000000000")).FaultCode("code"));
        }

        Assert.Equal("xak-flow-redirect", (await TypeAsync(bob, Spaced(own))).Component);
        Assert.Equal("invalid", (await TypeAsync(bob, "000000000")).FaultCode("code"));
        Assert.Equal("throttled", (await TypeAsync(bob, "000000000")).FaultCode("code"));
    }

    [Fact]
    public async Task The_page_leads_to_the_brands_flow_by_way_of_sign_in_and_is_not_there_without_one()
    {
        await using var host = await StartAsync();
        using var stranger = await host.GetAsync("/device?code=123");
        Assert.Equal("/flows/-/default/authentication/?next=%2Fdevice%3Fcode%3D123", stranger.Headers.Location!.OriginalString);
        using var known = await host.GetAsync("/device?code=1%262", host.Cookie);
        Assert.Equal($"/if/flow/{DeviceFlow}/?code=1%262", known.Headers.Location!.OriginalString);
        await host.ChangeAsync(db => db.Brands.ExecuteUpdateAsync(b => b.SetProperty(x => x.DeviceCodeFlowId, (Guid?)null), OidcHost.Stop));
        using var none = await host.GetAsync("/device", host.Cookie);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    [Fact]
    public async Task A_brand_may_name_a_flow_without_the_stage()
    {
        await using var host = await StartAsync();
        await host.ChangeAsync(db => db.FlowStageBindings.Where(b => b.FlowId == host.Seed.DeviceFlowId).ExecuteDeleteAsync(OidcHost.Stop));
        using var browser = host.BrowserOf(host.Cookie);
        Assert.Equal("ak-provider-oauth2-device-code", (await browser.Flow(DeviceFlow).ShowAsync()).Component);
        var device = await BeginAsync(host);
        Assert.Equal("xak-flow-redirect", (await browser.Flow(DeviceFlow, "code=" + device.GetProperty("user_code").GetString()).ShowAsync()).Component);
    }

    private static async Task<OidcHost> StartAsync()
    {
        var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.GrantTypes = [Grant, "refresh_token"]);
        return host;
    }

    private static string Spaced(JsonElement device) => device.GetProperty("user_code").GetString()!.Insert(6, "-").Insert(3, " ");

    private static async Task<JsonElement> BeginAsync(OidcHost host, string? scope = "openid")
    {
        using var answer = await host.PostAsync("/application/o/device/", [("client_id", Seed.ClientId), .. scope is null ? [] : new[] { ("scope", scope) }]);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await OidcHost.JsonAsync(answer);
    }

    // Showing first, as a page does: it brings the token that proves the answer.
    private static async Task<Seen> TypeAsync(Browser browser, string code)
    {
        await browser.Flow(DeviceFlow).ShowAsync();
        return await browser.Flow(DeviceFlow).AnswerAsync(("code", code));
    }

    private static Task<HttpResponseMessage> RedeemAsync(OidcHost host, JsonElement device, params (string, string?)[] changes) =>
        host.GrantAsync(Grant, [("device_code", device.GetProperty("device_code").GetString()), .. changes]);

    private static async Task<string> PollAsync(OidcHost host, JsonElement device, params (string, string?)[] changes)
    {
        using var answer = await RedeemAsync(host, device, changes);
        return await OidcHost.ErrorAsync(answer);
    }

    private static async Task<(FlowDriver Flow, Seen Challenge, string Slug, string Query)> ConsentAsync(OidcHost host, Browser browser, JsonElement device)
    {
        Assert.NotNull(host.Cookie);
        var to = (await TypeAsync(browser, Spaced(device))).Text("to");
        var slug = to.Split('/')[3];
        var query = to.Split('?')[1];
        var flow = browser.Flow(slug, query);
        return (flow, await flow.ShowAsync(), slug, query);
    }

    private static async Task<int> EventsAsync(OidcHost host)
    {
        await using var db = host.Database.CreateDbContext();
        return await db.Events.CountAsync(e => e.Action == "authorize_application", OidcHost.Stop);
    }

    private static async Task ApproveAsync(OidcHost host, JsonElement device)
    {
        using var browser = host.BrowserOf(host.Cookie);
        var asked = await ConsentAsync(host, browser, device);
        Assert.Equal("ak-provider-oauth2-device-code-finish", (await asked.Flow.AnswerAsync(("token", asked.Challenge.Text("token")))).Component);
    }
}
