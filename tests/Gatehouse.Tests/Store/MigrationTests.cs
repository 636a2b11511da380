using Gatehouse.Model.Settings;
using Gatehouse.Store;
using Gatehouse.Store.Start;
using Gatehouse.Tests.Fakes;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Store;

public class MigrationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Make_exactly_the_tables_of_the_model(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();

        Assert.False(db.Database.HasPendingModelChanges(), "the model has changed: add a migration for both databases, see CONTRIBUTING");
        Assert.Empty(await db.Database.GetPendingMigrationsAsync(Cancel));
    }

    [Fact]
    public void Are_the_same_steps_on_both_databases()
    {
        using var sqlite = new SqliteDb(new DbContextOptionsBuilder<SqliteDb>().UseSqlite("Data Source=:memory:").Options);
        using var postgres = new PostgresDb(new DbContextOptionsBuilder<PostgresDb>().UseNpgsql("Host=localhost").Options);

        Assert.Equal(sqlite.Database.GetMigrations(), postgres.Database.GetMigrations());
        Assert.False(postgres.Database.HasPendingModelChanges()); // needs no server
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task R20_a_database_of_a_newer_build_is_refused_and_left_alone(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using (var db = store.Open())
        {
            await db.Database.ExecuteSqlAsync($"""INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion") VALUES ('29990101000000_Later', '99.0')""", Cancel);
            await db.Settings.Where(s => s.Name == SettingNames.Seeds).ExecuteDeleteAsync(Cancel);
        }

        await store.RestartAsync();
        var fault = await Assert.ThrowsAsync<StoreFaultException>(() => store.Get<StoreStart>().RunAsync(Cancel));

        Assert.Contains("29990101000000_Later", fault.Message, StringComparison.Ordinal);
        Assert.Contains("newer Gatehouse", fault.Message, StringComparison.Ordinal);
        await using var after = store.Open();
        Assert.False(await after.Settings.AnyAsync(s => s.Name == SettingNames.Seeds, Cancel)); // not laid again
    }

    [Fact]
    public async Task A_start_that_was_killed_while_migrating_does_not_block_the_next()
    {
        await using var store = TestStore.Empty(DatabaseKind.Sqlite);
        await using (var left = new SqliteConnection($"Data Source={Path.Combine(store.Folder, "gatehouse.db")};Pooling=False"))
        {
            await left.OpenAsync(Cancel);
            await using var command = left.CreateCommand();
            command.CommandText = """
                CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-01-01');
                """;
            await command.ExecuteNonQueryAsync(Cancel);
        }

        await store.Get<StoreStart>().RunAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task Every_sqlite_connection_is_durable_and_strict()
    {
        await using var store = await TestStore.StartAsync(DatabaseKind.Sqlite);
        for (var i = 0; i < 2; i++)
        {
            await using var db = store.Open();
            Assert.Equal("wal", await PragmaAsync(db, "journal_mode"));
            Assert.Equal("2", await PragmaAsync(db, "synchronous")); // FULL
            Assert.Equal("1", await PragmaAsync(db, "foreign_keys"));
            Assert.Equal("5000", await PragmaAsync(db, "busy_timeout"));
        }
    }

    [Fact]
    public async Task A_sqlite_transaction_holds_the_write_lock_from_its_beginning()
    {
        await using var store = await TestStore.StartAsync(DatabaseKind.Sqlite);
        await using var db = store.Open();
        await using var transaction = await db.Database.BeginTransactionAsync(Cancel);

        await using var other = new SqliteConnection($"Data Source={Path.Combine(store.Folder, "gatehouse.db")};Pooling=False;Default Timeout=1");
        await other.OpenAsync(Cancel);
        await using var command = other.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        var refused = await Assert.ThrowsAsync<SqliteException>(() => command.ExecuteNonQueryAsync(Cancel));

        Assert.Equal(5, refused.SqliteErrorCode); // SQLITE_BUSY
    }

    private static async Task<string> PragmaAsync(GatehouseDb db, string name)
    {
        await db.Database.OpenConnectionAsync(Cancel);
        await using var command = db.Database.GetDbConnection().CreateCommand();
#pragma warning disable CA2100 // the names above
        command.CommandText = $"PRAGMA {name}";
#pragma warning restore CA2100
        return Convert.ToString(await command.ExecuteScalarAsync(Cancel), System.Globalization.CultureInfo.InvariantCulture)!;
    }
}
