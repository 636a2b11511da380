using System.Net;
using Gatehouse.Management.Users;
using Gatehouse.Model.Events;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Tokens;

/// <summary>Finds the caller behind a scoped token.</summary>
internal sealed class FindScopedCaller(GatehouseDb db, SuperuserGroups superusers, TimeProvider clock)
{
    private static readonly TimeSpan UseEvery = TimeSpan.FromHours(1);

    /// <summary>The caller; null when the key is unknown, switched off, out of its time or place, or its maker may not do everything any more.</summary>
    public async Task<ApiCaller?> RunAsync(string key, IPAddress address, CancellationToken cancellationToken)
    {
        var hash = FindCaller.HashOf(key);
        var now = clock.GetUtcNow();
        if (await db.ScopedTokens.AsNoTracking().SingleOrDefaultAsync(t => t.KeyHash == hash, cancellationToken) is not { } token
            || token.IsDisabled || token.ExpiresAt <= now || token.NotBefore > now || !token.Takes(address)
            || await db.Users.Where(u => u.Id == token.UserId && u.IsActive).Select(u => new EventActor(u.Id, u.Username, u.Email)).SingleOrDefaultAsync(cancellationToken) is not { } who
            || !await superusers.HoldAsync(token.UserId, cancellationToken))
        {
            return null;
        }

        if (token.LastUsedAt is not { } used || now - used > UseEvery)
        {
            await db.ScopedTokens.Where(t => t.Id == token.Id).ExecuteUpdateAsync(t => t.SetProperty(x => x.LastUsedAt, now), cancellationToken);
        }

        return new ApiCaller(who, true, token.Id, token.ExpiresAt) { Scope = ScopeOf(token.Grants), NotBefore = token.NotBefore, AllowedAddresses = token.AllowedAddresses, RefusedAddresses = token.RefusedAddresses };
    }

    /// <summary>What statements come to: what is taken away is gone, whatever gives it.</summary>
    public static IReadOnlySet<string> ScopeOf(IReadOnlyList<TokenGrant> grants) => grants
        .Where(g => g.Allows).SelectMany(g => g.Groups)
        .Except(grants.Where(g => !g.Allows).SelectMany(g => g.Groups))
        .ToHashSet(StringComparer.Ordinal);
}
