using System.Net;
using System.Text.Json;

namespace Gatehouse.Tests.Identity.Oidc;

public class PushedRequestTests
{
    [Fact]
    public async Task Q27_a_pushed_request_is_answered_once()
    {
        await using var host = await OidcHost.StartAsync();
        using var pushed = await PushAsync(host);
        var body = await OidcHost.JsonAsync(pushed);
        var uri = body.GetProperty("request_uri").GetString()!;
        Assert.Equal(HttpStatusCode.Created, pushed.StatusCode);
        Assert.True(pushed.Headers.CacheControl!.NoStore);
        Assert.InRange(body.GetProperty("expires_in").GetInt32(), 1, 600);
        Assert.True(uri["urn:ietf:params:oauth:request_uri:".Length..].Length >= 32); // hex: 128 bits at least

        using var answer = await OpenAsync(host, uri, "&redirect_uri=https%3A%2F%2Fevil.test&scope=openid+offline_access&state=evil");
        Assert.StartsWith(Seed.RedirectUri, answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal("s 1&2", OidcHost.Field(answer.Headers.Location!, "state"));
        using var tokens = await host.RedeemAsync(OidcHost.Field(answer.Headers.Location!, "code")!);
        Assert.Equal("openid email profile", (await OidcHost.JsonAsync(tokens)).GetProperty("scope").GetString());

        using var again = await OpenAsync(host, uri);
        Assert.Equal((HttpStatusCode.BadRequest, null), (again.StatusCode, again.Headers.Location));
    }

    [Fact]
    public async Task Q27_it_ends_and_a_browser_that_came_in_time_has_time_to_sign_in()
    {
        await using var host = await OidcHost.StartAsync();
        var late = await UriAsync(host);
        var opened = await UriAsync(host);
        using var login = await host.GetAsync(Authorize(opened));
        Assert.StartsWith("/if/flow/default-authentication-flow/", login.Headers.Location!.OriginalString, StringComparison.Ordinal);
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        using var answered = await OpenAsync(host, opened);
        Assert.NotNull(OidcHost.Field(answered.Headers.Location!, "code"));
        using var refused = await OpenAsync(host, late);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task O27_it_is_its_clients_own_and_no_other_uri_is_followed()
    {
        await using var host = await OidcHost.StartAsync();
        var uri = await UriAsync(host);
        using var other = await host.GetAsync($"/application/o/authorize/?client_id={Seed.OtherClientId}&request_uri={Uri.EscapeDataString(uri)}", host.Cookie);
        Assert.Equal((HttpStatusCode.BadRequest, null), (other.StatusCode, other.Headers.Location));
        using var unknown = await OpenAsync(host, uri + "0");
        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
        using var fetched = await host.GetAsync(OidcHost.Authorize(("request_uri", "http://evil.test/r")), host.Cookie);
        Assert.Equal("request_uri_not_supported", OidcHost.Field(fetched.Headers.Location!, "error"));
        using var mixed = await PushAsync(host, ("client_id", Seed.OtherClientId));
        Assert.Equal("invalid_client", await OidcHost.ErrorAsync(mixed)); // another client's id, this one's secret
        using var own = await OpenAsync(host, uri);
        Assert.NotNull(OidcHost.Field(own.Headers.Location!, "code"));
    }

    [Theory]
    [InlineData("client_secret", "wrong", "invalid_client")]
    [InlineData("request_uri", "urn:ietf:params:oauth:request_uri:x", "invalid_request")]
    [InlineData("request", "e30.e30.", "request_not_supported")]
    [InlineData("redirect_uri", "https://evil.test/", "invalid_request")]
    [InlineData("response_type", "nonsense", "unsupported_response_type")]
    [InlineData("code_challenge_method", "plain", "invalid_request")]
    public async Task Q27_what_would_not_stand_is_refused_at_once(string name, string value, string error)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await PushAsync(host, (name, value));
        Assert.Equal(error, await OidcHost.ErrorAsync(answer));
    }

    [Fact]
    public async Task Q27_whoever_says_no_to_a_pushed_request_is_believed_and_it_is_used_up()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.AuthorizationFlowId = host.Seed.ExplicitFlowId);
        using var made = await PushAsync(host, ("gh_declined", "1")); // a client can't say no for the person
        var uri = (await OidcHost.JsonAsync(made)).GetProperty("request_uri").GetString()!;
        using var page = await OpenAsync(host, uri);
        Assert.StartsWith("/if/flow/", page.Headers.Location!.OriginalString, StringComparison.Ordinal);

