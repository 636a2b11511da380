using System.Net;
using System.Text.Json;
using Gatehouse.Model.Tokens;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Identity.Oidc;

public class TokenExchangeTests
{
    private const string Grant = "urn:ietf:params:oauth:grant-type:token-exchange";
    private const string AccessType = "urn:ietf:params:oauth:token-type:access_token";

    [Fact]
    public async Task A_token_is_exchanged_for_another_audience_with_less_scope_and_no_longer_life()
    {
        await using var host = await StartAsync(isTrusted: true);
        var subject = await SubjectAsync(host);
        host.Clock.Advance(TimeSpan.FromMinutes(30));
        using var answer = await ExchangeAsync(host, subject, ("audience", Seed.OtherClientId), ("scope", "openid email offline_access goauthentik.io/api"));
        var body = await OidcHost.JsonAsync(answer);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal((AccessType, "Bearer", "openid email", 1800), (
            body.GetProperty("issued_token_type").GetString(), body.GetProperty("token_type").GetString(), body.GetProperty("scope").GetString(), body.GetProperty("expires_in").GetInt32()));
        Assert.False(body.TryGetProperty("refresh_token", out _));
        var token = new JsonWebToken(body.GetProperty("access_token").GetString());
        Assert.Equal((Seed.OtherClientId, "https://auth.example.test/application/o/app-b/"), (token.GetPayloadValue<string>("aud"), token.Issuer));
        Assert.True((await host.IntrospectAsync(token.EncodedToken, Seed.OtherClientId, Seed.OtherClientSecret)).GetProperty("active").GetBoolean());

        await host.ChangeAsync(db => db.Grants.ExecuteUpdateAsync(g => g.SetProperty(x => x.RevokedAt, host.Clock.GetUtcNow()), OidcHost.Stop));
        using var dead = await ExchangeAsync(host, subject);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(dead));
    }

    [Theory]
    [InlineData("audience", Seed.OtherClientId, "invalid_target")]
    [InlineData("audience", "unknown", "invalid_target")]
    [InlineData("resource", "https://api.test/", "invalid_target")]
    [InlineData("subject_token", "nonsense", "invalid_grant")]
    [InlineData("subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token", "invalid_request")]
    [InlineData("requested_token_type", "urn:ietf:params:oauth:token-type:saml2", "invalid_request")]
    [InlineData("actor_token", "x", "invalid_request")]
    public async Task What_is_not_offered_is_refused(string name, string value, string error)
    {
        await using var host = await StartAsync(isTrusted: false);
        using var answer = await ExchangeAsync(host, await SubjectAsync(host), (name, value));
        Assert.Equal(error, await OidcHost.ErrorAsync(answer));
    }

    [Fact]
    public async Task Q29_a_target_whose_tokens_are_bound_gives_none_to_a_client_without_a_proof()
    {
        await using var host = await StartAsync(isTrusted: true);
        var subject = await SubjectAsync(host);
        await host.ConfigureAsync(p => p.RequiresDpop = true, Seed.OtherClientId);

        using var unbound = await ExchangeAsync(host, subject, ("audience", Seed.OtherClientId));
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_dpop_proof"), (unbound.StatusCode, await OidcHost.ErrorAsync(unbound)));
        using var own = await ExchangeAsync(host, subject);
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Fact]
    public async Task Only_where_the_provider_allows_it_and_the_policies_do()
    {
        await using var host = await StartAsync(isTrusted: true);
        var subject = await SubjectAsync(host);
        host.Policies.Denied[(host.Seed.ApplicationId, host.Seed.AdaId)] = "no";
        using var denied = await ExchangeAsync(host, subject);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(denied));
        host.Policies.Denied.Clear();
        await host.ConfigureAsync(p => p.GrantTypes = ["authorization_code"]);
        using var off = await ExchangeAsync(host, subject);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(off));
    }

    [Fact]
    public async Task The_actor_is_named_in_the_token()
    {
        await using var host = await StartAsync(isTrusted: true);
        await host.AddAppPasswordAsync(host.Seed.BobId, "bob's key", intent: TokenIntent.Api);
        using var answer = await ExchangeAsync(host, await SubjectAsync(host), ("actor_token", "bob's key"), ("actor_token_type", "goauthentik.io/oauth/token-type/authentik_token"));
        var token = new JsonWebToken((await OidcHost.JsonAsync(answer)).GetProperty("access_token").GetString());
        var actor = token.GetPayloadValue<JsonElement>("act").GetProperty("sub").GetString();
        Assert.NotEqual(token.Subject, actor);
        Assert.Equal(64, actor!.Length);

        // Shown to a provider that trusts this one, it is still the actor's.
        await host.ConfigureAsync(p => p.GrantTypes = ["client_credentials"], Seed.OtherClientId);
        using var shown = await host.GrantAsync(
            "client_credentials", ("client_id", Seed.OtherClientId), ("client_secret", null), ("scope", "openid"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", token.EncodedToken));
        var next = new JsonWebToken((await OidcHost.JsonAsync(shown)).GetProperty("access_token").GetString());
        Assert.NotEmpty(next.GetPayloadValue<JsonElement>("act").GetProperty("sub").GetString()!);
        using var wrong = await ExchangeAsync(host, await SubjectAsync(host), ("actor_token", "wrong"), ("actor_token_type", AccessType));
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(wrong));
    }

    [Fact]
    public async Task O14_a_stranger_can_not_exchange_what_is_not_its_own()
    {
        await using var host = await StartAsync(isTrusted: false);
        await host.ConfigureAsync(p => p.GrantTypes = [Grant], Seed.OtherClientId);
        using var answer = await ExchangeAsync(host, await SubjectAsync(host), ("client_id", Seed.OtherClientId), ("client_secret", Seed.OtherClientSecret));
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(answer));
    }

    private static async Task<OidcHost> StartAsync(bool isTrusted)
    {
        var host = await OidcHost.StartAsync();
        await host.ConfigureAsync(p => p.GrantTypes = ["authorization_code", Grant]);
        await host.ChangeAsync(async db =>
        {
            var a = await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop);
            (await db.Providers.SingleAsync(p => p.ClientId == Seed.OtherClientId, OidcHost.Stop)).FederatedProviderIds = isTrusted ? [a.Id] : [];
        });
        return host;
    }

    private static async Task<string> SubjectAsync(OidcHost host) => (await host.TokensAsync("openid email")).GetProperty("access_token").GetString()!;

    private static Task<HttpResponseMessage> ExchangeAsync(OidcHost host, string subject, params (string, string?)[] changes) =>
        host.GrantAsync(Grant, [("subject_token", subject), ("subject_token_type", AccessType), .. changes]);
}
