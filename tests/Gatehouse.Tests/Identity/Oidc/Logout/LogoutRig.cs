using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text.RegularExpressions;
using Gatehouse.Model.Providers;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Tests.Identity.Oidc.Logout;

/// <summary>What tests of logout share.</summary>
internal static partial class LogoutRig
{
    public const string Path = "/application/o/app-a/end-session/";
    public const string Receiver = "https://rp.test/backchannel";

    /// <summary>Where a logout ends that asked for no other place.</summary>
    public const string End = "/if/flow/default-invalidation-flow/?application=app-a";

    public static string Url(string? hint, string? uri = null, string? state = null) => Path + "?" + string.Join('&', Parameters(hint, uri, state).Select(p => $"{p.Item1}={Uri.EscapeDataString(p.Item2)}"));

    public static IEnumerable<(string, string)> Parameters(string? hint, string? uri = null, string? state = null)
    {
        foreach (var (name, value) in ((string, string?)[])[("id_token_hint", hint), ("post_logout_redirect_uri", uri), ("state", state)])
        {
            if (value is not null)
            {
                yield return (name, value);
            }
        }
    }

    /// <summary>A host where logging out of client a ends the whole session, as the certification plans want it.</summary>
    public static async Task<OidcHost> StartAsync()
    {
        var host = await OidcHost.StartAsync();
        await ChangeAsync(host, Seed.ClientId, (p, h) => p.InvalidationFlowId = h.Seed.LogoutFlowId);
        return host;
    }

    public static Task ChangeAsync(OidcHost host, string clientId, Action<OAuth2Provider, OidcHost> change) =>
        host.ChangeAsync(async db => change(await db.Providers.SingleAsync(p => p.ClientId == clientId, OidcHost.Stop), host));

    public static Task WantAsync(OidcHost host, string clientId = Seed.ClientId, string uri = Receiver, LogoutMethod method = LogoutMethod.Backchannel) =>
        ChangeAsync(host, clientId, (p, _) => (p.LogoutUri, p.LogoutMethod) = (uri, method));

    /// <summary>An ID token of ada at client a, and with it her visit there.</summary>
    public static async Task<string> IdTokenAsync(OidcHost host) => (await host.TokensAsync("openid")).GetProperty("id_token").GetString()!; // a token answer has one

    public static async Task<bool> IsSignedInAsync(OidcHost host, string? cookie = null)
    {
        using var silent = await host.GetAsync(OidcHost.Authorize(("prompt", "none")), cookie ?? host.Cookie);
        return OidcHost.Field(silent.Headers.Location!, "error") switch { null => true, "login_required" => false, var other => throw new InvalidOperationException(other) };
    }

    /// <summary>Answers the question on a page with yes, as its form would.</summary>
    public static async Task<HttpResponseMessage> ConfirmAsync(OidcHost host, HttpResponseMessage page, string? cookie = null, bool everything = false)
    {
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var html = await page.Content.ReadAsStringAsync(OidcHost.Stop);
        Assert.Contains("<h1>Sign out?</h1>", html, StringComparison.Ordinal);
        var fields = Hidden().Matches(html).Select(m => (m.Groups[1].Value, WebUtility.HtmlDecode(m.Groups[2].Value))).ToList();
        if (everything)
        {
            fields.Add(("gh_everything", "1"));
        }

        return await host.PostAsync(Path, fields, cookie: cookie ?? host.Cookie);
    }

    public static async Task<string> TextAsync(HttpResponseMessage answer) => await answer.Content.ReadAsStringAsync(OidcHost.Stop);

    /// <summary>The claims of a logout token, once its signature is right.</summary>
    [SuppressMessage("Security", "CA5404", Justification = "Issuer, audience and times are what the tests look at.")]
    public static async Task<JsonWebToken> ReadAsync(string token)
    {
        var handler = new JsonWebTokenHandler { MapInboundClaims = false };
        using var key = Seed.OpenKey();
        var result = await handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            IssuerSigningKey = new RsaSecurityKey(key) { KeyId = "kid-1" },
            ValidateAudience = false,
            ValidateIssuer = false,
            ValidateLifetime = false,
        });
        Assert.True(result.IsValid, result.Exception?.Message);
        return (JsonWebToken)result.SecurityToken;
    }

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]+)\" value=\"([^\"]*)\"")]
    private static partial Regex Hidden();
}
