namespace Gatehouse.Store.Snapshots;

/// <summary>A table in memory that can be read anew from the store.</summary>
public interface IReloadable
{
    /// <summary>The topic whose changes make it old.</summary>
    string Topic { get; }

    /// <summary>Reads the rows and swaps the table. Returns when the new table is in force on this node.</summary>
    Task ReloadAsync(CancellationToken cancellationToken);
}

/// <summary>Saves changes and lets every node know: the revision moves on in the same transaction, this node reloads before the call returns.</summary>
public sealed class ChangeFeed(IEnumerable<IReloadable> tables)
{
    /// <summary>
    /// Saves what <paramref name="db"/> tracks, durably, and brings the tables of <paramref name="topic"/> up to date on this node.
    /// A transaction that is open on <paramref name="db"/> is committed with it. Throws what a save throws, and then nothing is saved;
    /// throws what a reload throws when the change is saved but can't be brought in force here, and then the watcher goes on trying.
    /// </summary>
    public Task SaveAsync(GatehouseDb db, string topic, CancellationToken cancellationToken) => SaveAsync(db, [topic], cancellationToken);

    /// <summary>The same for a change that makes the tables of several topics old.</summary>
    public async Task SaveAsync(GatehouseDb db, IReadOnlyCollection<string> topics, CancellationToken cancellationToken)
    {
        await using (var transaction = db.Database.CurrentTransaction ?? await db.Database.BeginTransactionAsync(cancellationToken))
        {
            await db.SaveChangesAsync(cancellationToken);

            // Last, so that the row's lock, which lines up the writers of a topic, is held as briefly as can be. In one order for all.
            foreach (var topic in topics.Order(StringComparer.Ordinal))
            {
                await Revisions.BumpAsync(db, topic, cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
        }

        foreach (var table in tables)
        {
            if (topics.Contains(table.Topic))
            {
                await table.ReloadAsync(CancellationToken.None); // saved already: the caller going away must not leave an old table
            }
        }
    }
}