        using var declined = await OpenAsync(host, uri, "&gh_declined=1");
        Assert.StartsWith(Seed.RedirectUri, declined.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal("access_denied", OidcHost.Field(declined.Headers.Location!, "error"));
        using var again = await OpenAsync(host, uri);
        Assert.Equal((HttpStatusCode.BadRequest, null), (again.StatusCode, again.Headers.Location));
    }

    [Fact]
    public async Task Q27_who_proves_nothing_pushes_only_so_often()
    {
        await using var host = await OidcHost.StartAsync();
        (string, string)[] push = [("client_id", Seed.PublicClientId), ("request_uri", "x")];
        for (var i = 0; i < Gatehouse.Identity.Oidc.Authorize.PushThrottle.InAnHour; i++)
        {
            using var refused = await host.PostAsync("/application/o/par/", push);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }

        using var throttled = await host.PostAsync("/application/o/par/", push);
        Assert.Equal((HttpStatusCode.TooManyRequests, "slow_down"), (throttled.StatusCode, await OidcHost.ErrorAsync(throttled)));
        using var known = await PushAsync(host);
        Assert.Equal(HttpStatusCode.Created, known.StatusCode);
        host.Clock.Advance(TimeSpan.FromHours(1));
        using var later = await host.PostAsync("/application/o/par/", push);
        Assert.Equal(HttpStatusCode.BadRequest, later.StatusCode);
    }

    [Fact]
    public async Task Q27_a_client_can_be_made_to_push()
    {
        await using var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.RequiresPushedRequests = true);
        using var plain = await host.GetAsync(OidcHost.Authorize(), host.Cookie);
        Assert.Equal("invalid_request", OidcHost.Field(plain.Headers.Location!, "error"));
        using var answer = await OpenAsync(host, await UriAsync(host));
        Assert.NotNull(OidcHost.Field(answer.Headers.Location!, "code"));
    }

    [Fact]
    public async Task A_pushed_request_that_asks_for_a_fresh_sign_in_gets_one_and_goes_through()
    {
        await using var host = await OidcHost.StartAsync();
        var uri = await UriAsync(host, ("prompt", "login"));
        using var asked = await OpenAsync(host, uri);
        var next = OidcHost.Field(asked.Headers.Location!, "next")!;
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        using var answer = await host.GetAsync(next, await host.SignInAsync(host.Seed.AdaId));
        Assert.NotNull(OidcHost.Field(answer.Headers.Location!, "code"));
    }

    [Fact]
    public async Task A_proof_binds_the_code_to_its_key()
    {
        await using var host = await OidcHost.StartAsync();
        using var key = new Proof();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/application/o/par/", UriKind.Relative)) { Content = new FormUrlEncodedContent(Form().Select(f => KeyValuePair.Create(f.Item1, f.Item2))) };
        request.Headers.Add("DPoP", key.Dpop(host, path: "/application/o/par/"));
        using var pushed = await host.SendAsync(request);
        using var answer = await OpenAsync(host, (await OidcHost.JsonAsync(pushed)).GetProperty("request_uri").GetString()!);
        using var tokens = await host.RedeemAsync(OidcHost.Field(answer.Headers.Location!, "code")!);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(tokens));
    }

    private static string Authorize(string uri) => $"/application/o/authorize/?client_id={Seed.ClientId}&request_uri={Uri.EscapeDataString(uri)}";

    private static Task<HttpResponseMessage> OpenAsync(OidcHost host, string uri, string more = "") => host.GetAsync(Authorize(uri) + more, host.Cookie);

    private static async Task<string> UriAsync(OidcHost host, params (string, string)[] changes)
    {
        using var answer = await PushAsync(host, changes);
        JsonElement body = await OidcHost.JsonAsync(answer);
        return body.GetProperty("request_uri").GetString()!;
    }

    private static List<(string, string)> Form() =>
        [.. OidcHost.Authorize().Split('?')[1].Split('&').Select(p => (p.Split('=')[0], Uri.UnescapeDataString(p.Split('=')[1]))), ("client_secret", Seed.ClientSecret)];

    private static Task<HttpResponseMessage> PushAsync(OidcHost host, params (string Name, string Value)[] changes)
    {
        var form = Form();
        foreach (var (name, value) in changes)
        {
            form.RemoveAll(p => p.Item1 == name);
            form.Add((name, value));
        }

        return host.PostAsync("/application/o/par/", form);
    }
}
