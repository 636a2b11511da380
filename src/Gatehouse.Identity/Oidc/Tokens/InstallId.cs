using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>Remembers the id of this installation, which never changes.</summary>
internal sealed class InstallId(IDbContextFactory<GatehouseDb> databases)
{
    private string? known;

    public async ValueTask<string> GetAsync(CancellationToken cancellationToken) => known ??= await ReadAsync(cancellationToken);

    private async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.InstallIdAsync(cancellationToken);
    }
}
