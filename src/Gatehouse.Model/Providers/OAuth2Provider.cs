namespace Gatehouse.Model.Providers;

/// <summary>Whether a client can keep a secret (RFC 6749 §2.1).</summary>
public enum ClientType
{
    /// <summary>It can.</summary>
    Confidential,

    /// <summary>It can't; PKCE is required.</summary>
    Public,
}

/// <summary>How a confidential client proves that it is itself.</summary>
public enum ClientAuthMethod
{
    /// <summary>By its secret, in the header or in the body.</summary>
    Secret,

    /// <summary>By an assertion signed with one of its registered keys (RFC 7523); its secret is refused.</summary>
    PrivateKeyJwt,
}

/// <summary>What the <c>sub</c> of tokens is.</summary>
public enum SubMode
{
    /// <summary>SHA-256 over the user's key and the install id.</summary>
    HashedUserId,

    /// <summary>The integer key.</summary>
    UserId,

    /// <summary>The UUID.</summary>
    UserUuid,

    /// <summary>The username.</summary>
    UserUsername,

    /// <summary>The e-mail address.</summary>
    UserEmail,

    /// <summary>The attribute <c>upn</c>, else hashed.</summary>
    UserUpn,
}

/// <summary>What the issuer is.</summary>
public enum IssuerMode
{
    /// <summary><c>https://host/application/o/slug/</c>.</summary>
    PerProvider,

    /// <summary><c>https://host/</c>.</summary>
    Global,
}

/// <summary>How a registered redirect URI is compared.</summary>
public enum MatchingMode
{
    /// <summary>The exact string.</summary>
    Strict,

    /// <summary>A regular expression over the whole string.</summary>
    Regex,
}

/// <summary>What a registered URI is for.</summary>
public enum RedirectUriType
{
    /// <summary>Answers of the authorization endpoint.</summary>
    Authorization,

    /// <summary>After logout.</summary>
    Logout,
}

/// <summary>How a client is told that a session has ended.</summary>
public enum LogoutMethod
{
    /// <summary>We post a logout token to it (OpenID Connect Back-Channel Logout).</summary>
    Backchannel,

    /// <summary>The person's browser loads its address in a frame (OpenID Connect Front-Channel Logout).</summary>
    Frontchannel,
}

/// <summary>A redirect URI as registered.</summary>
public sealed record RedirectUri(MatchingMode Mode, string Url, RedirectUriType Type);

/// <summary>A key that a provider signed with before, and how long it still counts.</summary>
/// <param name="KeyPairId">The key pair. When it is deleted, what it signed is void at once.</param>
/// <param name="SignsUntil">Until then it still signs, so that everybody has read the key set with the new key in it.</param>
/// <param name="ServedUntil">Until then it is in the key set and verifies.</param>
public sealed record FormerKey(Guid KeyPairId, DateTimeOffset SignsUntil, DateTimeOffset ServedUntil);

/// <summary>An OAuth 2.0 and OpenID Connect client, in authentik's word a provider.</summary>
public sealed class OAuth2Provider
{
    /// <summary>Integer key of the API; made by the database.</summary>
    public int Id { get; init; }

    /// <summary>Unique name.</summary>
    public required string Name { get; set; }

    /// <summary>Confidential or public.</summary>
    public ClientType ClientType { get; set; }

    /// <summary>Unique.</summary>
    public required string ClientId { get; set; }

    /// <summary>Sealed, since administrators may read it again.</summary>
    public required byte[] SealedClientSecret { get; set; }

    /// <summary>Grants it may use.</summary>
    public List<string> GrantTypes { get; set; } = ["authorization_code", "refresh_token"];

    /// <summary>Redirect URIs in order.</summary>
    public required List<RedirectUri> RedirectUris { get; set; }

    /// <summary>Life of a code, as written (<c>minutes=1</c>).</summary>
    public string AccessCodeValidity { get; set; } = "minutes=1";

    /// <summary>Life of access and ID tokens, as written.</summary>
    public string AccessTokenValidity { get; set; } = "hours=1";

    /// <summary>Life of refresh tokens, as written.</summary>
    public string RefreshTokenValidity { get; set; } = "days=30";

    /// <summary>A refresh token with more life left than this is not rotated; zero rotates always.</summary>
    public string RefreshTokenThreshold { get; set; } = "seconds=0";

    /// <summary>Copy scope claims into the ID token.</summary>
    public bool IncludeClaimsInIdToken { get; set; } = true;

    /// <summary>Null means HS256 with the client secret, by explicit choice.</summary>
    public Guid? SigningKeyId { get; set; }

    /// <summary>Null means tokens are not encrypted.</summary>
    public Guid? EncryptionKeyId { get; set; }

    /// <summary>Keys it signed with before <see cref="SigningKeyId"/>, the latest last.</summary>
    public List<FormerKey> FormerKeys { get; set; } = [];

    /// <summary>How long a new key is in the key set before it signs: clients that fetched the set just before fetch it again by then.</summary>
    public static readonly TimeSpan KeyOverlap = TimeSpan.FromMinutes(1);

