using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Gatehouse.Tests.Identity.Oidc;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Identity.Conformance;

/// <summary>
/// The modules of the OpenID Foundation's Basic OP plan, by their names; each by the default response mode and by form_post, which makes the Form
/// Post plan. <see cref="CommonChecks"/> holds what every one of them checks besides.
/// </summary>
public class BasicOpTests
{
    private const string FormPost = "form_post";

    private static readonly string?[] BothModes = [null, FormPost];

    /// <summary>The two response modes.</summary>
    public static TheoryData<string?> Modes => new(BothModes);

    /// <summary>Modules that are one parameter each.</summary>
    public static MatrixTheoryData<string?, (string Module, string Name, string Value)> Parameters => new(
        BothModes,
        [
            ("oidcc-display-page", "display", "page"),
            ("oidcc-display-popup", "display", "popup"),
            ("oidcc-ensure-request-with-unknown-parameter-succeeds", "extra", "foobar"),
            ("oidcc-login-hint", "login_hint", "buffy@example.com"),
            ("oidcc-ui-locales", "ui_locales", "se"),
            ("oidcc-claims-locales", "claims_locales", "se"),
            ("oidcc-ensure-request-with-acr-values-succeeds", "acr_values", "goauthentik.io/providers/oauth2/default"),
            ("oidcc-claims-essential", "claims", """{"userinfo":{"name":{"essential":true}}}"""),
        ]);

    /// <summary>Userinfo, by each way to ask.</summary>
    public static MatrixTheoryData<string?, string> UserinfoWays => new(BothModes, ["oidcc-userinfo-get", "oidcc-userinfo-post-header", "oidcc-userinfo-post-body"]);

    /// <summary>Scopes with the claims they bring.</summary>
    public static MatrixTheoryData<string?, (string Scope, string Claims)> Scopes => new(
        BothModes,
        [
            ("profile", "name given_name preferred_username nickname groups"),
            ("email", "email email_verified"),
            ("address", ""), // nothing is known of these: they bring no claim, and break nothing
            ("phone", ""),
            ("profile email address phone", "name given_name preferred_username nickname groups email email_verified"),
        ]);

    /// <summary>Silent requests.</summary>
    public static MatrixTheoryData<string?, string> Silent => new(BothModes, ["oidcc-prompt-none-logged-in", "oidcc-id-token-hint"]);

    /// <summary>How long after its first use a code is used again, in seconds.</summary>
    public static MatrixTheoryData<string?, int> Reuses => new(BothModes, [0, 30]);

