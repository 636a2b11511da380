using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Tokens;

/// <summary>What kind of token of ours it is: the <c>type</c> claim.</summary>
internal enum TokenType
{
    /// <summary>For one app.</summary>
    App,

    /// <summary>For the team domain.</summary>
    Org,
}

/// <summary>A token of ours whose signature, issuer and times stand. Whether it was revoked, and for which app it is, is the caller's question.</summary>
/// <param name="Audience">The AUD tag it is for.</param>
/// <param name="Subject">The user's id; empty for a service.</param>
/// <param name="Email">Canonical address; null for a service.</param>
/// <param name="IdentityNonce">Names the session; null for a service.</param>
/// <param name="PolicyHash">The policies it was issued under; see <c>AppEntry.PolicyHash</c>. Null for a service.</param>
/// <param name="Host">The <see cref="HostMark"/> of the host it was issued for; null for a service.</param>
internal sealed record VerifiedToken(
    TokenType Type, string Audience, string Subject, string? Email, string? IdentityNonce, string? PolicyHash, string? Host, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt)
{
    /// <summary>Client id of the service token that a service proved itself by; null for a person, and for a service that came otherwise.</summary>
    public string? ServiceTokenId { get; init; }

    /// <summary>Which secret of the service token was shown; 0, which none has, for others.</summary>
    public int SecretVersion { get; init; }

    /// <summary>The app's epoch when it was issued; null when it counts only together with a cookie that the app's host alone is shown.</summary>
    public int? Epoch { get; init; }

    /// <summary>Whether it still stands for its holder where nothing but the token is shown, away from its host.</summary>
    public bool IsEnough(AppEntry app) => Type == TokenType.App && Epoch == app.App.TokenEpoch && (IdentityNonce is null || !app.App.BindingCookie);

    /// <summary>Common name of a service: its client id, or that of its certificate.</summary>
    public string? CommonName { get; init; }
}
