namespace Gatehouse.Model.LoginMethods;

/// <summary>Cloudflare's words for the kinds of login method there are here.</summary>
public static class LoginMethodTypes
{
    /// <summary>Any OpenID Connect provider, described by its URLs.</summary>
    public const string Oidc = "oidc";

    /// <summary>A code by e-mail.</summary>
    public const string OneTimePin = "onetimepin";

    /// <summary>Any SAML 2.0 identity provider.</summary>
    public const string Saml = "saml";

    /// <summary>GitHub: OAuth 2.0 and its REST API, no ID token.</summary>
    public const string GitHub = "github";

    /// <summary>Google accounts of anybody.</summary>
    public const string Google = "google";

    /// <summary>Google accounts of one Workspace domain.</summary>
    public const string GoogleWorkspace = "google-apps";

    /// <summary>Microsoft Entra ID.</summary>
    public const string Entra = "azureAD";

    /// <summary>Okta.</summary>
    public const string Okta = "okta";
}
