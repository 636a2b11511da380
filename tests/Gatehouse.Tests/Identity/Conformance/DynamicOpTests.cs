using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Model.Providers;
using Gatehouse.Tests.Identity.Oidc;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Identity.Conformance;

/// <summary>The modules of the Config OP and Dynamic OP plans, by their names. What is not offered is refused at registration, which is what these rows then see.</summary>
public class DynamicOpTests
{
    private const string Callback = "https://new.test/cb";

    [Fact]
    public async Task oidcc_discovery_endpoint_verification()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync("/application/o/app-a/.well-known/openid-configuration");
        var document = await OidcHost.JsonAsync(answer);
        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Equal("https://auth.example.test/application/o/app-a/", document.GetProperty("issuer").GetString());
        foreach (var (name, value) in new[]
        {
            ("response_types_supported", "code"), ("subject_types_supported", "public"), ("id_token_signing_alg_values_supported", "RS256"), ("grant_types_supported", "authorization_code"),
            ("scopes_supported", "openid"), ("code_challenge_methods_supported", "S256"), ("token_endpoint_auth_methods_supported", "client_secret_basic"), ("claims_supported", "sub"),
        })
        {
            Assert.Contains(value, document.GetProperty(name).EnumerateArray().Select(e => e.GetString()));
        }

        foreach (var endpoint in document.EnumerateObject().Where(p => p.Name.EndsWith("_endpoint", StringComparison.Ordinal) || p.Name == "jwks_uri"))
        {
            Assert.StartsWith("https://auth.example.test/", endpoint.Value.GetString(), StringComparison.Ordinal);
        }

