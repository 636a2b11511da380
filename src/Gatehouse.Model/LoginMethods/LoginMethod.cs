namespace Gatehouse.Model.LoginMethods;

/// <summary>A way to sign in at Access (Cloudflare's identity provider): a provider described by its URLs or its certificates, or a code by e-mail.</summary>
public sealed class LoginMethod
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Shown on the login page.</summary>
    public required string Name { get; set; }

    /// <summary>Cloudflare's type word; see <see cref="LoginMethodTypes"/>.</summary>
    public required string Type { get; set; }

    /// <summary>The client id at the provider.</summary>
    public required string ClientId { get; set; }

    /// <summary>The client secret, sealed.</summary>
    public required byte[] SealedClientSecret { get; set; }

    /// <summary>Authorization endpoint; by SAML, where requests go.</summary>
    public required string AuthUrl { get; set; }

    /// <summary>Token endpoint.</summary>
    public required string TokenUrl { get; set; }

    /// <summary>JWKS endpoint.</summary>
    public required string CertsUrl { get; set; }

    /// <summary>The provider's issuer, exactly as its tokens name it; empty means not known, and then it is not checked.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>Scopes asked for.</summary>
    public List<string> Scopes { get; set; } = ["openid", "email", "profile"];

    /// <summary>Claims copied into the identity, and usable in rules, besides <c>email</c> and <c>groups</c>.</summary>
    public List<string> Claims { get; set; } = [];

    /// <summary>The claim that holds the address; by SAML the attribute, and empty means the name identifier.</summary>
    public string EmailClaimName { get; set; } = "email";

    /// <summary>Use PKCE (S256).</summary>
    public bool PkceEnabled { get; set; }

    /// <summary>Whether people may sign in with an address of which the provider says that it is not verified. Off, so that nobody enters under an address they only typed there.</summary>
    public bool AcceptsUnverifiedEmail { get; set; }

    /// <summary>What a preset was made of, such as its tenant or account: texts by Cloudflare's names, as JSON object. By SAML the <see cref="SamlSettings"/>.</summary>
    public string PresetJson { get; set; } = "{}";

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
