namespace Gatehouse.Store.Seeds;

/// <summary>
/// What was added to the seeds after the first version, for installations that were laid before. Each is laid once, in order, under the version
/// that <see cref="FirstSeeds"/> records; it must leave alone what an administrator changed or deleted. A fresh installation has it already.
/// </summary>
internal static class LaterSeeds
{
    /// <summary>The version of a fresh installation.</summary>
    public const int Latest = 2;

    private static readonly (int Version, Func<GatehouseDb, DateTimeOffset, CancellationToken, Task> Lay)[] Steps =
    [
        (2, NotificationSeeds.BindAsync),
    ];

    /// <summary>Prepares what an installation of <paramref name="version"/> lacks; to be saved by the caller.</summary>
    public static async Task LayAsync(GatehouseDb db, int version, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var (_, lay) in Steps.Where(s => s.Version > version))
        {
            await lay(db, now, cancellationToken);
        }
    }
}
