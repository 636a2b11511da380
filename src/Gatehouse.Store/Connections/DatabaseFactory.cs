using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Connections;

/// <summary>Hands out contexts of the database in use under their common type.</summary>
internal sealed class DatabaseFactory<TDb>(IDbContextFactory<TDb> factory) : IDbContextFactory<GatehouseDb>
    where TDb : GatehouseDb
{
    /// <inheritdoc/>
    public GatehouseDb CreateDbContext() => factory.CreateDbContext();

    /// <inheritdoc/>
    public async Task<GatehouseDb> CreateDbContextAsync(CancellationToken cancellationToken = default) =>
        await factory.CreateDbContextAsync(cancellationToken);
}
