using Gatehouse.Model.Apps;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Service tokens at the gateway: row A10, H11 for their secrets, and check 28 of the contract.</summary>
public class ServiceTokenTests
{
    private const string Secret = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private static readonly string ClientId = new string('c', 32) + ".access";
    private static readonly string Good = Headers(ClientId, Secret);

    [Fact]
    public async Task A_service_token_admits_and_the_origin_sees_a_token_instead_of_the_secret()
    {
        await using var gateway = await StartAsync();
        var answer = await gateway.GetAsync("/", headers: Good);
        Assert.Equal(200, answer.Status);
        Assert.Empty(answer.Headers("Set-Cookie")); // strict: the secret comes each time
        var seen = gateway.Origin.Only;
        Assert.Null(seen.Header("CF-Access-Client-Id"));
        Assert.Null(seen.Header("CF-Access-Client-Secret"));
        Assert.Null(seen.Header("Cf-Access-Authenticated-User-Email"));
        var token = new JsonWebToken(seen.Header("Cf-Access-Jwt-Assertion"));
        Assert.Equal((ClientId, "", "app"), (token.GetClaim("common_name").Value, token.Subject, token.GetClaim("type").Value));
        Assert.False(token.TryGetClaim("email", out _));
        Assert.Equal(gateway.ServiceTokens[0].Id, Assert.Single(gateway.TokenUses.All));
    }

    [Fact]
    public async Task L05_refusals_do_not_hide_the_use_of_a_token()
    {
        await using var gateway = await StartAsync();
        gateway.Publish("bare.test").Reload();
        for (var n = 0; n < 70; n++)
        {
            await gateway.GetAsync("/", host: "bare.test");
        }

        Assert.Equal(60, gateway.Audit.Records.Count);
        for (var n = 0; n < 20; n++)
        {
            Assert.Equal(200, (await gateway.GetAsync("/", headers: Good)).Status);
        }

        Assert.Equal(11, gateway.Audit.Records.Count(r => r.Allowed)); // the first, and ten repeats
    }

    [Theory]
    [InlineData("wrong secret")]
    [InlineData("unknown id")]
    [InlineData("id only")]
    [InlineData("secret only")]
    [InlineData("id twice")]
    [InlineData("secret twice")]
    [InlineData("empty secret")]
    [InlineData("huge secret")]
    [InlineData("expired")]
    [InlineData("switched off")]
    public async Task A10_a_token_that_does_not_count_is_401_and_says_no_more(string row)
    {
        await using var gateway = await StartAsync();
        var headers = row switch
        {
            "wrong secret" => Headers(ClientId, Secret[..^1] + "0"),
            "unknown id" => Headers(new string('d', 32) + ".access", Secret),
            "id only" => $"CF-Access-Client-Id: {ClientId}\r\n",
            "secret only" => $"CF-Access-Client-Secret: {Secret}\r\n",
            "id twice" => Good + $"CF-Access-Client-Id: {ClientId}\r\n",
            "secret twice" => Good + $"CF-Access-Client-Secret: {Secret}\r\n",
            "empty secret" => Headers(ClientId, ""),
            "huge secret" => Headers(ClientId, new string('a', 5000)),
            _ => Good,
        };
        gateway.ServiceTokens[0].ExpiresAt = row == "expired" ? gateway.Clock.GetUtcNow() : null;
        gateway.ServiceTokens[0].IsEnabled = row != "switched off";
        gateway.Reload();

        // Neither a person's cookie nor an allow policy stands in for it.
        var answer = await gateway.GetAsync("/", gateway.SignIn(), headers: headers);
        Assert.Equal((401, "The service token does not count here.\n"), (answer.Status, answer.Body));
        Assert.NotNull(answer.Header("WWW-Authenticate"));
        Assert.Empty(gateway.Origin.Requests);
        Assert.Empty(gateway.TokenUses.All);
        Assert.False(Assert.Single(gateway.Audit.Records).Allowed);
    }

    [Fact]
    public async Task A10_guesses_come_to_an_end()
    {
        await using var gateway = await StartAsync();
        var statuses = new List<int>();
        for (var n = 0; n < 40; n++)
        {
            statuses.Add((await gateway.GetAsync("/", headers: Headers(ClientId, n.ToString("x64", System.Globalization.CultureInfo.InvariantCulture)))).Status);
        }

        Assert.Equal(401, statuses[0]);
        Assert.Equal(429, statuses[^1]);
        Assert.Empty(gateway.Origin.Requests);
        Assert.InRange(gateway.Audit.Records.Count, 30, 35);
    }

