using System.Net;
using System.Text.Json;

namespace Gatehouse.Tests.Identity.Oidc;

public class TokenStatusTests
{
    [Fact]
    public async Task Q24_introspection_tells_the_owner_and_nobody_else()
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await host.TokensAsync();
        foreach (var kind in new[] { "access_token", "refresh_token" })
        {
            var token = tokens.GetProperty(kind).GetString()!;
            var own = await IntrospectAsync(host, token, Seed.ClientId, Seed.ClientSecret);
            Assert.True(own.GetProperty("active").GetBoolean());
            Assert.Equal((Seed.ClientId, "openid email profile offline_access"), (own.GetProperty("client_id").GetString(), own.GetProperty("scope").GetString()));
            Assert.NotEmpty(own.GetProperty("sub").GetString()!);

            foreach (var (client, secret) in new[] { (Seed.OtherClientId, Seed.OtherClientSecret), (Seed.PublicClientId, ""), (Seed.ClientId, "wrong"), ("unknown", "x") })
            {
                Assert.Equal("""{"active":false}""", (await IntrospectAsync(host, token, client, secret)).GetRawText()); // O14
            }
        }

        Assert.Equal("""{"active":false}""", (await IntrospectAsync(host, "nonsense", Seed.ClientId, Seed.ClientSecret)).GetRawText());
        Assert.Equal("""{"active":false}""", (await IntrospectAsync(host, tokens.GetProperty("id_token").GetString()!, Seed.ClientId, Seed.ClientSecret)).GetRawText());
    }

    [Fact]
    public async Task Q23_a_revoked_access_token_is_dead_alone_and_a_revoked_refresh_token_takes_all_along()
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await host.TokensAsync();
        var (access, refresh) = (tokens.GetProperty("access_token").GetString()!, tokens.GetProperty("refresh_token").GetString()!);

        Assert.Equal(HttpStatusCode.OK, await RevokeAsync(host, access, Seed.OtherClientId, Seed.OtherClientSecret)); // not its own: nothing happens
        Assert.True((await IntrospectAsync(host, access, Seed.ClientId, Seed.ClientSecret)).GetProperty("active").GetBoolean());
        Assert.Equal(HttpStatusCode.OK, await RevokeAsync(host, "unknown", Seed.ClientId, Seed.ClientSecret));
        Assert.Equal(HttpStatusCode.Unauthorized, await RevokeAsync(host, access, Seed.ClientId, "wrong"));

        Assert.Equal(HttpStatusCode.OK, await RevokeAsync(host, access, Seed.ClientId, Seed.ClientSecret));
        Assert.False((await IntrospectAsync(host, access, Seed.ClientId, Seed.ClientSecret)).GetProperty("active").GetBoolean());
        using var refreshed = await host.RefreshAsync(refresh);
        var next = await OidcHost.JsonAsync(refreshed);

        Assert.Equal(HttpStatusCode.OK, await RevokeAsync(host, next.GetProperty("refresh_token").GetString()!, Seed.ClientId, Seed.ClientSecret));
        using var info = await host.GetAsync("/application/o/userinfo/", bearer: next.GetProperty("access_token").GetString());
        Assert.Equal(HttpStatusCode.Unauthorized, info.StatusCode);
    }

    private static async Task<JsonElement> IntrospectAsync(OidcHost host, string token, string client, string secret)
    {
        using var answer = await host.PostAsync("/application/o/introspect/", [("token", token), ("client_id", client), ("client_secret", secret)]);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await OidcHost.JsonAsync(answer);
    }

    private static async Task<HttpStatusCode> RevokeAsync(OidcHost host, string token, string client, string secret)
    {
        using var answer = await host.PostAsync("/application/o/revoke/", [("token", token), ("client_id", client), ("client_secret", secret)]);
        return answer.StatusCode;
    }
}
