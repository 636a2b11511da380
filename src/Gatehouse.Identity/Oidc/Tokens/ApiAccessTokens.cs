using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>
/// Lets access tokens with the scope of the API call it. Those bound to a key can't: the API does not ask for proofs. Nor can those that an
/// administrator got by acting as somebody else: a token does not show who stands behind it.
/// </summary>
internal sealed class ApiAccessTokens(AccessTokens tokens) : IApiAccessTokens
{
    public async Task<ApiAccess?> FindAsync(string token, CancellationToken cancellationToken) =>
        await tokens.FindAccessAsync(token, cancellationToken) is { } found && found.Row.Scopes.Contains(ScopeNames.Api) && found.Access.Grant.KeyThumbprint is null
        && found.Access.Grant.ImpersonatorId is null
            ? new ApiAccess(found.Access.Grant.Id, found.Access.Person.User.Id, found.Row.ExpiresAt)
            : null;
}