    [Fact]
    public async Task A_good_token_that_no_policy_takes_is_403_whatever_else_comes_with_it()
    {
        await using var gateway = await StartAsync(new Rule.ServiceToken(Guid.CreateVersion7()));
        Assert.Equal(403, (await gateway.GetAsync("/", gateway.SignIn(), headers: Good)).Status);
        Assert.Empty(gateway.Origin.Requests);
        Assert.Equal(200, (await gateway.GetAsync("/", gateway.SignIn())).Status);
    }

    [Fact]
    public async Task Not_strict_a_cookie_takes_the_secrets_place_until_the_token_is_switched_off()
    {
        await using var gateway = await StartAsync(strict: false);
        var cookie = Assert.Single((await gateway.GetAsync("/", headers: Good)).Headers("Set-Cookie"));
        Assert.StartsWith("CF_Authorization=", cookie, StringComparison.Ordinal);
        Assert.Contains("expires=", cookie, StringComparison.OrdinalIgnoreCase);
        var token = cookie["CF_Authorization=".Length..cookie.IndexOf(';', StringComparison.Ordinal)];
        Assert.Equal(200, (await gateway.GetAsync("/", token)).Status);
        Assert.Equal(302, (await gateway.GetAsync("/", token, "other.test")).Status);

        gateway.ServiceTokens[0].IsEnabled = false;
        gateway.Reload();
        Assert.Equal(302, (await gateway.GetAsync("/", token)).Status);

        // Strict again: the cookie was never a credential.
        gateway.ServiceTokens[0].IsEnabled = true;
        gateway.Organization.StrictServiceTokens = true;
        gateway.Reload();
        Assert.Equal(302, (await gateway.GetAsync("/", token)).Status);
    }

    [Theory]
    [InlineData(false, 302)]
    [InlineData(true, 401)]
    public async Task Not_strict_a_bad_token_leads_to_the_login_page_unless_the_app_says_401(bool says401, int status)
    {
        await using var gateway = await StartAsync(strict: false, change: app => app.ServiceAuth401 = says401);
        Assert.Equal(status, (await gateway.GetAsync("/", headers: Headers(ClientId, "wrong"))).Status);
        Assert.Equal(status, (await gateway.GetAsync("/", headers: $"CF-Access-Client-Id: {ClientId}\r\n")).Status);
        Assert.Equal(302, (await gateway.GetAsync("/")).Status);
        Assert.Empty(gateway.Origin.Requests);
    }

    [Fact]
    public async Task A_token_may_come_whole_in_the_header_that_the_app_names()
    {
        await using var gateway = await StartAsync(change: app => app.ServiceTokenHeader = "Authorization");
        var whole = $$"""Authorization: {"cf-access-client-id":"{{ClientId}}","cf-access-client-secret":"{{Secret}}"}""" + "\r\n";
        Assert.Equal(200, (await gateway.GetAsync("/", headers: whole)).Status);
        Assert.Null(gateway.Origin.Only.Header("Authorization"));

        Assert.Equal(401, (await gateway.GetAsync("/", headers: whole + Good)).Status);
        Assert.Equal(401, (await gateway.GetAsync("/", headers: whole + whole)).Status);
        Assert.Equal(401, (await gateway.GetAsync("/", headers: whole.Replace(Secret, "wrong", StringComparison.Ordinal))).Status);

        // Escapes that stand for no character are no 500.
        Assert.Equal(401, (await gateway.GetAsync("/", headers: "Authorization: {\"cf-access-client-id\":\"\\ud800\",\"cf-access-client-secret\":\"x\"}\r\n")).Status);
        Assert.Equal(401, (await gateway.GetAsync("/", headers: "Authorization: {\"\\ud800\":1}\r\n")).Status);

        // The origin's own business stays the origin's.
        Assert.Equal(200, (await gateway.GetAsync("/", gateway.SignIn(), headers: "Authorization: Basic YTpi\r\n")).Status);
        Assert.Equal("Basic YTpi", gateway.Origin.Requests.Last().Header("Authorization"));
    }

    [Fact]
    public async Task The_secret_before_a_rotation_counts_as_long_as_was_said()
    {
        await using var gateway = await StartAsync();
        var token = gateway.ServiceTokens[0];
        (token.PreviousSecretHash, token.PreviousSecretExpiresAt) = (token.SecretHash, gateway.Clock.GetUtcNow().AddHours(1));
        token.SecretHash = ServiceTokenEntry.HashOf("new");
        gateway.Reload();
        Assert.Equal(200, (await gateway.GetAsync("/", headers: Good)).Status);
        Assert.Equal(200, (await gateway.GetAsync("/", headers: Headers(ClientId, "new"))).Status);
        gateway.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(401, (await gateway.GetAsync("/", headers: Good)).Status);
        Assert.Equal(200, (await gateway.GetAsync("/", headers: Headers(ClientId, "new"))).Status);
    }

