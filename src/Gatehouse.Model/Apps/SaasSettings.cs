using System.Text.Json.Serialization;

namespace Gatehouse.Model.Apps;

/// <summary>How people sign in to an application that stands somewhere else. Exactly one of the two is there, for the life of the app.</summary>
public sealed class SaasSettings
{
    /// <summary>By OpenID Connect; null means by SAML.</summary>
    public SaasOidc? Oidc { get; init; }

    /// <summary>By SAML; null means by OpenID Connect.</summary>
    public SaasSaml? Saml { get; init; }
}

/// <summary>A way of OAuth to a token that a client may go.</summary>
public enum SaasGrant
{
    /// <summary>A code, with PKCE or without.</summary>
    AuthorizationCode,

    /// <summary>A code with PKCE.</summary>
    AuthorizationCodeWithPkce,

    /// <summary>Refresh tokens beside the access token.</summary>
    RefreshTokens,

    /// <summary>A code, and tokens beside it at once.</summary>
    Hybrid,

    /// <summary>Tokens at once, without a code.</summary>
    Implicit,
}

/// <summary>An OpenID Connect client of Access (Cloudflare's SaaS application).</summary>
public sealed class SaasOidc
{
    /// <summary>Where answers go, compared as text.</summary>
    public required List<string> RedirectUris { get; init; }

    /// <summary>Ways to a token that it may go.</summary>
    public List<SaasGrant> Grants { get; init; } = [SaasGrant.AuthorizationCode];

    /// <summary>Scopes that it may ask for; <c>openid</c> is always one.</summary>
    public List<string> Scopes { get; init; } = [];

    /// <summary>Where the launcher leads; null means that it has no tile.</summary>
    public string? LauncherUrl { get; init; }

    /// <summary>Only groups that match are told; null means all. See <see cref="GroupFilter"/>.</summary>
    public string? GroupFilter { get; init; }

    /// <summary>1 minute to 1 day.</summary>
    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether a code with PKCE is worth a token without the client's secret.</summary>
    public bool PkceWithoutSecret { get; init; }

    /// <summary>Claims besides the usual ones.</summary>
    public List<SaasClaim> CustomClaims { get; init; } = [];

    /// <summary>Whether the authorization endpoint gives out access tokens.</summary>
    public bool GivesAccessToken { get; init; }

    /// <summary>Whether the authorization endpoint gives out ID tokens.</summary>
    public bool GivesIdToken { get; init; }

    /// <summary>How long tokens may be renewed after a sign-in, as it was written; null means 30 days. See <see cref="RenewalTime"/>.</summary>
    public string? RefreshLifetime { get; init; }

    /// <summary>How long tokens may be renewed after a sign-in.</summary>
    [JsonIgnore]
    public TimeSpan RenewableFor => RefreshLifetime is { } text && RenewalTime.TryParse(text, out var time) ? time : RenewalTime.Default;

    /// <summary>Whether it may go <paramref name="grant"/>.</summary>
    public bool May(SaasGrant grant) => Grants.Contains(grant);
}

/// <summary>A claim that is made of one that a login method gave.</summary>
public sealed class SaasClaim
{
    /// <summary>What the client calls it.</summary>
    public required string Name { get; init; }

    /// <summary>Whether nobody signs in without it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>The scope that asks for it; null means every one.</summary>
    public string? Scope { get; init; }

    /// <summary>What login methods call it.</summary>
    public required SaasSource Source { get; init; }
}

/// <summary>What login methods call a claim.</summary>
public sealed class SaasSource
{
    /// <summary>All of them, but those named below.</summary>
    public required string Name { get; init; }

    /// <summary>Those that call it otherwise.</summary>
    public Dictionary<Guid, string> NameByLoginMethod { get; init; } = [];

    /// <summary>What this one calls it.</summary>
    public string NameAt(Guid loginMethod) => NameByLoginMethod.GetValueOrDefault(loginMethod, Name);
}

/// <summary>What a SAML assertion calls a person.</summary>
public enum SaasNameId
{
    /// <summary>Their id at Access.</summary>
    Id,

    /// <summary>Their address.</summary>
    Email,
}

/// <summary>A SAML service provider of Access (Cloudflare's SaaS application).</summary>
public sealed class SaasSaml
{
    /// <summary>Where assertions are posted: its assertion consumer service.</summary>
    public required string ConsumerServiceUrl { get; init; }

    /// <summary>What it calls itself.</summary>
    public required string EntityId { get; init; }

    /// <summary>What assertions call a person.</summary>
    public SaasNameId NameIdFormat { get; init; } = SaasNameId.Email;

    /// <summary>Attributes besides the usual ones.</summary>
    public List<SaasField> Attributes { get; init; } = [];

    /// <summary>Where people are led after a sign-in that began at Access; null means that the service provider knows.</summary>
    public string? DefaultRelayState { get; init; }
}

/// <summary>An attribute that is made of a claim that a login method gave.</summary>
public sealed class SaasField
{
    /// <summary>Its name in assertions.</summary>
    public required string Name { get; init; }

    /// <summary>What people call it; null means nothing.</summary>
    public string? FriendlyName { get; init; }

    /// <summary>How the name is made (SAML core §8.2).</summary>
    public string NameFormat { get; init; } = "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified";

    /// <summary>Whether nobody signs in without it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>What login methods call it.</summary>
    public required SaasSource Source { get; init; }
}
