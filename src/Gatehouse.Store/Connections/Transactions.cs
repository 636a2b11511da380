using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Gatehouse.Store.Connections;

/// <summary>The two kinds of transaction that need more than EF's own.</summary>
internal static class Transactions
{
    /// <summary>"gatehous" in ASCII: the one advisory lock that Gatehouse takes on PostgreSQL.</summary>
    public const long AdvisoryLock = 0x6761746568_6f7573;

    /// <summary>Begins a transaction in which this node is alone: no other can be inside another one.</summary>
    public static async Task<IDbContextTransaction> BeginAloneAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        // On SQLite this is BEGIN IMMEDIATE, which is alone already.
        var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (db is PostgresDb)
        {
            db.Database.SetCommandTimeout(TimeSpan.FromMinutes(1)); // another node may be laying its seeds
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({AdvisoryLock})", cancellationToken);
        }

        return transaction;
    }

    /// <summary>Begins a transaction that reads one state of all tables and blocks no writer.</summary>
    [SuppressMessage("Performance", "CA1849", Justification = "Only the synchronous overload can begin a deferred transaction, and SQLite has no asynchronous I/O.")]
    public static async Task<ReadTransaction> BeginReadAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        var connection = db.Database.GetDbConnection();

        // EF would begin an IMMEDIATE one on SQLite, and so take the only write lock for reading.
        var transaction = connection is SqliteConnection sqlite
            ? sqlite.BeginTransaction(deferred: true)
            : await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await db.Database.UseTransactionAsync(transaction, cancellationToken);
        return new ReadTransaction(db, transaction);
    }
}

/// <summary>A transaction that only reads; ends when disposed.</summary>
internal sealed class ReadTransaction(GatehouseDb db, DbTransaction transaction) : IAsyncDisposable
{
    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await db.Database.UseTransactionAsync(null);
        await transaction.DisposeAsync();
        await db.Database.CloseConnectionAsync();
    }
}