    /// <summary>Request objects.</summary>
    public static MatrixTheoryData<string?, (string Module, string Name, string Value)> Objects => new(
        BothModes,
        [
            ("oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", "request_uri", "https://rp.test/request.jwt"),
            ("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", "request", "eyJhbGciOiJub25lIn0.eyJzdGF0ZSI6IngifQ."),
        ]);

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_server(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await TokensAsync(host, mode);
        using var info = await host.GetAsync("/application/o/userinfo/", bearer: tokens.GetProperty("access_token").GetString());
        await CommonChecks.UserinfoAsync(info, tokens);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_response_type_missing(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        Assert.Equal("invalid_request", (await AnswerAsync(host, mode, ("response_type", null)))["error"]);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_idtoken_signature(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        var token = (await TokensAsync(host, mode)).GetProperty("id_token").GetString()!;
        var id = await CommonChecks.IdTokenAsync(host, token, "n-1");
        Assert.Equal(("RS256", "kid-1"), (id.Alg, id.Kid));

        // The checks would see another payload under the same signature.
        var parts = token.Split('.');
        var forged = $"{parts[0]}.{parts[1][..^2]}AA.{parts[2]}";
        await Assert.ThrowsAnyAsync<Exception>(() => CommonChecks.IdTokenAsync(host, forged, "n-1"));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_idtoken_unsigned(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync("/application/o/app-a/.well-known/openid-configuration");
        var document = await OidcHost.JsonAsync(answer);
        Assert.DoesNotContain("none", document.GetProperty("id_token_signing_alg_values_supported").EnumerateArray().Select(a => a.GetString()));
        Assert.Contains(mode ?? "query", document.GetProperty("response_modes_supported").EnumerateArray().Select(m => m.GetString()));
    }

    [Theory]
    [MemberData(nameof(UserinfoWays))]
    public async Task oidcc_userinfo(string? mode, string module)
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await TokensAsync(host, mode);
        var token = tokens.GetProperty("access_token").GetString()!;
        using var answer = module switch
        {
            "oidcc-userinfo-get" => await host.GetAsync("/application/o/userinfo/", bearer: token),
            "oidcc-userinfo-post-header" => await host.SendAsync(HttpMethod.Post, "/application/o/userinfo/", null, authorization: new AuthenticationHeaderValue("Bearer", token)),
            _ => await host.PostAsync("/application/o/userinfo/", [("access_token", token)]),
        };
        Assert.Equal("ada@example.test", (await CommonChecks.UserinfoAsync(answer, tokens)).GetProperty("email").GetString());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_ensure_request_without_nonce_succeeds_for_code_flow(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        var code = (await AnswerAsync(host, mode, ("nonce", null)))["code"];
        using var answer = await host.RedeemAsync(code);
        await CommonChecks.TokensAsync(host, answer, nonce: null);
    }

    [Theory]
    [MemberData(nameof(Scopes))]
    public async Task oidcc_scope(string? mode, (string Scope, string Claims) row)
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await TokensAsync(host, mode, ("scope", "openid " + row.Scope));
        using var answer = await host.GetAsync("/application/o/userinfo/", bearer: tokens.GetProperty("access_token").GetString());
        var info = await CommonChecks.UserinfoAsync(answer, tokens);
        Assert.Equal(
            row.Claims.Split(' ', StringSplitOptions.RemoveEmptyEntries).Append("nonce").Append("sub").Order(StringComparer.Ordinal), // authentik tells the nonce here, too
            info.EnumerateObject().Select(c => c.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_alternate_happy_flow(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        var query = string.Join('&', OidcHost.Authorize(("scope", "profile email openid"), ("response_mode", mode)).Split('?')[1].Split('&').Reverse());
        using var asked = await host.GetAsync("/application/o/authorize/?" + query, host.Cookie);
        using var answer = await host.RedeemAsync((await CommonChecks.AnswerAsync(asked, mode))["code"]);
        await CommonChecks.TokensAsync(host, answer);
    }

    [Theory]
    [MemberData(nameof(Parameters))]
    public async Task oidcc_parameter_never_breaks_the_request(string? mode, (string Module, string Name, string Value) row)
    {
        await using var host = await OidcHost.StartAsync();
        var tokens = await TokensAsync(host, mode, (row.Name, row.Value));
        Assert.True(new JsonWebToken(tokens.GetProperty("id_token").GetString()).GetPayloadValue<string>("acr") == "goauthentik.io/providers/oauth2/default", row.Module);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_prompt_login(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        var first = await AuthTimeAsync(host, OidcHost.Authorize(("response_mode", mode)), host.Cookie, mode);
        host.Clock.Advance(TimeSpan.FromSeconds(30));
        using var asked = await host.GetAsync(OidcHost.Authorize(("prompt", "login"), ("response_mode", mode)), host.Cookie);
        var next = OidcHost.Field(asked.Headers.Location!, "next")!;
        Assert.True(await AuthTimeAsync(host, next, await host.SignInAsync(host.Seed.AdaId), mode) > first);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_prompt_none_not_logged_in(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(("prompt", "none"), ("response_mode", mode)));
        Assert.Equal("login_required", (await CommonChecks.AnswerAsync(answer, mode))["error"]);
    }

    [Theory]
    [MemberData(nameof(Silent))]
    public async Task oidcc_prompt_none_logged_in(string? mode, string module)
    {
        await using var host = await OidcHost.StartAsync();
        var first = new JsonWebToken((await TokensAsync(host, mode)).GetProperty("id_token").GetString());
        host.Clock.Advance(TimeSpan.FromSeconds(30));
        var hint = module == "oidcc-id-token-hint" ? first.EncodedToken : null;
        var second = new JsonWebToken((await TokensAsync(host, mode, ("prompt", "none"), ("id_token_hint", hint))).GetProperty("id_token").GetString());
        Assert.True((first.Subject, first.GetPayloadValue<long>("auth_time")) == (second.Subject, second.GetPayloadValue<long>("auth_time")), module);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_max_age_1(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        using var asked = await host.GetAsync(OidcHost.Authorize(("max_age", "1"), ("response_mode", mode)), host.Cookie);
        Assert.StartsWith("/if/flow/", asked.Headers.Location!.OriginalString, StringComparison.Ordinal);
        var now = host.Clock.GetUtcNow().ToUnixTimeSeconds();
        Assert.Equal(now, await AuthTimeAsync(host, OidcHost.Field(asked.Headers.Location!, "next")!, await host.SignInAsync(host.Seed.AdaId), mode));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_max_age_10000(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        var first = await AuthTimeAsync(host, OidcHost.Authorize(("response_mode", mode)), host.Cookie, mode);
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(first, await AuthTimeAsync(host, OidcHost.Authorize(("max_age", "10000"), ("response_mode", mode)), host.Cookie, mode));
    }

    [Theory]
    [MemberData(nameof(Reuses))]
    public async Task oidcc_codereuse(string? mode, int seconds)
    {
        await using var host = await OidcHost.StartAsync();
        var code = (await AnswerAsync(host, mode))["code"];
        using var first = await host.RedeemAsync(code);
        var token = (await CommonChecks.TokensAsync(host, first)).GetProperty("access_token").GetString();
        host.Clock.Advance(TimeSpan.FromSeconds(seconds));
        using var second = await host.RedeemAsync(code);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_grant"), (second.StatusCode, await OidcHost.ErrorAsync(second)));
        using var info = await host.GetAsync("/application/o/userinfo/", bearer: token);
        Assert.Equal(HttpStatusCode.Unauthorized, info.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_ensure_registered_redirect_uri(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(OidcHost.Authorize(("redirect_uri", "https://rp.test/other"), ("response_mode", mode)), host.Cookie);
        await CommonChecks.NoRedirectAsync(answer);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_ensure_post_request_succeeds(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        var parameters = OidcHost.Authorize(("response_mode", mode)).Split('?')[1].Split('&').Select(p => (p.Split('=')[0], Uri.UnescapeDataString(p.Split('=')[1])));
        using var posted = await host.PostAsync("/application/o/authorize/", parameters);
        using var asked = await host.GetAsync(posted.Headers.Location!.OriginalString, host.Cookie);
        using var answer = await host.RedeemAsync((await CommonChecks.AnswerAsync(asked, mode))["code"]);
        await CommonChecks.TokensAsync(host, answer);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_server_client_secret_basic(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.PostAsync(
            "/application/o/token/", Grant((await AnswerAsync(host, mode))["code"]), OidcHost.Basic(Uri.EscapeDataString(Seed.ClientId), Uri.EscapeDataString(Seed.ClientSecret)));
        await CommonChecks.TokensAsync(host, answer);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_server_client_secret_post(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.PostAsync(
            "/application/o/token/", [.. Grant((await AnswerAsync(host, mode))["code"]), ("client_id", Seed.ClientId), ("client_secret", Seed.ClientSecret)]);
        await CommonChecks.TokensAsync(host, answer);
    }

    [Theory]
    [MemberData(nameof(Objects))]
    public async Task oidcc_request_object(string? mode, (string Module, string Name, string Value) row)
    {
        await using var host = await OidcHost.StartAsync();
        Assert.True((await AnswerAsync(host, mode, (row.Name, row.Value)))["error"] == row.Name + "_not_supported", row.Module);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_ensure_request_object_with_redirect_uri(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        using var answer = await host.GetAsync(
            OidcHost.Authorize(("redirect_uri", "https://evil.test/"), ("response_mode", mode), ("request", "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL3JwLnRlc3QvY2IifQ.")), host.Cookie);
        await CommonChecks.NoRedirectAsync(answer);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_refresh_token(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        var first = await TokensAsync(host, mode, ("scope", "openid email profile offline_access"));
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        using var foreign = await host.RefreshAsync(first.GetProperty("refresh_token").GetString()!, ("client_id", Seed.OtherClientId), ("client_secret", Seed.OtherClientSecret));
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(foreign));
        using var answer = await host.RefreshAsync(first.GetProperty("refresh_token").GetString()!);
        var second = await CommonChecks.TokensAsync(host, answer);
        var (before, after) = (new JsonWebToken(first.GetProperty("id_token").GetString()), new JsonWebToken(second.GetProperty("id_token").GetString()));
        Assert.Equal((before.Issuer, before.Subject, before.GetPayloadValue<string>("aud"), before.GetPayloadValue<long>("auth_time")), (after.Issuer, after.Subject, after.GetPayloadValue<string>("aud"), after.GetPayloadValue<long>("auth_time")));
        Assert.NotEqual(first.GetProperty("access_token").GetString(), second.GetProperty("access_token").GetString());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task oidcc_ensure_request_with_valid_pkce_succeeds(string? mode)
    {
        await using var host = await OidcHost.StartAsync();
        var code = (await AnswerAsync(host, mode))["code"]; // every request of ours has a challenge
        using var wrong = await host.RedeemAsync(code, ("code_verifier", OidcHost.Verifier[..^1] + "x"));
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(wrong));
        await TokensAsync(host, mode);
    }

    private static (string, string)[] Grant(string code) =>
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", Seed.RedirectUri), ("code_verifier", OidcHost.Verifier)];

    private static async Task<Dictionary<string, string>> AnswerAsync(OidcHost host, string? mode, params (string, string?)[] changes)
    {
        using var answer = await host.GetAsync(OidcHost.Authorize([("response_mode", mode), .. changes]), host.Cookie);
        return await CommonChecks.AnswerAsync(answer, mode);
    }

    private static async Task<JsonElement> TokensAsync(OidcHost host, string? mode, params (string, string?)[] changes)
    {
        using var answer = await host.RedeemAsync((await AnswerAsync(host, mode, changes))["code"]);
        return await CommonChecks.TokensAsync(host, answer);
    }

    private static async Task<long> AuthTimeAsync(OidcHost host, string url, string cookie, string? mode)
    {
        using var asked = await host.GetAsync(url, cookie);
        using var answer = await host.RedeemAsync((await CommonChecks.AnswerAsync(asked, mode))["code"]);
        return new JsonWebToken((await CommonChecks.TokensAsync(host, answer)).GetProperty("id_token").GetString()).GetPayloadValue<long>("auth_time");
    }
}
