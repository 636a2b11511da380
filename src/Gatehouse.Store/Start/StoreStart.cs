using Gatehouse.Model.Hosts;
using Gatehouse.Store.Seeds;
using Gatehouse.Store.Snapshots;

namespace Gatehouse.Store.Start;

/// <summary>Brings the store up, step by step. To be run before anything that reads it is started.</summary>
public sealed class StoreStart
{
    private readonly StoreOptions options;
    private readonly Schema schema;
    private readonly KeyCheck keys;
    private readonly FirstSeeds seeds;
    private readonly GuideOnItself guide;
    private readonly PublicUrls urls;
    private readonly IReadOnlyList<IReloadable> tables;

    internal StoreStart(StoreOptions options, Schema schema, KeyCheck keys, FirstSeeds seeds, GuideOnItself guide, PublicUrls urls, IEnumerable<IReloadable> tables)
    {
        this.options = options;
        this.schema = schema;
        this.keys = keys;
        this.seeds = seeds;
        this.guide = guide;
        this.urls = urls;
        this.tables = [.. tables];
    }

    /// <summary>Makes or updates the tables, checks the root key, lays the seeds, performs the guide on Gatehouse itself, and loads the tables in memory.</summary>
    /// <exception cref="StoreFaultException">The store can't be used; the message says why and what to do.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            MakeFolder();
            await schema.EnsureAsync(cancellationToken);
            await keys.EnsureAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreFaultException($"The data folder {Path.GetFullPath(options.DataFolder)} can't be used: {failure.Message} Expected a folder that this user may write to; --data names another.", failure);
        }

        await seeds.EnsureAsync(cancellationToken);
        await guide.EnsureAsync(urls, cancellationToken);

        // At once: the first read of each costs more in compiling than in reading, and SQLite would do it all on this thread.
        await Task.WhenAll(tables.Select(table => Task.Run(() => table.ReloadAsync(cancellationToken), cancellationToken)));
    }

    /// <summary>For a command beside the running process: checks that the store is one to work on, and changes nothing.</summary>
    /// <exception cref="StoreFaultException">The store can't be used; the message says why and what to do.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await schema.CheckAsync(cancellationToken);
        await keys.CheckAsync(cancellationToken);
    }

    private void MakeFolder()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(options.DataFolder);
        }
        else
        {
            Directory.CreateDirectory(options.DataFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
