using System.Net;
using System.Text;
using Gatehouse.Model.Events;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Identity.Oidc;

public class ClientCredentialsTests
{
    private const string Jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    [Fact]
    public async Task Row_44_the_client_secret_acts_as_an_account_of_the_clients_own()
    {
        await using var host = await StartAsync();
        using var answer = await host.GrantAsync("client_credentials", ("scope", "openid profile goauthentik.io/api offline_access"));
        var body = await OidcHost.JsonAsync(answer);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.False(body.TryGetProperty("refresh_token", out _));
        Assert.Equal("openid profile offline_access", body.GetProperty("scope").GetString()); // O15: what is not offered is not there
        var access = new JsonWebToken(body.GetProperty("access_token").GetString());
        Assert.Equal("ak-a-client_credentials", access.GetPayloadValue<string>("preferred_username"));
        Assert.False(access.TryGetPayloadValue<string>("sid", out _)); // no session
        Assert.Equal(access.Subject, new JsonWebToken(body.GetProperty("id_token").GetString()).Subject);
        Assert.True((await host.IntrospectAsync(body.GetProperty("access_token").GetString()!)).GetProperty("active").GetBoolean());

        await host.ChangeAsync(async db =>
        {
            var account = await db.Users.SingleAsync(u => u.UsernameKey == "ak-a-client_credentials", OidcHost.Stop);
            Assert.Equal((UserType.ServiceAccount, "goauthentik.io/apps/app-a", null), (account.Type, account.Path, account.PasswordHash));
        });
        Assert.Equal("oauth_client_secret", Assert.Single(host.Events.Of(EventActions.Login)).Context["auth_method"]!.GetValue<string>());
        using var again = await host.GrantAsync("client_credentials");
        Assert.Equal("", (await OidcHost.JsonAsync(again)).GetProperty("scope").GetString()); // nothing asked, nothing granted
        Assert.Single(host.Events.Of(EventActions.Login)); // one a minute tells enough
    }

    [Theory]
    [InlineData("client_credentials", false)]
    [InlineData("password", false)]
    [InlineData("client_credentials", true)]
    public async Task Row_44_a_service_account_with_an_app_password_acts_as_itself(string type, bool isPacked)
    {
        await using var host = await StartAsync();
        var id = await AddRobotAsync(host);
        await host.AddAppPasswordAsync(id, "the key");
        using var answer = isPacked
            ? await host.GrantAsync(type, ("scope", "profile"), ("client_secret", Convert.ToBase64String(Encoding.UTF8.GetBytes("Robot:the key"))))
            : await host.GrantAsync(type, ("scope", "profile"), ("client_secret", null), ("username", "robot"), ("password", "the key"));
        var access = new JsonWebToken((await OidcHost.JsonAsync(answer)).GetProperty("access_token").GetString());

        Assert.Equal("robot", access.GetPayloadValue<string>("preferred_username"));
        Assert.Equal("token", host.Events.Of(EventActions.Login).Single().Context["auth_method"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("robot", "wrong")]
    [InlineData("robot", "api key")] // a token of the API is no app password
    [InlineData("robot", "old key")]
    [InlineData("ada", "the key")] // of somebody else
    [InlineData("nobody", "the key")]
    [InlineData("ada", "ada's login password")]
    public async Task Only_a_standing_app_password_of_the_named_user_counts(string username, string password)
    {
        await using var host = await StartAsync();
        var id = await AddRobotAsync(host);
        await host.AddAppPasswordAsync(id, "the key");
        await host.AddAppPasswordAsync(id, "api key", intent: TokenIntent.Api);
        await host.AddAppPasswordAsync(id, "old key", host.Clock.GetUtcNow());
        await host.ChangeAsync(async db => (await db.Users.SingleAsync(u => u.Id == host.Seed.AdaId, OidcHost.Stop)).PasswordHash = PasswordHash.Make("ada's login password"));
        using var answer = await host.GrantAsync("client_credentials", ("client_secret", null), ("username", username), ("password", password));
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_grant"), (answer.StatusCode, await OidcHost.ErrorAsync(answer)));
        var failed = Assert.Single(host.Events.Of(EventActions.LoginFailed)); // L05
        Assert.Equal((username == "nobody" ? null : username, username, "127.0.0.1"), (failed.Actor?.Username, (string?)failed.Context["username"], failed.ClientIp));
    }

    [Fact]
    public async Task M03_a_wrong_app_password_counts_against_the_name()
    {
        await using var host = await StartAsync();
        foreach (var _ in Enumerable.Range(0, 3))
        {
            using var answer = await host.GrantAsync("client_credentials", ("client_secret", null), ("username", "Robot"), ("password", "wrong"));
            Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(answer));
        }

        await using var scope = host.Scope();
        await scope.ServiceProvider.GetRequiredService<ReputationBook>().FlushAsync(OidcHost.Stop);
        Assert.Equal(-3, await scope.ServiceProvider.GetRequiredService<GatehouseDb>().Reputations.Where(r => r.Identifier == "robot").Select(r => r.Score).SingleAsync(OidcHost.Stop));
    }

    [Theory]
    [InlineData("inactive")]
    [InlineData("denied")]
    public async Task Row_44_a_deactivated_or_denied_account_gets_nothing(string what)
    {
        await using var host = await StartAsync();
        using var first = await host.GrantAsync("client_credentials", ("scope", "openid"));
        var token = (await OidcHost.JsonAsync(first)).GetProperty("access_token").GetString()!;
        var id = 0;
        await host.ChangeAsync(async db => id = (await db.Users.SingleAsync(u => u.UsernameKey == "ak-a-client_credentials", OidcHost.Stop)).Id);
        if (what == "denied")
        {
            host.Policies.Denied[(host.Seed.ApplicationId, id)] = "not you";
        }
        else
        {
            await host.ChangeAsync(db => db.Users.Where(u => u.Id == id).ExecuteUpdateAsync(u => u.SetProperty(x => x.IsActive, false), OidcHost.Stop));
            Assert.False((await host.IntrospectAsync(token)).GetProperty("active").GetBoolean()); // CVE-2025-64521
        }

        using var answer = await host.GrantAsync("client_credentials");
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(answer));
        Assert.Equal("client_credentials", host.Policies.Asked.First().Subject.Context["oauth_grant_type"]);
    }

