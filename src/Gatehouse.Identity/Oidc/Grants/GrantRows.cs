using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Providers;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Grants;

/// <summary>What the kinds of grant have in common.</summary>
internal static class GrantRows
{
    /// <summary>Ends a grant, and with it all its codes and tokens.</summary>
    public static Task<int> RevokeAsync(GatehouseDb db, Guid grantId, DateTimeOffset now, CancellationToken cancellationToken) =>
        db.Grants.Where(g => g.Id == grantId && g.RevokedAt == null).ExecuteUpdateAsync(g => g.SetProperty(x => x.RevokedAt, now), cancellationToken);

    /// <summary>Whether these scopes come with a refresh token.</summary>
    public static bool MayRefresh(Client client, IReadOnlyList<string> scopes) =>
        scopes.Contains(ScopeNames.OfflineAccess) && client.Offers(ScopeNames.OfflineAccess) && client.Allows(RefreshTokenGrant.GrantType);

    /// <summary>
    /// What may be granted in this browser. Whoever acts as somebody else gets nothing that outlives that, and nothing that changes the person:
    /// no refresh token, no token of the API, which would take it for the person's own, and no right to register clients.
    /// </summary>
    public static List<string> Grantable(IEnumerable<string> scopes, SignedInBrowser browser) =>
        [.. scopes.Where(s => !browser.IsImpersonating || s is not (ScopeNames.OfflineAccess or ScopeNames.Api or ScopeNames.Registration))];

    /// <summary>The scopes that are asked for and offered. Nothing asked for is nothing granted: nobody sees a page that would say what all of them are.</summary>
    public static List<string> ScopesOf(Client client, string? asked) =>
        [.. (asked ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct().Where(client.Offers)];
}
