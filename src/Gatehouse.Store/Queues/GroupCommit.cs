using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.Store.Queues;

/// <summary>A small write of one request. May run more than once before it counts, so it changes nothing but the database it is given.</summary>
public delegate Task<T> GroupedWrite<T>(GatehouseDb db, CancellationToken cancellationToken);

/// <summary>
/// Runs small writes of many requests together on SQLite, so that they share one transaction and one flush to disk; each caller goes on
/// when its write is durable. PostgreSQL has its own group commit: there each write is a transaction of its own.
/// </summary>
public sealed class GroupCommit(IDbContextFactory<GatehouseDb> databases, TimeProvider clock) : BackgroundService
{
    // Bounds how long one commit takes; more than this wait for the next.
    private const int LargestGroup = 128;
    private const int MostWaiting = 8192;

    // Which database it is never changes; a context made to find out is one too many for each grant.
    private readonly Lazy<bool> isSqlite = new(() =>
    {
        using var db = databases.CreateDbContext();
        return db is SqliteDb;
    });

    private readonly Channel<Waiting> queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });

    /// <summary>Runs <paramref name="write"/>, saves what it added, and returns when that is durable. Throws what the write or the save throws; then nothing of it is kept.</summary>
    public async Task<T> RunAsync<T>(GroupedWrite<T> write, CancellationToken cancellationToken)
    {
        if (!isSqlite.Value)
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            return await AloneAsync(db, write, cancellationToken);
        }

        var waiting = new Waiting<T>(write);
        await queue.Writer.WriteAsync(waiting, cancellationToken);
        return await waiting.Ended.Task; // once queued it happens: who goes away now can't tell whether it did
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Writer.TryComplete();
        if (ExecuteTask is { } running)
        {
            await LastWrites.WaitAsync(running, clock, cancellationToken);
        }

        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // SQLite has no asynchronous I/O: the start of the host must not run the first group
        var group = new List<Waiting>(LargestGroup);
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (group.Count < LargestGroup && queue.Reader.TryRead(out var waiting))
            {
                group.Add(waiting);
            }

            await RunGroupAsync(group);
            group.Clear();
        }
    }

    private static async Task<T> AloneAsync<T>(GatehouseDb db, GroupedWrite<T> write, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var result = await write(db, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever fails, it is the answer to the callers whose writes these are.")]
    private async Task RunGroupAsync(List<Waiting> group)
    {
        try
        {
            await TogetherAsync(group);
            group.ForEach(w => w.Finish());
            return;
        }
        catch (Exception failure)
        {
            if (group.Count == 1)
            {
                group[0].Fail(failure);
                return;
            }
        }

        // One of them spoils it for all: each by itself then, and the one gets its exception.
        foreach (var waiting in group)
        {
            await RunGroupAsync([waiting]);
        }
    }

    private async Task TogetherAsync(List<Waiting> group)
    {
        await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
        await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);
        foreach (var waiting in group)
        {
            await waiting.WriteAsync(db);
        }

        await db.SaveChangesAsync(CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
    }

    private abstract class Waiting
    {
        public abstract Task WriteAsync(GatehouseDb db);

        public abstract void Finish();

        public abstract void Fail(Exception failure);
    }

    private sealed class Waiting<T>(GroupedWrite<T> write) : Waiting
    {
        private T? result;

        public TaskCompletionSource<T> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async Task WriteAsync(GatehouseDb db) => result = await write(db, CancellationToken.None);

        public override void Finish() => Ended.TrySetResult(result!); // set by WriteAsync

        public override void Fail(Exception failure) => Ended.TrySetException(failure);
    }
}