        using var keys = await host.GetAsync(new Uri(document.GetProperty("jwks_uri").GetString()!).AbsolutePath);
        Assert.NotEmpty((await OidcHost.JsonAsync(keys)).GetProperty("keys").EnumerateArray());
    }

    [Fact]
    public async Task oidcc_idtoken_rs256()
    {
        await using var host = await RegistrationTests.StartAsync();
        var client = await RegisteredAsync(host, ("id_token_signed_response_alg", "RS256"));
        Assert.Equal("RS256", new JsonWebToken((await TokensAsync(host, client)).GetProperty("id_token").GetString()).Alg);
    }

    [Fact]
    public async Task oidcc_idtoken_unsigned()
    {
        await using var host = await RegistrationTests.StartAsync();
        Assert.Equal("invalid_client_metadata", await RefusedAsync(host, ("id_token_signed_response_alg", "none")));
    }

    [Fact]
    public async Task oidcc_userinfo_rs256()
    {
        await using var host = await RegistrationTests.StartAsync();
        var client = await RegisteredAsync(host, ("userinfo_signed_response_alg", "RS256"));
        using var answer = await host.GetAsync("/application/o/userinfo/", bearer: (await TokensAsync(host, client)).GetProperty("access_token").GetString());
        Assert.Equal("application/jwt", answer.Content.Headers.ContentType!.MediaType);
        var info = new JsonWebToken(await answer.Content.ReadAsStringAsync(OidcHost.Stop));
        Assert.Equal(("RS256", "kid-1", client.GetProperty("client_id").GetString(), "ada@example.test"), (info.Alg, info.Kid, info.GetPayloadValue<string>("aud"), info.GetPayloadValue<string>("email")));
        Assert.EndsWith("/", info.Issuer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task oidcc_ensure_redirect_uri_in_authorization_request()
    {
        await using var host = await RegistrationTests.StartAsync();
        var client = await RegisteredAsync(host, ("redirect_uris", new JsonArray(Callback, "https://new.test/other")));
        using var answer = await AuthorizeAsync(host, client, null);
        await CommonChecks.NoRedirectAsync(answer);
    }

    [Theory]
    [InlineData("oidcc-redirect-uri-query-OK", Callback + "?foo=bar", Callback + "?foo=bar", true)]
    [InlineData("oidcc-redirect-uri-query-mismatch", Callback + "?foo=bar", Callback + "?foo=other", false)]
    [InlineData("oidcc-redirect-uri-query-added", Callback, Callback + "?foo=bar", false)]
    public async Task oidcc_redirect_uri_query(string module, string registered, string offered, bool isFine)
    {
        await using var host = await RegistrationTests.StartAsync();
        var client = await RegisteredAsync(host, ("redirect_uris", new JsonArray(registered)));
        using var answer = await AuthorizeAsync(host, client, offered);
        if (isFine)
        {
            Assert.True((await CommonChecks.AnswerAsync(answer, null, callback: registered, issuer: await IssuerAsync(host, client))).ContainsKey("code"), module);
        }
        else
        {
            await CommonChecks.NoRedirectAsync(answer);
        }
    }

    [Fact]
    public async Task oidcc_redirect_uri_regfrag()
    {
        await using var host = await RegistrationTests.StartAsync();
        Assert.Equal("invalid_redirect_uri", await RefusedAsync(host, ("redirect_uris", new JsonArray(Callback + "#foobar"))));
    }

    // The logo is kept as the application's icon and loaded by no page of the sign-in: pictures come from where the brand says, and nowhere else.
    [Theory]
    [InlineData("oidcc-registration-logo-uri", "logo_uri", null)]
    [InlineData("oidcc-registration-policy-uri", "policy_uri", "policy_uri")]
    [InlineData("oidcc-registration-tos-uri", "tos_uri", "tos_uri")]
    [InlineData("oidcc-3rd-party-init-login", "initiate_login_uri", null)]
    public async Task oidcc_registration_page(string module, string name, string? shown)
    {
        await using var host = await RegistrationTests.StartAsync();
        using var answer = await PostAsync(host, [(name, "https://new.test/page")]);
        var client = await OidcHost.JsonAsync(answer);
        Assert.True(client.GetProperty(name).GetString() == "https://new.test/page", module);
        Assert.Equal("invalid_client_metadata", await RefusedAsync(host, (name, "http://new.test/page")));

        using var asked = await AuthorizeAsync(host, client, Callback);
        var page = asked.Headers.Location!.OriginalString.Split('?');
        using var browser = host.BrowserOf(host.Cookie);
        var consent = await browser.Flow(page[0].Trim('/').Split('/')[^1], page[1]).ShowAsync();
        Assert.Equal("ak-stage-consent", consent.Component);
        foreach (var link in new[] { "policy_uri", "tos_uri" })
        {
            Assert.Equal(link == shown ? "https://new.test/page" : null, consent.Json.TryGetProperty(link, out var url) ? url.GetString() : null);
        }
    }

    [Theory]
    [InlineData("oidcc-registration-jwks-uri", "jwks_uri")] // keys come in jwks: no address of a stranger is fetched
    [InlineData("oidcc-registration-sector-uri", "sector_identifier_uri")]
    [InlineData("oidcc-registration-sector-bad", "sector_identifier_uri")]
    [InlineData("oidcc-request-uri-signed-rs256", "request_object_signing_alg")]
    public async Task oidcc_registration_of_what_is_not_offered(string module, string name)
    {
        await using var host = await RegistrationTests.StartAsync();
        Assert.True(await RefusedAsync(host, (name, "https://new.test/doc")) == "invalid_client_metadata", module);
    }

    [Fact]
    public async Task oidcc_request_uri_unsigned()
    {
        await using var host = await RegistrationTests.StartAsync();
        var client = await RegisteredAsync(host);
        using var answer = await AuthorizeAsync(host, client, Callback, ("request_uri", "https://new.test/r"));
        Assert.Equal("request_uri_not_supported", OidcHost.Field(answer.Headers.Location!, "error"));
    }

    [Fact]
    public async Task oidcc_server_rotate_keys()
    {
        await using var host = await OidcHost.StartAsync();
        using var rsa = RSA.Create(2048);
        var next = await host.AddKeyAsync("kid-2", rsa);
        await host.ConfigureAsync(p =>
        {
            p.SigningKeyId = next;
            p.Retire(host.Seed.KeyPairId, isSameKind: true, host.Clock.GetUtcNow());
        });
        host.Clock.Advance(OAuth2Provider.KeyOverlap);
        using var set = await host.GetAsync("/application/o/app-a/jwks/");
        Assert.Equal(["kid-2", "kid-1"], (await OidcHost.JsonAsync(set)).GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("kid").GetString()));
        using var tokens = await host.RedeemAsync(await host.CodeAsync());
        Assert.Equal("kid-2", new JsonWebToken((await OidcHost.JsonAsync(tokens)).GetProperty("id_token").GetString()).Kid);
    }

    // Keys are registered as jwks, so they change where the client is configured; what it signs with its old key is refused from then on.
    [Fact]
    public async Task oidcc_refresh_token_rp_key_rotation()
    {
        await using var host = await RegistrationTests.StartAsync();
        using var old = new Proof();
        using var fresh = new Proof();
        await host.ConfigureAsync(p => (p.Jwks, p.AuthMethod) = (old.KeySet, ClientAuthMethod.PrivateKeyJwt));
        using var redeemed = await host.RedeemAsync(await host.CodeAsync(("scope", "openid offline_access")), Asserted(host, old));
        var first = await CommonChecks.TokensAsync(host, redeemed);

        await host.ConfigureAsync(p => p.Jwks = fresh.KeySet);
        host.Clock.Advance(TimeSpan.FromSeconds(60));
        using var gone = await host.RefreshAsync(first.GetProperty("refresh_token").GetString()!, Asserted(host, old));
        Assert.Equal("invalid_client", await OidcHost.ErrorAsync(gone));
        using var answer = await host.RefreshAsync(first.GetProperty("refresh_token").GetString()!, Asserted(host, fresh));
        var second = await CommonChecks.TokensAsync(host, answer);
        Assert.NotEqual(first.GetProperty("refresh_token").GetString(), second.GetProperty("refresh_token").GetString());
    }

    [Theory]
    [InlineData("https://auth.example.test/application/o/app-a/")]
    [InlineData("https://auth.example.test/application/o/token/")]
    public async Task oidcc_ensure_client_assertion_with_iss_aud_succeeds(string audience)
    {
        await using var host = await RegistrationTests.StartAsync();
        using var key = new Proof();
        await host.ConfigureAsync(p => (p.Jwks, p.AuthMethod) = (key.KeySet, ClientAuthMethod.PrivateKeyJwt));
        using var answer = await host.RedeemAsync(await host.CodeAsync(), Asserted(host, key, audience));
        await CommonChecks.TokensAsync(host, answer);
    }

    private static (string, string?)[] Asserted(OidcHost host, Proof key, string audience = "https://auth.example.test/application/o/token/") =>
    [
        ("client_secret", null), ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", key.Assertion(host, (_, p) => p["aud"] = audience)),
    ];

    // The application's own: whoever registers gets one.
    private static async Task<string> IssuerAsync(OidcHost host, JsonElement client)
    {
        var id = client.GetProperty("client_id").GetString();
        await using var db = host.Database.CreateDbContext();
        var slug = await db.ProviderApplications.Where(a => db.Providers.Any(p => p.ClientId == id && p.Id == a.ProviderId)).Select(a => a.Slug).SingleAsync(OidcHost.Stop);
        return $"https://auth.example.test/application/o/{slug}/";
    }

    private static async Task<HttpResponseMessage> PostAsync(OidcHost host, (string Name, JsonNode? Value)[] metadata)
    {
        var body = new JsonObject { ["redirect_uris"] = new JsonArray(Callback) };
        foreach (var (name, value) in metadata)
        {
            body[name] = value;
        }

        return await RegistrationTests.RegisterAsync(host, body);
    }

    private static async Task<JsonElement> RegisteredAsync(OidcHost host, params (string, JsonNode?)[] metadata)
    {
        using var answer = await PostAsync(host, metadata);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var client = await OidcHost.JsonAsync(answer);
        await RegistrationTests.AgreeAsync(host, client.GetProperty("client_id").GetString()!);
        return client;
    }

    private static async Task<string> RefusedAsync(OidcHost host, params (string, JsonNode?)[] metadata)
    {
        using var answer = await PostAsync(host, metadata);
        return await OidcHost.ErrorAsync(answer);
    }

    private static Task<HttpResponseMessage> AuthorizeAsync(OidcHost host, JsonElement client, string? redirectUri, params (string, string?)[] changes) =>
        host.GetAsync(OidcHost.Authorize([("client_id", client.GetProperty("client_id").GetString()), ("redirect_uri", redirectUri), .. changes]), host.Cookie);

    private static async Task<JsonElement> TokensAsync(OidcHost host, JsonElement client)
    {
        var issuer = await IssuerAsync(host, client);
        using var asked = await AuthorizeAsync(host, client, Callback);
        using var answer = await host.RedeemAsync(
            (await CommonChecks.AnswerAsync(asked, null, callback: Callback, issuer: issuer))["code"], ("client_id", client.GetProperty("client_id").GetString()), ("client_secret", client.GetProperty("client_secret").GetString()), ("redirect_uri", Callback));
        return await CommonChecks.TokensAsync(host, answer, clientId: client.GetProperty("client_id").GetString()!, issuer: issuer);
    }
}
