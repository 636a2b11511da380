using System.Data.Common;
using Gatehouse.Store.Connections;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Start;

/// <summary>Brings the tables to what this build expects, and refuses a database that a newer build has changed.</summary>
internal sealed partial class Schema(IDbContextFactory<GatehouseDb> databases, DatabaseTarget target, ILogger<Schema> logger)
{
    private static readonly TimeSpan LongestMigration = TimeSpan.FromMinutes(30);

    /// <summary>Migrates when something is pending; else costs one cheap query.</summary>
    /// <exception cref="StoreFaultException">The database is newer than this build, or can't be reached.</exception>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        MakeFile();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await PendingAsync(db, cancellationToken) is { Count: > 0 } pending)
        {
            LogMigrating(target.ShownAs, pending.Count);
            await MigrateAsync(db, cancellationToken);
        }
    }

    /// <summary>Looks, and changes nothing.</summary>
    /// <exception cref="StoreFaultException">The database is not one that this build can use as it is.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (target.File is { } file && !File.Exists(file))
        {
            throw new StoreFaultException($"There is no database at {file}. Is --data right? 'gatehouse up' makes one.");
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await PendingAsync(db, cancellationToken) is { Count: > 0 } pending)
        {
            throw new StoreFaultException($"The database {target.ShownAs} lacks {pending.Count} migrations of this build. 'gatehouse up' brings it up to date.");
        }
    }

    // Made here for its mode: SQLite would make it readable to others, and gives its -wal and -shm the mode of the file.
    private void MakeFile()
    {
        if (target.File is { } file && !File.Exists(file))
        {
            var create = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var made = new FileStream(file, create);
        }
    }

    private async Task<List<string>> PendingAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var known = db.Database.GetMigrations().ToList();
        var applied = await AppliedAsync(db, cancellationToken);
        var unknown = applied.Except(known, StringComparer.Ordinal).ToList();
        return unknown.Count == 0
            ? [.. known.Except(applied, StringComparer.Ordinal)]
            : throw new StoreFaultException(
                $"The database {target.ShownAs} was changed by a newer Gatehouse: it has {string.Join(", ", unknown)}, which this build does not know. "
                + "Nothing was touched. Run the newer build again, or restore a backup from before the upgrade.");
    }

    private async Task<List<string>> AppliedAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        try
        {
            await db.Database.OpenConnectionAsync(cancellationToken);
            var connection = db.Database.GetDbConnection();
            var exists = target.IsPostgres
                ? """SELECT count(*) FROM pg_class WHERE oid = to_regclass('"__EFMigrationsHistory"')"""
                : "SELECT count(*) FROM sqlite_master WHERE name = '__EFMigrationsHistory'";
            return (await ReadAsync(connection, exists, cancellationToken))[0] == "0"
                ? []
                : await ReadAsync(connection, """SELECT "MigrationId" FROM "__EFMigrationsHistory" ORDER BY 1""", cancellationToken);
        }
        catch (DbException missing) when (missing.SqlState == SqlStates.InvalidCatalogName)
        {
            return []; // the database itself is still to be made
        }
        catch (SqliteException failure)
        {
            throw new StoreFaultException($"The database {target.ShownAs} can't be used: {failure.Message}. Check that it is the file of a Gatehouse and that its folder can be written, or restore a backup.", failure);
        }
        catch (DbException failure)
        {
            throw new StoreFaultException($"The database {target.ShownAs} can't be used: {failure.Message} Check --database and that PostgreSQL is running.", failure);
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA2100", Justification = "The text is one of the constants above.")]
    private static async Task<List<string>> ReadAsync(DbConnection connection, string query, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = query;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(Convert.ToString(reader.GetValue(0), System.Globalization.CultureInfo.InvariantCulture)!); // neither column is nullable
        }

        return rows;
    }

    private async Task MigrateAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        db.Database.SetCommandTimeout(LongestMigration);
        if (target.File is { } file)
        {
            // Held by the kernel, so it ends with the process. EF's own lock is a row that a killed process leaves behind, and waits for it forever.
            await using var alone = await LockFileAsync(file + ".migrating", cancellationToken);
            await db.Database.ExecuteSqlAsync($"""DROP TABLE IF EXISTS "__EFMigrationsLock" """, cancellationToken);
            await db.Database.MigrateAsync(cancellationToken);
            return;
        }

        await MakeDatabaseAsync(db, cancellationToken);
        await db.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({Transactions.AdvisoryLock})", cancellationToken);
            await db.Database.MigrateAsync(cancellationToken);
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({Transactions.AdvisoryLock})", cancellationToken);
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }

    private static async Task MakeDatabaseAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var creator = db.GetService<IRelationalDatabaseCreator>();
        try
        {
            if (!await creator.ExistsAsync(cancellationToken))
            {
                await creator.CreateAsync(cancellationToken);
            }
        }
        catch (DbException race) when (race.SqlState is SqlStates.DuplicateDatabase or SqlStates.UniqueViolation)
        {
            // Another node has just made it.
        }
    }

    private static async Task<FileStream> LockFileAsync(string path, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (IOException) when (tries < 600)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
            }
        }
    }

    [LoggerMessage(EventId = 6001, Level = LogLevel.Information, Message = "Migrating {Database}: {Count} steps")]
    private partial void LogMigrating(string database, int count);
}
