using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Snapshots;

/// <summary>Moves revisions on and reads them.</summary>
internal static class Revisions
{
    /// <summary>The PostgreSQL channel on which changes are announced; the payload is the topic.</summary>
    public const string Channel = "gatehouse";

    /// <summary>Counts one change of <paramref name="topic"/> in the open transaction; nodes that listen hear of it at the commit.</summary>
    public static async Task BumpAsync(GatehouseDb db, string topic, CancellationToken cancellationToken)
    {
        // One statement, so that no two writers can count from the same value.
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO revisions ("Topic", "Value") VALUES ({topic}, 1)
            ON CONFLICT ("Topic") DO UPDATE SET "Value" = revisions."Value" + 1
            """,
            cancellationToken);
        if (db is PostgresDb)
        {
            await db.Database.ExecuteSqlAsync($"SELECT pg_notify({Channel}, {topic})", cancellationToken);
        }
    }

    /// <summary>The revision of one topic; zero before its first change.</summary>
    public static Task<long> OfAsync(GatehouseDb db, string topic, CancellationToken cancellationToken) =>
        db.Revisions.Where(r => r.Topic == topic).Select(r => r.Value).FirstOrDefaultAsync(cancellationToken);

    /// <summary>The revisions of all topics that ever changed.</summary>
    public static Task<Dictionary<string, long>> AllAsync(GatehouseDb db, CancellationToken cancellationToken) =>
        db.Revisions.AsNoTracking().ToDictionaryAsync(r => r.Topic, r => r.Value, cancellationToken);
}
