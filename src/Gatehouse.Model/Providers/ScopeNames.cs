namespace Gatehouse.Model.Providers;

/// <summary>The scopes Gatehouse ships, and the managed ids (authentik's) of the mappings whose claims are built in.</summary>
public static class ScopeNames
{
    /// <summary>An ID token and userinfo.</summary>
    public const string OpenId = "openid";

    /// <summary>Refresh tokens.</summary>
    public const string OfflineAccess = "offline_access";

    /// <summary>The right to call authentik's API as the user; authentik's.</summary>
    public const string Api = "goauthentik.io/api";

    /// <summary>The right to register clients (RFC 7591); authentik's.</summary>
    public const string Registration = "goauthentik.io/oidc/dcr";

    /// <summary>Managed id of <c>openid</c>: no claims.</summary>
    public const string ManagedOpenId = ManagedPrefix + "openid";

    /// <summary>Managed id of <c>email</c>: the address.</summary>
    public const string ManagedEmail = ManagedPrefix + "email";

    /// <summary>Managed id of <c>profile</c>: names and direct groups.</summary>
    public const string ManagedProfile = ManagedPrefix + "profile";

    /// <summary>Managed id of <c>entitlements</c>.</summary>
    public const string ManagedEntitlements = ManagedPrefix + "entitlements";

    /// <summary>Managed id of <c>offline_access</c>: no claims.</summary>
    public const string ManagedOfflineAccess = ManagedPrefix + "offline_access";

    /// <summary>Managed id of <c>goauthentik.io/api</c>: no claims; the token may call the API.</summary>
    public const string ManagedApi = ManagedPrefix + "authentik_api";

    private const string ManagedPrefix = "goauthentik.io/providers/oauth2/scope-";
}
