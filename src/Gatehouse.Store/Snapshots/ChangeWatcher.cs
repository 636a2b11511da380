using System.Diagnostics.CodeAnalysis;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Snapshots;

/// <summary>Asks the database which revisions are the newest, reloads the tables that are old and confirms the others.</summary>
internal sealed partial class ChangeWatcher(
    IDbContextFactory<GatehouseDb> databases, IEnumerable<IReloadable> tables, ChangeSignal signal, StoreOptions options, TimeProvider clock, ILogger<ChangeWatcher> logger)
    : BackgroundService
{
    private readonly List<IReloadable> tables = [.. tables];

    // For tables that don't say which revision they were read at.
    private readonly Dictionary<IReloadable, long> seen = [];
    private bool isAway;

    /// <summary>Looks once.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var asked = clock.GetUtcNow();
        Dictionary<string, long> newest;
        await using (var db = await databases.CreateDbContextAsync(cancellationToken))
        {
            newest = await Revisions.AllAsync(db, cancellationToken);
        }

        foreach (var table in tables)
        {
            var revision = newest.GetValueOrDefault(table.Topic);
            if (RevisionOf(table) == revision)
            {
                (table as IRevisedTable)?.Confirm(revision, asked);
            }
            else
            {
                await ReloadAsync(table, revision, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await TryCheckAsync(stoppingToken);
            await signal.WaitAsync(options.PollEvery, clock, stoppingToken);
        }
    }

    private long RevisionOf(IReloadable table) => table is IRevisedTable revised ? revised.Revision : seen.GetValueOrDefault(table, -1);

    [SuppressMessage("Design", "CA1031", Justification = "The loop outlives any failure of the database; it is logged, and tables that stay unconfirmed fail closed.")]
    private async Task TryCheckAsync(CancellationToken stopping)
    {
        try
        {
            await CheckAsync(stopping);
            if (isAway)
            {
                isAway = false;
                LogBack();
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The end of the loop is seen by its condition.
        }
        catch (Exception failure)
        {
            isAway = true;
            LogAway(failure);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "One table that can't be read must not keep the others old; readers log, and the next look tries again.")]
    private async Task ReloadAsync(IReloadable table, long revision, CancellationToken cancellationToken)
    {
        try
        {
            await table.ReloadAsync(cancellationToken);
            seen[table] = revision;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogNotReloaded(failure, table.Topic);
        }
    }

    [LoggerMessage(EventId = 6111, Level = LogLevel.Error, Message = "The database can't be asked for changes; tables in memory stay as they are until they are too old to trust")]
    private partial void LogAway(Exception failure);

    [LoggerMessage(EventId = 6112, Level = LogLevel.Information, Message = "The database answers again")]
    private partial void LogBack();

    [LoggerMessage(EventId = 6113, Level = LogLevel.Error, Message = "A table of topic {Topic} is old and can't be reloaded; trying again soon")]
    private partial void LogNotReloaded(Exception failure, string topic);
}