    [Theory]
    [InlineData("wrong", "invalid_client")]
    [InlineData(null, "invalid_client")]
    [InlineData("bm8gY29sb24=", "invalid_client")] // base64 without a colon
    [InlineData("Om5vIG5hbWU=", "invalid_client")]
    [InlineData("cm9ib3Q6d3Jvbmc=", "invalid_grant")] // robot:wrong
    public async Task A_wrong_secret_is_no_client(string? secret, string error)
    {
        await using var host = await StartAsync();
        using var answer = await host.GrantAsync("client_credentials", ("client_secret", secret));
        Assert.Equal(error, await OidcHost.ErrorAsync(answer));
    }

    [Fact]
    public async Task A_public_client_has_no_account_of_its_own()
    {
        await using var host = await StartAsync();
        await host.ConfigureAsync(p => p.GrantTypes = ["client_credentials"], Seed.PublicClientId);
        using var answer = await host.GrantAsync("client_credentials", ("client_id", Seed.PublicClientId), ("client_secret", null));
        Assert.Equal("invalid_client", await OidcHost.ErrorAsync(answer));
    }

    [Theory]
    [InlineData("wiki", "WIKI")]
    [InlineData("x*", "x*y")] // a star stands for as many letters as are cut
    public async Task Q20_no_two_providers_share_an_account(string one, string other)
    {
        await using var host = await StartAsync();
        await host.ConfigureAsync(p => p.Name = one.Replace("*", new string('n', 200), StringComparison.Ordinal));
        await host.ConfigureAsync(
            p => (p.Name, p.GrantTypes) = (other.Replace("*", new string('n', 200), StringComparison.Ordinal), ["client_credentials"]), Seed.OtherClientId);

        var first = await NameAsync(Seed.ClientId, Seed.ClientSecret);
        var second = await NameAsync(Seed.OtherClientId, Seed.OtherClientSecret);

        Assert.NotEqual(first, second, StringComparer.OrdinalIgnoreCase);
        Assert.Equal((first, second), (await NameAsync(Seed.ClientId, Seed.ClientSecret), await NameAsync(Seed.OtherClientId, Seed.OtherClientSecret)));

        async Task<string> NameAsync(string id, string secret)
        {
            using var answer = await host.GrantAsync("client_credentials", ("scope", "profile"), ("client_id", id), ("client_secret", secret));
            return new JsonWebToken((await OidcHost.JsonAsync(answer)).GetProperty("access_token").GetString()).GetPayloadValue<string>("preferred_username");
        }
    }

