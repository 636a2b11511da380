using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Gatehouse.Tests.Identity.Oidc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Identity.Conformance;

/// <summary>The modules of the OpenID Foundation's Basic OP plan, by their names; each by the default response mode and by form_post (the Form Post plan).</summary>
public class BasicOpTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("form_post")]
    public async Task oidcc_server(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await TokensAsync(host, mode);
        var id = new JsonWebToken(tokens.GetProperty("id_token").GetString());
        Assert.Equal(("https://auth.example.test/application/o/app-a/", "n-1", "Bearer"), (id.Issuer, id.GetPayloadValue<string>("nonce"), tokens.GetProperty("token_type").GetString()));
        Assert.Equal(Seed.ClientId, id.GetPayloadValue<string>("aud"));
        Assert.InRange(id.GetPayloadValue<long>("exp"), id.GetPayloadValue<long>("iat") + 1, id.GetPayloadValue<long>("iat") + 86400);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("form_post")]
    public async Task oidcc_response_type_missing(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        Assert.Equal("invalid_request", (await AnswerAsync(host, ("response_type", null), ("response_mode", mode)))["error"]);
    }

    [Fact]
    public async Task oidcc_idtoken_signature()
    {
        await using var host = await OidcHost.StartAsync();
        var id = new JsonWebToken((await TokensAsync(host)).GetProperty("id_token").GetString());
        using var set = await host.GetAsync("/application/o/app-a/jwks/");
        Assert.Equal("RS256", id.Alg);
        Assert.Contains((await OidcHost.JsonAsync(set)).GetProperty("keys").EnumerateArray(), k => k.GetProperty("kid").GetString() == id.Kid);
    }

    [Fact]
    public async Task oidcc_idtoken_unsigned()
    {
        await using var host = await OidcHost.StartAsync();
        using var document = await host.GetAsync("/application/o/app-a/.well-known/openid-configuration");
        Assert.DoesNotContain("\"none\"", (await OidcHost.JsonAsync(document)).GetProperty("id_token_signing_alg_values_supported").GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("oidcc-userinfo-get")]
    [InlineData("oidcc-userinfo-post-header")]
    [InlineData("oidcc-userinfo-post-body")]
    public async Task oidcc_userinfo(string module)
    {
        await using var host = await OidcHost.StartAsync();
        var token = (await TokensAsync(host)).GetProperty("access_token").GetString()!;
        var bearer = new AuthenticationHeaderValue("Bearer", token);
        using var answer = module switch
        {
            "oidcc-userinfo-get" => await host.GetAsync("/application/o/userinfo/", bearer: token),
            "oidcc-userinfo-post-header" => await host.SendAsync(HttpMethod.Post, "/application/o/userinfo/", null, authorization: bearer),
            _ => await host.PostAsync("/application/o/userinfo/", [("access_token", token)]),
        };
        Assert.Equal("ada@example.test", (await OidcHost.JsonAsync(answer)).GetProperty("email").GetString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("form_post")]
    public async Task oidcc_ensure_request_without_nonce_succeeds_for_code_flow(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await TokensAsync(host, mode, ("nonce", null));
        Assert.False(new JsonWebToken(tokens.GetProperty("id_token").GetString()).TryGetPayloadValue<string>("nonce", out _));
    }

    [Theory]
    [InlineData("profile", new[] { "name", "given_name", "preferred_username", "nickname", "groups" })]
    [InlineData("email", new[] { "email", "email_verified" })]
    [InlineData("address", new string[0])]
    [InlineData("phone", new string[0])]
    [InlineData("profile email address phone", new[] { "name", "email" })]
    public async Task oidcc_scope(string scope, string[] claims)
    {
        await using var host = await OidcHost.StartAsync();
        var token = (await TokensAsync(host, null, ("scope", "openid " + scope))).GetProperty("access_token").GetString();
        using var answer = await host.GetAsync("/application/o/userinfo/", bearer: token);
        var info = await OidcHost.JsonAsync(answer);
        Assert.All(claims, c => Assert.True(info.TryGetProperty(c, out _), c));
        if (info.TryGetProperty("email_verified", out var verified))
        {
            Assert.Equal(JsonValueKind.False, verified.ValueKind); // a boolean
        }
    }

    [Fact]
    public async Task oidcc_alternate_happy_flow()
    {
        await using var host = await OidcHost.StartAsync();
        var query = string.Join('&', OidcHost.Authorize(("scope", "profile email openid")).Split('?')[1].Split('&').Reverse());
        using var answer = await host.GetAsync("/application/o/authorize/?" + query, host.Cookie);
        Assert.NotNull(OidcHost.Field(answer.Headers.Location!, "code"));
    }

    [Theory]
    [InlineData("oidcc-display-page", "display", "page")]
    [InlineData("oidcc-display-popup", "display", "popup")]
    [InlineData("oidcc-ensure-request-with-unknown-parameter-succeeds", "extra", "foobar")]
    [InlineData("oidcc-login-hint", "login_hint", "buffy@example.com")]
    [InlineData("oidcc-ui-locales", "ui_locales", "se")]
    [InlineData("oidcc-claims-locales", "claims_locales", "se")]
    [InlineData("oidcc-ensure-request-with-acr-values-succeeds", "acr_values", "goauthentik.io/providers/oauth2/default")]
    [InlineData("oidcc-claims-essential", "claims", """{"userinfo":{"name":{"essential":true}}}""")]
    public async Task oidcc_parameter_never_breaks_the_request(string module, string name, string value)
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await TokensAsync(host, null, (name, value));
        Assert.True(new JsonWebToken(tokens.GetProperty("id_token").GetString()).GetPayloadValue<string>("acr") == "goauthentik.io/providers/oauth2/default", module);
    }

    [Fact]
    public async Task oidcc_prompt_login()
    {
        await using var host = await OidcHost.StartAsync();
        var first = await AuthTimeAsync(host, OidcHost.Authorize(), host.Cookie);
        host.Clock.Advance(TimeSpan.FromSeconds(30));
        using var asked = await host.GetAsync(OidcHost.Authorize(("prompt", "login")), host.Cookie);
        var next = OidcHost.Field(asked.Headers.Location!, "next")!;
        Assert.True(await AuthTimeAsync(host, next, await host.SignInAsync(host.Seed.AdaId)) > first);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("form_post")]
    public async Task oidcc_prompt_none_not_logged_in(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(("prompt", "none"), ("response_mode", mode)));
        Assert.Equal("login_required", (await FieldsAsync(answer))["error"]);
    }

    [Theory]
    [InlineData("oidcc-prompt-none-logged-in", "")]
    [InlineData("oidcc-id-token-hint", "an old one")]
    public async Task oidcc_prompt_none_logged_in(string module, string hint)
    {
        await using var host = await OidcHost.StartAsync();
        var first = new JsonWebToken((await TokensAsync(host)).GetProperty("id_token").GetString());
        host.Clock.Advance(TimeSpan.FromSeconds(30));
        var second = new JsonWebToken((await TokensAsync(host, null, ("prompt", "none"), ("id_token_hint", hint.Length > 0 ? first.EncodedToken : null))).GetProperty("id_token").GetString());
        Assert.True((first.Subject, first.GetPayloadValue<long>("auth_time")) == (second.Subject, second.GetPayloadValue<long>("auth_time")), module);
    }

    [Fact]
    public async Task oidcc_max_age_1()
    {
        await using var host = await OidcHost.StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        using var asked = await host.GetAsync(OidcHost.Authorize(("max_age", "1")), host.Cookie);
        Assert.StartsWith("/if/flow/", asked.Headers.Location!.OriginalString, StringComparison.Ordinal);
        var now = host.Clock.GetUtcNow().ToUnixTimeSeconds();
        Assert.Equal(now, await AuthTimeAsync(host, OidcHost.Field(asked.Headers.Location!, "next")!, await host.SignInAsync(host.Seed.AdaId)));
    }

    [Fact]
    public async Task oidcc_max_age_10000()
    {
        await using var host = await OidcHost.StartAsync();
        var first = await AuthTimeAsync(host, OidcHost.Authorize(), host.Cookie);
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(first, await AuthTimeAsync(host, OidcHost.Authorize(("max_age", "10000")), host.Cookie));
    }

    [Theory]
    [InlineData("oidcc-codereuse", 0)]
    [InlineData("oidcc-codereuse-30seconds", 30)]
    public async Task oidcc_codereuse(string module, int seconds)
    {
        await using var host = await OidcHost.StartAsync();
        var code = await host.CodeAsync();
        using var first = await host.RedeemAsync(code);
        var token = (await OidcHost.JsonAsync(first)).GetProperty("access_token").GetString();
        host.Clock.Advance(TimeSpan.FromSeconds(seconds));
        using var second = await host.RedeemAsync(code);
        Assert.True(await OidcHost.ErrorAsync(second) == "invalid_grant", module);
        using var info = await host.GetAsync("/application/o/userinfo/", bearer: token);
        Assert.Equal(HttpStatusCode.Unauthorized, info.StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("form_post")]
    public async Task oidcc_ensure_registered_redirect_uri(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(("redirect_uri", "https://rp.test/other"), ("response_mode", mode)), host.Cookie);
        Assert.Equal((HttpStatusCode.BadRequest, null), (answer.StatusCode, answer.Headers.Location));
        Assert.DoesNotContain("<form", await answer.Content.ReadAsStringAsync(OidcHost.Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task oidcc_ensure_post_request_succeeds()
    {
        await using var host = await OidcHost.StartAsync();
        using var posted = await host.PostAsync("/application/o/authorize/", OidcHost.Authorize().Split('?')[1].Split('&').Select(p => (p.Split('=')[0], Uri.UnescapeDataString(p.Split('=')[1]))));
        using var answer = await host.GetAsync(posted.Headers.Location!.OriginalString, host.Cookie);
        Assert.NotNull(OidcHost.Field(answer.Headers.Location!, "code"));
    }

    [Theory]
    [InlineData("oidcc-server", true)]
    [InlineData("oidcc-server-client-secret-post", false)]
    public async Task oidcc_server_client_secret(string module, bool isBasic)
    {
        await using var host = await OidcHost.StartAsync();
        var code = await host.CodeAsync();
        (string, string)[] form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", Seed.RedirectUri), ("code_verifier", OidcHost.Verifier)];
        using var answer = isBasic
            ? await host.PostAsync("/application/o/token/", form, OidcHost.Basic(Uri.EscapeDataString(Seed.ClientId), Uri.EscapeDataString(Seed.ClientSecret)))
            : await host.PostAsync("/application/o/token/", [.. form, ("client_id", Seed.ClientId), ("client_secret", Seed.ClientSecret)]);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, module);
    }

    [Theory]
    [InlineData("oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", "request_uri", "https://rp.test/request.jwt", "request_uri_not_supported")]
    [InlineData("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", "request", "eyJhbGciOiJub25lIn0.eyJzdGF0ZSI6IngifQ.", "request_not_supported")]
    public async Task oidcc_request_object(string module, string name, string value, string error)
    {
        await using var host = await OidcHost.StartAsync();
        Assert.True((await AnswerAsync(host, (name, value)))["error"] == error, module);
    }

    [Fact]
    public async Task oidcc_ensure_request_object_with_redirect_uri()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(("redirect_uri", "https://evil.test/"), ("request", "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL3JwLnRlc3QvY2IifQ.")), host.Cookie);
        Assert.Equal((HttpStatusCode.BadRequest, null), (answer.StatusCode, answer.Headers.Location));
    }

    [Fact]
    public async Task oidcc_refresh_token()
    {
        await using var host = await OidcHost.StartAsync();
        var first = await host.TokensAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        using var foreign = await host.RefreshAsync(first.GetProperty("refresh_token").GetString()!, ("client_id", Seed.OtherClientId), ("client_secret", Seed.OtherClientSecret));
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(foreign));
        using var answer = await host.RefreshAsync(first.GetProperty("refresh_token").GetString()!);
        var second = await OidcHost.JsonAsync(answer);
        var (before, after) = (new JsonWebToken(first.GetProperty("id_token").GetString()), new JsonWebToken(second.GetProperty("id_token").GetString()));
        Assert.Equal((before.Issuer, before.Subject, before.GetPayloadValue<string>("aud"), before.GetPayloadValue<long>("auth_time")), (after.Issuer, after.Subject, after.GetPayloadValue<string>("aud"), after.GetPayloadValue<long>("auth_time")));
        Assert.NotEqual(first.GetProperty("access_token").GetString(), second.GetProperty("access_token").GetString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("form_post")]
    public async Task oidcc_ensure_request_with_valid_pkce_succeeds(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        Assert.True((await TokensAsync(host, mode)).TryGetProperty("id_token", out _)); // every request of ours has a challenge
    }

    [Fact]
    public async Task oidcc_formpost_nothing_of_the_answer_stands_in_a_url()
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(("response_mode", "form_post")), host.Cookie);
        var page = await answer.Content.ReadAsStringAsync(OidcHost.Stop);
        Assert.Null(answer.Headers.Location);
        Assert.Matches("<form[^>]*method=\"post\"", page);
        Assert.DoesNotContain("enctype", page, StringComparison.Ordinal); // so it is application/x-www-form-urlencoded
        Assert.Contains($"action=\"{Seed.RedirectUri}\"", page, StringComparison.Ordinal);
    }

    private static async Task<Dictionary<string, string>> AnswerAsync(OidcHost host, params (string, string?)[] changes)
    {
        using var answer = await host.GetAsync(OidcHost.Authorize(changes), host.Cookie);
        return await FieldsAsync(answer);
    }

    // From the URL, or from the form that posts itself.
    private static async Task<Dictionary<string, string>> FieldsAsync(HttpResponseMessage answer)
    {
        if (answer.Headers.Location is { } location)
        {
            return QueryHelpers.ParseQuery(location.OriginalString.Split('?')[1]).ToDictionary(p => p.Key, p => p.Value.ToString());
        }

        var page = await answer.Content.ReadAsStringAsync(OidcHost.Stop);
        return System.Text.RegularExpressions.Regex.Matches(page, "<input[^>]*name=\"([^\"]*)\"[^>]*value=\"([^\"]*)\"")
            .ToDictionary(m => m.Groups[1].Value, m => WebUtility.HtmlDecode(m.Groups[2].Value));
    }

    private static async Task<JsonElement> TokensAsync(OidcHost host, string? mode = null, params (string, string?)[] changes)
    {
        using var answer = await host.RedeemAsync((await AnswerAsync(host, [("response_mode", mode), .. changes]))["code"]);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await OidcHost.JsonAsync(answer);
    }

    private static async Task<long> AuthTimeAsync(OidcHost host, string url, string cookie)
    {
        using var answer = await host.GetAsync(url, cookie);
        using var tokens = await host.RedeemAsync(OidcHost.Field(answer.Headers.Location!, "code")!);
        return new JsonWebToken((await OidcHost.JsonAsync(tokens)).GetProperty("id_token").GetString()).GetPayloadValue<long>("auth_time");
    }
}