    // Logout hints are ID tokens that may have ended: for a day they are still understood.
    private static readonly TimeSpan LeastServed = TimeSpan.FromDays(1);

    /// <summary>How a confidential client proves itself.</summary>
    public ClientAuthMethod AuthMethod { get; set; }

    /// <summary>The client's public keys, a JSON Web Key Set; empty means it has registered none.</summary>
    public string Jwks { get; set; } = "";

    /// <summary>Providers whose access tokens stand for their user in client credentials requests of this one.</summary>
    public List<int> FederatedProviderIds { get; set; } = [];

    /// <summary>Authorization requests have to be pushed first (RFC 9126 §5).</summary>
    public bool RequiresPushedRequests { get; set; }

    /// <summary>Token requests have to bring a proof of possession (RFC 9449 §5.2).</summary>
    public bool RequiresDpop { get; set; }

    /// <summary>The provider whose registration endpoint made this client; null means that an administrator made it.</summary>
    public int? RegisteredThroughId { get; set; }

    /// <summary>The user whose token registered this client; null when nobody's did.</summary>
    public int? RegisteredById { get; init; }

    /// <summary>What a client said about itself when it registered (RFC 7591 §2), a JSON object; empty for all others.</summary>
    public string MetadataJson { get; set; } = "";

    /// <summary>What <c>sub</c> is.</summary>
    public SubMode SubMode { get; set; }

    /// <summary>What <c>iss</c> is.</summary>
    public IssuerMode IssuerMode { get; set; }

    /// <summary>Where the client wants to be told that a session has ended; empty means it does not.</summary>
    public string LogoutUri { get; set; } = "";

    /// <summary>How it is told.</summary>
    public LogoutMethod LogoutMethod { get; set; }

    /// <summary>Flow that signs people in; null means the default.</summary>
    public Guid? AuthenticationFlowId { get; set; }

    /// <summary>Flow that runs after sign-in, with or without consent.</summary>
    public required Guid AuthorizationFlowId { get; set; }

    /// <summary>Flow that runs at logout.</summary>
    public required Guid InvalidationFlowId { get; set; }

    /// <summary>Scope mappings it offers.</summary>
    public List<Guid> ScopeMappingIds { get; set; } = [];

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }

    /// <summary>
    /// Notes that <paramref name="former"/> signed until now. It stays in the key set while its tokens live; where the new key is of the same
    /// kind (<paramref name="isSameKind"/>) it goes on signing until everybody can know the new one.
    /// </summary>
    public void Retire(Guid former, bool isSameKind, DateTimeOffset now)
    {
        var life = ValidityPeriod.Parse(AccessTokenValidity);
        var signsUntil = isSameKind ? now + KeyOverlap : now;
        FormerKeys =
        [
            .. FormerKeys.Where(k => k.ServedUntil > now && k.KeyPairId != former && k.KeyPairId != SigningKeyId).Select(k => k with { SignsUntil = k.SignsUntil < now ? k.SignsUntil : now }),
            new FormerKey(former, signsUntil, signsUntil + (life > LeastServed ? life : LeastServed)),
        ];
    }
}

/// <summary>What people see and get access to at Identity; gives its provider a slug, and so an issuer (authentik's application).</summary>
public sealed class ProviderApplication
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Part of the issuer URL; unique.</summary>
    public required string Slug { get; set; }

    /// <summary>Shown to people.</summary>
    public required string Name { get; set; }

    /// <summary>Its provider; null means none. A provider belongs to at most one application.</summary>
    public int? ProviderId { get; set; }

    /// <summary>Section on the user's page.</summary>
    public string GroupLabel { get; set; } = "";

    /// <summary><c>any</c> or <c>all</c>.</summary>
    public string PolicyEngineMode { get; set; } = "any";

    /// <summary>Where its tile leads; empty means the origin of the first redirect URI.</summary>
    public string LaunchUrl { get; set; } = "";

    /// <summary>Open the tile in a new tab.</summary>
    public bool OpenInNewTab { get; set; }

    /// <summary>Icon URL; may be empty.</summary>
    public string Icon { get; set; } = "";

    /// <summary>Description; may be empty.</summary>
    public string Description { get; set; } = "";

    /// <summary>Publisher; may be empty.</summary>
    public string Publisher { get; set; } = "";

    /// <summary>Keep the tile off the user's page.</summary>
    public bool IsHidden { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}

/// <summary>What a scope puts into tokens.</summary>
public sealed class ScopeMapping
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique name.</summary>
    public required string Name { get; set; }

    /// <summary>The scope.</summary>
    public required string ScopeName { get; set; }

    /// <summary>Set on shipped mappings; authentik's managed id. Their claims are built in.</summary>
    public string? Managed { get; set; }

    /// <summary>What the consent page says; empty means not shown.</summary>
    public string Description { get; set; } = "";

    /// <summary>The expression that makes the claims; of a shipped mapping its documentation.</summary>
    public string Expression { get; set; } = "";

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
