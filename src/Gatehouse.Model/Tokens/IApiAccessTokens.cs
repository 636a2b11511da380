namespace Gatehouse.Model.Tokens;

/// <summary>Whom an OAuth access token lets call the API.</summary>
/// <param name="UserId">The person who granted it.</param>
/// <param name="TokenId">Its grant.</param>
/// <param name="ExpiresAt">When it ends.</param>
public sealed record ApiAccess(int UserId, Guid TokenId, DateTimeOffset ExpiresAt);

/// <summary>Checks OAuth access tokens for the API: whoever issues them knows how.</summary>
public interface IApiAccessTokens
{
    /// <summary>Scope without which a token is of no use here; authentik's name.</summary>
    const string Scope = "goauthentik.io/api";

    /// <summary>The access that <paramref name="token"/> gives; null when it does not stand, or lacks <see cref="Scope"/>.</summary>
    Task<ApiAccess?> FindAsync(string token, CancellationToken cancellationToken);
}
