using System.Security.Cryptography;
using System.Text;
using Gatehouse.Management.Users;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Tokens;

/// <summary>Who calls an API: an active user, by one of their API tokens.</summary>
internal sealed record ApiCaller(int UserId, bool IsSuperuser, Guid TokenId, DateTimeOffset? TokenExpiresAt);

/// <summary>Finds the caller behind a bearer key.</summary>
internal sealed class FindCaller(GatehouseDb db, SuperuserGroups superusers, IEnumerable<IApiAccessTokens> accessTokens, TimeProvider clock)
{
    /// <summary>The caller; null when the key is unknown, expired, not for the APIs, or its user is inactive.</summary>
    public async Task<ApiCaller?> RunAsync(string key, CancellationToken cancellationToken)
    {
        // JWTs have dots, keys of ours have none. Without the role Identity nobody reads them.
        if (key.Contains('.', StringComparison.Ordinal))
        {
            foreach (var reader in accessTokens)
            {
                if (await reader.FindAsync(key, cancellationToken) is { } access)
                {
                    return new ApiCaller(access.UserId, await superusers.HoldAsync(access.UserId, cancellationToken), access.GrantId, access.ExpiresAt);
                }
            }
        }

        var hash = HashOf(key);
        var now = clock.GetUtcNow();
        var found = await (
            from token in db.ApiTokens
            join user in db.Users on token.UserId equals user.Id
            where token.KeyHash == hash && token.Intent == TokenIntent.Api && user.IsActive && (token.ExpiresAt == null || token.ExpiresAt > now)
            select new { user.Id, TokenId = token.Id, token.ExpiresAt }).SingleOrDefaultAsync(cancellationToken);
        return found is null
            ? null
            : new ApiCaller(found.Id, await superusers.HoldAsync(found.Id, cancellationToken), found.TokenId, found.ExpiresAt);
    }

    /// <summary>The form in which keys are kept: SHA-256, lower-case hex.</summary>
    public static string HashOf(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
