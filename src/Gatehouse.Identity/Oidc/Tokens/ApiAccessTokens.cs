using Gatehouse.Model.Tokens;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>Lets the API take our access tokens as credentials of whoever granted them.</summary>
internal sealed class ApiAccessTokens(AccessTokens tokens) : IApiAccessTokens
{
    /// <inheritdoc/>
    public async Task<ApiAccess?> FindAsync(string token, CancellationToken cancellationToken) =>
        await tokens.FindAccessAsync(token, cancellationToken) is { Row: var row, Access: var access } && row.Scopes.Contains(IApiAccessTokens.Scope)
            ? new ApiAccess(access.Grant.UserId, row.GrantId, row.ExpiresAt)
            : null;
}
