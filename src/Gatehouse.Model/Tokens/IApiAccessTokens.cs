namespace Gatehouse.Model.Tokens;

/// <summary>An OAuth access token that stands.</summary>
/// <param name="GrantId">What was granted.</param>
/// <param name="UserId">For whom it stands.</param>
/// <param name="ExpiresAt">When it ends.</param>
public sealed record ApiAccess(Guid GrantId, int UserId, DateTimeOffset ExpiresAt);

/// <summary>Identity's answer to authentik's API: whether an OAuth access token may call it.</summary>
public interface IApiAccessTokens
{
    /// <summary>Whom <paramref name="token"/> stands for; null unless it stands, is no other's to prove, and carries the scope <c>goauthentik.io/api</c>.</summary>
    Task<ApiAccess?> FindAsync(string token, CancellationToken cancellationToken);
}
