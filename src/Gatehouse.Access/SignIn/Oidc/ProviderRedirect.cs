using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Access.Pages;
using Gatehouse.Access.SignIn.Pins;
using Gatehouse.Access.SignIn.Saml;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Oidc;

/// <summary>Begins the round trip to a login method (OpenID Connect Core §3.1.2.1, RFC 7636), or shows the choice among several.</summary>
internal sealed class ProviderRedirect(SealedStates states, PinPages pins, SamlRequests saml, PublicUrls urls, TimeProvider clock)
{
    private static readonly TimeSpan StateLife = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ClockDrift = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CookieLife = TimeSpan.FromHours(4);

    /// <summary>302 to the provider; <paramref name="prompt"/> asks it not to be content with a session it has.</summary>
    public IResult Send(HttpContext context, AccessTable table, LoginTarget.Found target, LoginMethodEntry method, bool prompt)
    {
        if (method.Method.Type == LoginMethodTypes.OneTimePin)
        {
            KeepSession(context);
            return pins.Ask(context, table, target.App, target.Host);
        }

        return SendOn(context, table, target, method, prompt, isLauncher: false);
    }

    // No target: the launcher, a test, or an identity that is asked for anew.
    private IResult SendOn(HttpContext context, AccessTable table, LoginTarget.Found? target, LoginMethodEntry method, bool prompt, bool isLauncher, string? refreshOf = null, string returnTo = "/")
    {
        if (!Uri.TryCreate(method.Method.AuthUrl, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp))
        {
            return Page.Message(
                StatusCodes.Status502BadGateway,
                "Sign-in could not begin",
                $"The authorization URL of login method {method.Method.Name} is not an https URL. Whoever runs this can mend it in the login method's settings.",
                brand: table.Organization.Name);
        }

        var browser = method.Saml is null ? KeepSession(context) : AccessCookies.Keep(context, AccessCookies.SamlSession, SameSiteMode.None, clock.GetUtcNow() + CookieLife);
        var verifier = method.Method.PkceEnabled ? Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)) : null;
        var state = new LoginState
        {
            Id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16)),
            Aud = target?.App.App.Aud ?? "",
            IsTest = target is null && !isLauncher && refreshOf is null,
            RefreshOf = refreshOf,
            IsLauncher = isLauncher,
            Host = target?.Host ?? "",
            ReturnTo = target?.ReturnTo ?? returnTo,
            AppSessionHash = target?.AppSessionHash ?? "",
            CommonName = target?.CommonName,
            BrowserHash = AccessCookies.HashOf(browser),
            LoginMethodId = method.Method.Id,
            Nonce = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16)),
            AsksAnew = prompt,
            CodeVerifier = verifier,
            ExpiresAt = clock.GetUtcNow() + StateLife,
        };
        SecurityHeaders.NoStore(context.Response);
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        return Results.Redirect(method.Saml is null ? AuthorizeUrl(url, method.Method, state, prompt) : saml.Url(url, table, method, state, states.Seal(state), prompt));
    }

    /// <summary>302 to the provider, only to try it.</summary>
    public IResult SendTest(HttpContext context, AccessTable table, LoginMethodEntry method) => SendOn(context, table, null, method, prompt: false, isLauncher: false);

    /// <summary>302 to the provider, to ask anew who the person of this address is.</summary>
    public IResult SendRefresh(HttpContext context, AccessTable table, LoginMethodEntry method, string email) => SendOn(context, table, null, method, prompt: false, isLauncher: false, email);

    /// <summary>302 to the provider, for the App Launcher, and then to <paramref name="returnTo"/>.</summary>
    public IResult SendLauncher(HttpContext context, AccessTable table, LoginMethodEntry method, string returnTo, bool prompt)
    {
        if (method.Method.Type == LoginMethodTypes.OneTimePin)
        {
            KeepSession(context);
            return pins.Ask(context, table, app: null, host: "");
        }

        return SendOn(context, table, null, method, prompt, isLauncher: true, returnTo: returnTo);
    }

    /// <summary>The login page.</summary>
    public IResult ShowChoice(HttpContext context, AccessTable table, LoginTarget.Found target, ImmutableArray<LoginMethodEntry> methods)
    {
        KeepSession(context);
        var here = context.Request.Path + context.Request.QueryString;
        var links = methods
            .Select(m => KeyValuePair.Create(m.Method.Name, $"{here}&{LoginEndpoint.MethodParameter}={m.Method.Id}"))
            .ToList();
        var look = OrganizationLook.Of(table);
        return CustomLoginPage.Of(table, target.App, target.Host, links) ?? new PageResult<LoginPage>(
            new Dictionary<string, object?>
            {
                [nameof(LoginPage.AppName)] = target.App.App.Name,
                [nameof(LoginPage.AppHost)] = target.Host,
                [nameof(LoginPage.Look)] = look,
                [nameof(LoginPage.Header)] = table.Organization.LoginHeader,
                [nameof(LoginPage.Footer)] = table.Organization.LoginFooter,
                [nameof(LoginPage.Methods)] = links,
            },
            StatusCodes.Status200OK)
        {
            Look = look,
        };
    }

    /// <summary>Whether the person proved who they are after the round trip began. Without a word about it nobody knows.</summary>
    public static bool IsFresh(LoginState state, IdentityFacts facts) => facts.AuthenticatedAt >= state.ExpiresAt - StateLife - ClockDrift;

    // Lax is enough: the provider comes back with a top-level GET. None would send it along with foreign posts and frames.
    private string KeepSession(HttpContext context) =>
        AccessCookies.Keep(context, AccessCookies.Session, SameSiteMode.Lax, clock.GetUtcNow() + CookieLife);

    private string AuthorizeUrl(Uri url, LoginMethod method, LoginState state, bool prompt)
    {
        var made = new StringBuilder(url.GetLeftPart(UriPartial.Query));
        var next = url.Query.Length > 0 ? '&' : '?';
        Add("client_id", method.ClientId);
        Add("redirect_uri", urls.AccessCallback);
        Add("response_type", "code");
        Add("scope", string.Join(' ', method.Type == LoginMethodTypes.GitHub || method.Scopes.Contains("openid") ? method.Scopes : method.Scopes.Prepend("openid")));
        Add("state", states.Seal(state));
        Add("nonce", state.Nonce);
        if (state.CodeVerifier is { } verifier)
        {
            Add("code_challenge", Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))));
            Add("code_challenge_method", "S256");
        }

        if (prompt)
        {
            Add("prompt", "login");
            Add("max_age", "0"); // and with it the provider has to say when the person proved who they are
        }

        else if (Preset.Of(method, "prompt") is { Length: > 0 } always)
        {
            Add("prompt", always);
        }

        return made.ToString();

        void Add(string name, string value)
        {
            made.Append(next).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            next = '&';
        }
    }
}
