namespace Gatehouse.Model.Tokens;

/// <summary>What a person granted a client at one authorization; every code and token of it falls with it.</summary>
public sealed class OAuthGrant
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>The client.</summary>
    public required int ProviderId { get; init; }

    /// <summary>The person.</summary>
    public required int UserId { get; init; }

    /// <summary>The administrator who acted as the person; null means that they gave it themselves. It stands only while that goes on.</summary>
    public int? ImpersonatorId { get; init; }

    /// <summary>The Identity session it was given in: its id. Null for machines, which have none.</summary>
    public string? SessionId { get; init; }

    /// <summary>Public id of that session, which outlives its id; what the <c>sid</c> of tokens is made of. Null means they carry none.</summary>
    public Guid? SessionUuid { get; init; }

    /// <summary>Granted scopes.</summary>
    public required List<string> Scopes { get; init; }

    /// <summary>Echoed into ID tokens; null means none was sent.</summary>
    public string? Nonce { get; init; }

    /// <summary>When the person had proved who they are.</summary>
    public required DateTimeOffset AuthenticatedAt { get; init; }

    /// <summary>How they had.</summary>
    public List<string> Amr { get; init; } = [];

    /// <summary>Thumbprint of the key that its tokens are bound to (RFC 9449); null means that whoever holds them may use them.</summary>
    public string? KeyThumbprint { get; set; }

    /// <summary>The lasting consent it stands on; null means none was asked for. Without that row it is void.</summary>
    public int? ConsentId { get; init; }

    /// <summary>Who acts for the person (RFC 8693 §4.1): the subject, as the tokens name it; null means nobody.</summary>
    public string? Actor { get; init; }

    /// <summary>When it was given.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>After this no token of it is alive.</summary>
    public required DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Null means it stands.</summary>
    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>An authorization code. Used once: the first redeemer sets <see cref="UsedAt"/>.</summary>
public sealed class AuthorizationCode
{
    /// <summary>Integer key of the API; made by the database.</summary>
    public long Id { get; init; }

    /// <summary>SHA-256 of the code, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary>Its grant.</summary>
    public required Guid GrantId { get; init; }

    /// <summary>The client.</summary>
    public required int ProviderId { get; init; }

    /// <summary>The redirect URI of the request, exactly.</summary>
    public required string RedirectUri { get; init; }

    /// <summary>PKCE challenge; null means none was sent.</summary>
    public string? CodeChallenge { get; init; }

    /// <summary><c>S256</c> or <c>plain</c>.</summary>
    public string? CodeChallengeMethod { get; init; }

    /// <summary>Thumbprint of the key that the client said it would prove possession of; null means it did not say.</summary>
    public string? KeyThumbprint { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Null means unused.</summary>
    public DateTimeOffset? UsedAt { get; set; }
}

/// <summary>What kind of token a row stands for.</summary>
public enum OAuthTokenKind
{
    /// <summary>An access token; the row's hash is over its <c>jti</c>.</summary>
    Access,

    /// <summary>A refresh token; the row's hash is over the token.</summary>
    Refresh,
}

/// <summary>A token that was issued.</summary>
public sealed class OAuthToken
{
    /// <summary>Integer key of the API; made by the database.</summary>
    public long Id { get; init; }

    /// <summary>SHA-256, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary>Kind.</summary>
    public required OAuthTokenKind Kind { get; init; }

    /// <summary>Its grant.</summary>
    public required Guid GrantId { get; init; }

    /// <summary>The client.</summary>
    public required int ProviderId { get; init; }

    /// <summary>Scopes it carries.</summary>
    public required List<string> Scopes { get; init; }

    /// <summary>When it was issued.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Refresh tokens: when it was exchanged. Presenting it again ends the grant.</summary>
    public DateTimeOffset? UsedAt { get; set; }

    /// <summary>Null means it stands.</summary>
    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>A person's lasting consent to an application.</summary>
public sealed class UserConsent
{
    /// <summary>Integer key of the API; made by the database.</summary>
    public int Id { get; init; }

    /// <summary>The person.</summary>
    public required int UserId { get; init; }

    /// <summary>The application.</summary>
    public required Guid ApplicationId { get; init; }

    /// <summary>Scopes consented to.</summary>
    public required List<string> Scopes { get; set; }

    /// <summary>Null means it stays.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }
}

/// <summary>What a token of the APIs is for; authentik's words.</summary>
public enum TokenIntent
{
    /// <summary>Bearer of both APIs.</summary>
    Api,

    /// <summary>A password for one app.</summary>
    AppPassword,

    /// <summary>Proof of an address; never made by the API.</summary>
    Verification,

    /// <summary>A way back in; never made by the API.</summary>
    Recovery,
}

/// <summary>A bearer token of a user for the two REST APIs.</summary>
public sealed class ApiToken
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique lookup name.</summary>
    public required string Identifier { get; set; }

    /// <summary>Whose.</summary>
    public required int UserId { get; init; }

    /// <summary>What for.</summary>
    public TokenIntent Intent { get; init; }

    /// <summary>SHA-256 of the key, lower-case hex.</summary>
    public required string KeyHash { get; set; }

    /// <summary>The key, sealed, since its owner may see it again; null when it was never known whole.</summary>
    public byte[]? SealedKey { get; set; }

    /// <summary>Null means it does not expire.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>Description; may be empty.</summary>
    public string Description { get; set; } = "";

    /// <summary>Set on tokens that something else looks after; authentik's managed id.</summary>
    public string? Managed { get; set; }
}

/// <summary>A one-use link that lets somebody in: first set-up, or recovery from the machine itself.</summary>
public sealed class OneTimeLink
{
    /// <summary>SHA-256 of the link's token, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary><c>setup</c> or <c>recovery</c>.</summary>
    public required string Purpose { get; init; }

    /// <summary>For whom.</summary>
    public required int UserId { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Null means unused.</summary>
    public DateTimeOffset? UsedAt { get; set; }
}
