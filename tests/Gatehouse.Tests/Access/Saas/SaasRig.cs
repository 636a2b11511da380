using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Access.SignIn;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.Saas;

/// <summary>A SaaS application by OpenID Connect before the sign-in rig, and the way of a client through it.</summary>
internal static class SaasRig
{
    public const string Secret = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    public const string Redirect = "https://tracker.test/cb?tenant=1";
    public const string Proof = "0123456789abcdef0123456789abcdef0123456789abcdef";
    public static readonly string ClientId = new('c', 64);
    public static readonly string Issuer = "https://access.test/cdn-cgi/access/sso/oidc/" + ClientId;
    public static readonly string Challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(Proof)));

    /// <summary>The rig with one such application, which is for example.com. Everything but PKCE-only is switched on unless told otherwise.</summary>
    public static Task<SignInRig> StartAsync(SaasOidc? client = null, Action<SignInRig>? change = null) => SignInRig.StartAsync(rig =>
    {
        rig.Method.Claims = ["department", "division"];
        rig.Apps.Add(App(ClientId, client ?? Client()));
        change?.Invoke(rig);
    });

    public static SaasOidc Client() => new()
    {
        RedirectUris = [Redirect, "com.example.app:/cb"],
        Grants = [SaasGrant.AuthorizationCode, SaasGrant.AuthorizationCodeWithPkce, SaasGrant.RefreshTokens],
        Scopes = ["openid", "email", "profile", "groups"],
    };

    public static App App(string clientId, SaasOidc client)
    {
        var id = Guid.CreateVersion7();
        var policy = TestAccess.Policy(PolicyAction.Allow, "Staff", [new Rule.EmailDomain("example.com")]);
        return new App
        {
            Id = id,
            Aud = Convert.ToHexStringLower(SHA256.HashData(id.ToByteArray())),
            Type = AppType.Saas,
            Name = "Tracker",
            Domains = [],
            Saas = new SaasSettings { Oidc = client },
            SsoId = clientId,
            ClientSecretHash = ServiceTokenEntry.HashOf(Secret),
            AutoRedirectToIdentity = true,
            Policies = [new AppPolicy { AppId = id, PolicyId = policy.Id, Policy = policy, Precedence = 1 }],
        };
    }

    public static App Saas(this SignInRig rig) => rig.Apps.First(a => a.SsoId == ClientId);

    public static Dictionary<string, string> Question() => new()
    {
        ["client_id"] = ClientId,
        ["redirect_uri"] = Redirect,
        ["response_type"] = "code",
        ["scope"] = "openid email profile groups",
        ["state"] = "s-1",
        ["nonce"] = "n-1",
        ["code_challenge"] = Challenge,
        ["code_challenge_method"] = "S256",
    };

    public static string UrlOf(Dictionary<string, string> query) => Issuer + "/authorization?" + string.Join('&', query.Select(q => $"{q.Key}={Uri.EscapeDataString(q.Value)}"));

    /// <summary>From the client over a sign-in back to it.</summary>
    public static async Task<Answer> SignInAsync(SignInRig rig, Browser browser, Dictionary<string, string>? query = null)
    {
        var begun = await browser.FollowAsync(UrlOf(query ?? Question()));
        Assert.StartsWith("https://idp.test/", begun.Location, StringComparison.Ordinal);
        rig.Provider.Nonce = begun["nonce"];
        var back = await SignInRig.CallbackAsync(browser, begun);
        return back.Location is null ? back : await browser.FollowAsync(back.Location, "https://tracker.test/");
    }

    /// <summary>From the client back to it, where somebody is signed in.</summary>
    public static Task<Answer> AskAsync(Browser browser, Dictionary<string, string>? query = null) => browser.FollowAsync(UrlOf(query ?? Question()), "https://tracker.test/");

    public static Dictionary<string, string> CodeForm(string code) => new()
    {
        ["grant_type"] = "authorization_code",
        ["client_id"] = ClientId,
        ["client_secret"] = Secret,
        ["code"] = code,
        ["redirect_uri"] = Redirect,
        ["code_verifier"] = Proof,
    };

    public static async Task<JsonNode> TokenAsync(Browser browser, Dictionary<string, string> form, string? issuer = null) =>
        JsonNode.Parse((await browser.PostAsync((issuer ?? Issuer) + "/token", form)).Body)!;

    public static Task<JsonNode> RefreshAsync(Browser browser, string token, string? secret = Secret)
    {
        var form = new Dictionary<string, string> { ["grant_type"] = "refresh_token", ["client_id"] = ClientId, ["refresh_token"] = token };
        if (secret is not null)
        {
            form["client_secret"] = secret;
        }

        return TokenAsync(browser, form);
    }

    public static Task<Answer> UserAsync(Browser browser, string token) => browser.GetAsync(Issuer + "/userinfo", null, ("Authorization", "Bearer " + token));
}
