using System.Collections.Immutable;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store.Connections;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Snapshots;

/// <summary>A table that knows how new it is.</summary>
internal interface IRevisedTable : IReloadable
{
    /// <summary>The revision of the topic that its rows were read at; -1 before the first.</summary>
    long Revision { get; }

    /// <summary>The store said at <paramref name="at"/> that <paramref name="revision"/> is the newest.</summary>
    void Confirm(long revision, DateTimeOffset at);
}

/// <summary>Reads rows into an immutable table and swaps it whole. When reading fails, the last good table stays.</summary>
internal abstract partial class TableReader<T>(IDbContextFactory<GatehouseDb> databases, TimeProvider clock, ILogger logger)
    : ISnapshot<T>, IRevisedTable, IDisposable
    where T : class
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private ImmutableList<Action<T>> listeners = [];
    private volatile Loaded? loaded;
    private long confirmedAtTicks;
    private long asked;
    private long answered; // guarded by gate

    /// <inheritdoc/>
    public abstract string Topic { get; }

    /// <inheritdoc/>
    public T Current => loaded?.Table ?? throw new InvalidOperationException($"the {Topic} table has not been loaded: the store was not started");

    /// <inheritdoc/>
    public DateTimeOffset ConfirmedAt => new(Volatile.Read(ref confirmedAtTicks), TimeSpan.Zero);

    /// <inheritdoc/>
    public long Revision => loaded?.Revision ?? -1;

    /// <inheritdoc/>
    public IDisposable OnSwap(Action<T> action)
    {
        ImmutableInterlocked.Update(ref listeners, (list, added) => list.Add(added), action);
        return new Listening(this, action);
    }

    /// <inheritdoc/>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        var mine = Interlocked.Increment(ref asked);
        await gate.WaitAsync(cancellationToken);
        try
        {
            // A read that began after we asked has seen all that we want to see.
            if (answered < mine)
            {
                var covers = Volatile.Read(ref asked);
                await ReadAndSwapAsync(cancellationToken);
                answered = covers;
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Confirm(long revision, DateTimeOffset at)
    {
        if (Revision == revision)
        {
            MoveConfirmedAt(at);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();

    /// <summary>Reads the rows and makes the table. Never runs twice at once.</summary>
    protected abstract Task<T> ReadAsync(GatehouseDb db, CancellationToken cancellationToken);

    private async Task ReadAndSwapAsync(CancellationToken cancellationToken)
    {
        var began = clock.GetUtcNow();
        Loaded read;
        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            await using var transaction = await Transactions.BeginReadAsync(db, cancellationToken);
            var revision = await Revisions.OfAsync(db, Topic, cancellationToken);
            read = new Loaded(await ReadAsync(db, cancellationToken), revision);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(failure, Topic, Revision);
            throw;
        }

        loaded = read;
        MoveConfirmedAt(began);
        foreach (var listener in listeners)
        {
            Tell(listener, read.Table);
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "A listener that fails must not keep the others from hearing of the new table.")]
    private void Tell(Action<T> listener, T table)
    {
        try
        {
            listener(table);
        }
        catch (Exception failure)
        {
            LogListenerFailed(failure, Topic);
        }
    }

    // Never back: a slow reload must not undo a newer confirmation.
    private void MoveConfirmedAt(DateTimeOffset at)
    {
        var seen = Volatile.Read(ref confirmedAtTicks);
        while (at.UtcTicks > seen)
        {
            var before = Interlocked.CompareExchange(ref confirmedAtTicks, at.UtcTicks, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    [LoggerMessage(EventId = 6101, Level = LogLevel.Error, Message = "The {Topic} table can't be read; the one of revision {Revision} stays in force")]
    private partial void LogFailed(Exception failure, string topic, long revision);

    [LoggerMessage(EventId = 6102, Level = LogLevel.Error, Message = "A listener of the {Topic} table failed")]
    private partial void LogListenerFailed(Exception failure, string topic);

    private sealed record Loaded(T Table, long Revision);

    private sealed class Listening(TableReader<T> reader, Action<T> action) : IDisposable
    {
        public void Dispose() => ImmutableInterlocked.Update(ref reader.listeners, (list, removed) => list.Remove(removed), action);
    }
}
