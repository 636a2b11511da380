using System.Collections.Frozen;
using Gatehouse.Model.Snapshots;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Snapshots;

/// <summary>Reads the sessions that were ended and whose tokens may still be alive.</summary>
internal sealed class RevocationReader(IDbContextFactory<GatehouseDb> databases, TimeProvider clock, ILogger<RevocationReader> logger)
    : TableReader<RevocationTable>(databases, clock, logger)
{
    private readonly TimeProvider clock = clock;

    /// <inheritdoc/>
    public override string Topic => Gatehouse.Model.Snapshots.Topic.Revocations;

    /// <inheritdoc/>
    protected override async Task<RevocationTable> ReadAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var nonces = await db.AccessSessions.Where(s => s.RevokedAt != null && s.ForgetAt > now).Select(s => s.Nonce).ToListAsync(cancellationToken);
        return new RevocationTable(nonces.ToFrozenSet(StringComparer.Ordinal));
    }
}
