using Gatehouse.Model.Settings;

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
    /// <summary>Saves what <paramref name="db"/> tracks, durably, and brings the tables of <paramref name="topic"/> up to date on this node.</summary>
    public async Task SaveAsync(GatehouseDb db, string topic, CancellationToken cancellationToken)
    {
        var revision = await db.Revisions.FindAsync([topic], cancellationToken);
        if (revision is null)
        {
            db.Revisions.Add(new Revision { Topic = topic, Value = 1 });
        }
        else
        {
            revision.Value++;
        }

        await db.SaveChangesAsync(cancellationToken);
        foreach (var table in tables)
        {
            if (table.Topic == topic)
            {
                await table.ReloadAsync(CancellationToken.None); // saved already: the caller going away must not leave an old table
            }
        }
    }
}