    [Fact]
    public async Task Q20_an_account_that_was_made_beforehand_is_the_first_providers_that_comes()
    {
        await using var host = await StartAsync();
        await host.ChangeAsync(db =>
        {
            db.Users.Add(new User { Uuid = Guid.CreateVersion7(), Username = "ak-a-client_credentials", UsernameKey = "ak-a-client_credentials", Type = UserType.ServiceAccount, AttributesJson = """{"team":"red"}""" });
            return Task.CompletedTask;
        });
        using var answer = await host.GrantAsync("client_credentials");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await host.ChangeAsync(async db => Assert.StartsWith(
            """{"team":"red","gatehouse/provider":""", (await db.Users.SingleAsync(u => u.UsernameKey == "ak-a-client_credentials", OidcHost.Stop)).AttributesJson, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Q20_the_clients_account_is_never_a_persons()
    {
        await using var host = await StartAsync();
        await host.ChangeAsync(async db =>
        {
            var ada = await db.Users.SingleAsync(u => u.Id == host.Seed.AdaId, OidcHost.Stop);
            (ada.Username, ada.UsernameKey) = ("ak-a-client_credentials", "ak-a-client_credentials");
        });
        using var answer = await host.GrantAsync("client_credentials", ("scope", "profile"));
        var name = new JsonWebToken((await OidcHost.JsonAsync(answer)).GetProperty("access_token").GetString()).GetPayloadValue<string>("preferred_username");
        Assert.Matches("^ak-a-[0-9]+-client_credentials$", name); // whoever squats on the first name keeps nobody out
    }

    [Fact]
    public async Task A_token_of_a_trusted_provider_gains_no_rights_and_no_time()
    {
        await using var host = await StartAsync();
        await host.ConfigureAsync(p => (p.GrantTypes, p.AccessTokenValidity) = (["authorization_code"], "minutes=5"), Seed.OtherClientId);
        await host.ChangeAsync(async db =>
        {
            var other = await db.Providers.SingleAsync(p => p.ClientId == Seed.OtherClientId, OidcHost.Stop);
            (await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop)).FederatedProviderIds = [other.Id];
        });
        var assertion = await AccessTokenOfOtherAsync(host);
        using var answer = await host.GrantAsync(
            "client_credentials", ("client_secret", null), ("scope", $"openid profile {ScopeNames.Api}"), ("client_assertion_type", Jwt), ("client_assertion", assertion));
        var body = await OidcHost.JsonAsync(answer);
        Assert.Equal(("openid profile", 300), (body.GetProperty("scope").GetString(), body.GetProperty("expires_in").GetInt32()));
        await host.ChangeAsync(async db => Assert.NotNull((await db.Grants.OrderBy(g => g.Id).LastAsync(OidcHost.Stop)).SessionUuid)); // signing out ends it

        var issued = body.GetProperty("access_token").GetString()!;
        Assert.True((await host.IntrospectAsync(issued)).GetProperty("active").GetBoolean());
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.False((await host.IntrospectAsync(issued)).GetProperty("active").GetBoolean());
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Row_44_a_token_of_a_trusted_provider_acts_as_its_user(bool isTrusted, bool isFine)
    {
        await using var host = await StartAsync();
        await host.ConfigureAsync(p => p.GrantTypes = ["authorization_code"], Seed.OtherClientId);
        await host.ChangeAsync(async db =>
        {
            var other = await db.Providers.SingleAsync(p => p.ClientId == Seed.OtherClientId, OidcHost.Stop);
            (await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop)).FederatedProviderIds = isTrusted ? [other.Id] : [];
        });
        var assertion = await AccessTokenOfOtherAsync(host);
        foreach (var field in new[] { "client_assertion", "client_secret" }) // authentik reads it from either
        {
            using var answer = await host.GrantAsync("client_credentials", ("client_secret", null), ("scope", "profile"), ("client_assertion_type", Jwt), (field, assertion));
            var body = await OidcHost.JsonAsync(answer);
            Assert.Equal(isFine, body.TryGetProperty("access_token", out var token));
            if (isFine)
            {
                Assert.Equal("ada", new JsonWebToken(token.GetString()).GetPayloadValue<string>("preferred_username"));
                Assert.Contains("\"scope\":\"openid\"", host.Policies.Asked.Last().Subject.Context["oauth_jwt"].ToString(), StringComparison.Ordinal);
            }
            else
            {
                Assert.Equal("invalid_grant", body.GetProperty("error").GetString());
            }
        }

        using var wrong = await host.GrantAsync("client_credentials", ("client_secret", "wrong"), ("client_assertion_type", Jwt), ("client_assertion", assertion));
        Assert.Equal("invalid_client", await OidcHost.ErrorAsync(wrong)); // none is needed, but a wrong one is wrong
        host.Clock.Advance(TimeSpan.FromHours(2));
        using var late = await host.GrantAsync("client_credentials", ("client_secret", null), ("client_assertion_type", Jwt), ("client_assertion", assertion));
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(late));
    }

    [Fact]
    public async Task A_hundred_grants_at_once_share_commits_and_are_all_there()
    {
        await using var host = await StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => host.GrantAsync("client_credentials", ("scope", "openid"))));
        foreach (var answer in answers)
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.True((await host.IntrospectAsync((await OidcHost.JsonAsync(answer)).GetProperty("access_token").GetString()!)).GetProperty("active").GetBoolean());
            answer.Dispose();
        }
    }

    private static async Task<OidcHost> StartAsync()
    {
        var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.GrantTypes = ["client_credentials", "password", "authorization_code"]);
        return host;
    }

    private static async Task<int> AddRobotAsync(OidcHost host)
    {
        var robot = new User { Uuid = Guid.CreateVersion7(), Username = "robot", UsernameKey = "robot", Type = UserType.ServiceAccount };
        await host.ChangeAsync(db =>
        {
            db.Users.Add(robot);
            return Task.CompletedTask;
        });
        return robot.Id;
    }

    private static async Task<string> AccessTokenOfOtherAsync(OidcHost host)
    {
        using var answer = await host.RedeemAsync(
            await host.CodeAsync(("client_id", Seed.OtherClientId), ("scope", "openid")), ("client_id", Seed.OtherClientId), ("client_secret", Seed.OtherClientSecret));
        return (await OidcHost.JsonAsync(answer)).GetProperty("access_token").GetString()!;
    }
}