    [Fact]
    public async Task A_bypass_leaves_neither_a_token_nor_a_log_entry_whoever_comes()
    {
        await using var gateway = await StartAsync(strict: false, change: app => app.Policies[0].Policy!.Action = PolicyAction.Bypass, include: new Rule.Everyone());
        foreach (var headers in new[] { "", Good, Headers(ClientId, "wrong") })
        {
            var answer = await gateway.GetAsync("/", headers: headers);
            Assert.Equal((200, 0), (answer.Status, answer.Headers("Set-Cookie").Count));
            Assert.Null(gateway.Origin.Requests.Last().Header("Cf-Access-Jwt-Assertion"));
        }

        Assert.Equal(200, (await gateway.GetAsync("/", gateway.SignIn())).Status);
        Assert.Null(gateway.Origin.Requests.Last().Header("Cf-Access-Jwt-Assertion"));
        Assert.Empty(gateway.Audit.Records);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task H11_what_was_got_with_a_leaked_secret_ends_with_it(bool overlaps)
    {
        await using var gateway = await StartAsync(strict: false);
        var leaked = CookieOf(await gateway.GetAsync("/", headers: Good));
        Assert.Equal(200, (await gateway.GetAsync("/", leaked)).Status);

        var token = gateway.ServiceTokens[0];
        token.PreviousSecretHash = overlaps ? token.SecretHash : null;
        token.PreviousSecretExpiresAt = overlaps ? gateway.Clock.GetUtcNow().AddHours(1) : null;
        (token.SecretHash, token.SecretVersion) = (ServiceTokenEntry.HashOf("new"), 2);
        gateway.Reload();
        var good = CookieOf(await gateway.GetAsync("/", headers: Headers(ClientId, "new")));
        Assert.Equal(overlaps ? 200 : 302, (await gateway.GetAsync("/", leaked)).Status);
        if (overlaps)
        {
            // Nor does it get anything that lives longer.
            var again = new JsonWebToken(CookieOf(await gateway.GetAsync("/", headers: Good)));
            Assert.Equal(token.PreviousSecretExpiresAt!.Value.ToUnixTimeSeconds(), new DateTimeOffset(again.ValidTo).ToUnixTimeSeconds());
            Assert.Equal(again.ValidTo, new JsonWebToken(gateway.Origin.Requests.Last().Header("Cf-Access-Jwt-Assertion")).ValidTo);
            gateway.Clock.Advance(TimeSpan.FromHours(1));
            Assert.Equal(302, (await gateway.GetAsync("/", leaked)).Status);
        }

        Assert.Equal(200, (await gateway.GetAsync("/", good)).Status);
    }

    [Fact]
    public async Task H11_a_secret_that_was_sent_in_vain_does_not_reach_an_open_origin_either()
    {
        await using var gateway = await StartAsync(strict: false, change: app => app.Policies[0].Policy!.Action = PolicyAction.Bypass, include: new Rule.Everyone());
        Assert.Equal(200, (await gateway.GetAsync("/", headers: Headers(ClientId, "wrong"))).Status);
        Assert.Null(gateway.Origin.Only.Header("CF-Access-Client-Secret"));
    }

    [Fact]
    public async Task All_tokens_of_an_app_can_be_ended_at_once()
    {
        await using var gateway = await StartAsync();
        var before = gateway.SignIn();
        Assert.Equal(200, (await gateway.GetAsync("/", before)).Status);
        gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")].App.TokenEpoch++;
        gateway.Reload();
        Assert.Equal(302, (await gateway.GetAsync("/", before)).Status);
        Assert.Equal(200, (await gateway.GetAsync("/", gateway.SignIn())).Status);
    }

    private static string CookieOf(RawMessage answer)
    {
        var cookie = Assert.Single(answer.Headers("Set-Cookie"));
        return cookie["CF_Authorization=".Length..cookie.IndexOf(';', StringComparison.Ordinal)];
    }

    private static string Headers(string id, string secret) => $"CF-Access-Client-Id: {id}\r\ncf-access-client-secret: {secret}\r\n";

    private static Task<GatewayHost> StartAsync(Rule? include = null, bool strict = true, Action<App>? change = null) => GatewayHost.StartAsync(host =>
    {
        host.ServiceTokens.Add(new ServiceToken { Id = Guid.CreateVersion7(), Name = "backup", ClientId = ClientId, SecretHash = ServiceTokenEntry.HashOf(Secret) });
        var app = host.AddApp(
            "staff", "app.test",
            GatewayHost.Policy(PolicyAction.NonIdentity, include ?? new Rule.ServiceToken(host.ServiceTokens[0].Id)),
            GatewayHost.Allow(new Rule.EmailDomain("example.com")));
        app.Domains.Add("other.test");
        change?.Invoke(app);
        host.Organization.StrictServiceTokens = strict;
        host.Publish("app.test").Publish("other.test");
    });
}
