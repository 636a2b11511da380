using System.Security.Cryptography;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Store;
using Gatehouse.Store.Start;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gatehouse.Tests.Fakes;

/// <summary>The databases there are.</summary>
public enum DatabaseKind
{
    /// <summary>A file.</summary>
    Sqlite,

    /// <summary>A server.</summary>
    Postgres,
}

/// <summary>Test data: each database once. PostgreSQL is skipped where there is none, but never in CI.</summary>
internal static class Databases
{
    private const string Variable = "GATEHOUSE_TEST_POSTGRES";

    /// <summary>URL of the server that tests make their databases on; null means none.</summary>
    public static string? Server => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } url ? url : null;

    /// <summary>Both.</summary>
    public static TheoryData<DatabaseKind> Both => [Row(DatabaseKind.Sqlite), Row(DatabaseKind.Postgres)];

    /// <summary>PostgreSQL only, for what needs two nodes.</summary>
    public static TheoryData<DatabaseKind> Postgres => [Row(DatabaseKind.Postgres)];

    private static bool IsCi => Environment.GetEnvironmentVariable("CI") == "true";

    private static TheoryDataRow<DatabaseKind> Row(DatabaseKind kind) => new(kind)
    {
        Skip = kind == DatabaseKind.Postgres && Server is null && !IsCi ? $"{Variable} is not set: export {Variable}=$(tests/postgres.sh start)" : null,
    };
}

/// <summary>A whole store in a folder and a database of its own, wired as in the product.</summary>
internal sealed class TestStore : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gatehouse-store-");
    private readonly TestStore? owner;
    private readonly string? database;
    private ServiceProvider? services;

    private TestStore(DatabaseKind kind, TestStore? owner)
    {
        Kind = kind;
        this.owner = owner;
        database = kind == DatabaseKind.Postgres ? owner?.database ?? MakeDatabase() : null;
    }

    /// <summary>Which database.</summary>
    public DatabaseKind Kind { get; }

    /// <summary>The data folder.</summary>
    public string Folder => owner is not null && Kind == DatabaseKind.Sqlite ? owner.Folder : folder.FullName;

    /// <summary>The database URL; null on SQLite.</summary>
    public string? DatabaseUrl => database;

    /// <summary>What was logged.</summary>
    public LogLines Log { get; } = new();

    /// <summary>Its clock.</summary>
    public TimeProvider Clock { get; private init; } = TimeProvider.System;

    /// <summary>Its services.</summary>
    public ServiceProvider Services => services ??= Wire(new PublicUrls("localhost", 8443));

    /// <summary>Its box.</summary>
    public ISecretBox Box => Get<ISecretBox>();

    /// <summary>An empty database; nothing is made yet.</summary>
    public static TestStore Empty(DatabaseKind kind, TimeProvider? clock = null) => new(kind, owner: null) { Clock = clock ?? TimeProvider.System };

    /// <summary>A store that was started.</summary>
    public static async Task<TestStore> StartAsync(DatabaseKind kind, TimeProvider? clock = null)
    {
        var store = Empty(kind, clock);
        await store.Get<StoreStart>().RunAsync(TestContext.Current.CancellationToken);
        return store;
    }

    /// <summary>A second node over the same database, with the same root key, started.</summary>
    public async Task<TestStore> StartNodeAsync()
    {
        var node = new TestStore(Kind, this) { Clock = Clock };
        if (Kind == DatabaseKind.Postgres)
        {
            File.Copy(Path.Combine(Folder, "root.key"), Path.Combine(node.Folder, "root.key"));
        }

        await node.Get<StoreStart>().RunAsync(TestContext.Current.CancellationToken);
        return node;
    }

    /// <summary>A service.</summary>
    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>A fresh context.</summary>
    public GatehouseDb Open() => Get<IDbContextFactory<GatehouseDb>>().CreateDbContext();

    /// <summary>Ends the process, as it were, and begins another on the same data.</summary>
    public async Task RestartAsync(PublicUrls? urls = null, string? secretKey = null)
    {
        await StopAsync();
        services = Wire(urls ?? new PublicUrls("localhost", 8443), secretKey);
    }

    /// <summary>Starts the background services.</summary>
    public async Task StartLoopsAsync()
    {
        foreach (var service in Services.GetServices<IHostedService>())
        {
            await service.StartAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Stops the background services.</summary>
    public Task StopLoopsAsync() => StopLoopsAsync(TimeSpan.FromSeconds(30));

    /// <summary>Stops them, with a host that has this much time left.</summary>
    public async Task StopLoopsAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience); // of zero: over already
        foreach (var service in Services.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(limit.Token);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        folder.Delete(recursive: true);
        if (database is not null && owner is null)
        {
            Administer($"DROP DATABASE IF EXISTS \"{NameOf(database)}\" WITH (FORCE)");
        }
    }

    private static string NameOf(string url) => new Uri(url).AbsolutePath.Trim('/');

    private static string MakeDatabase()
    {
        var name = "test_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
        Administer($"CREATE DATABASE \"{name}\"");
        var url = new UriBuilder(Databases.Server!) { Path = name }; // Administer has thrown without a server
        url.Query += "&connect_timeout=30&command_timeout=30"; // no test is about a machine that has much to do
        return url.Uri.AbsoluteUri;
    }

    private static void Administer(string sql)
    {
        var server = Databases.Server ?? throw new InvalidOperationException("GATEHOUSE_TEST_POSTGRES must be set in CI");
        Assert.True(Gatehouse.Store.Connections.PostgresUrl.TryParse(server, out var builder, out var fault), fault);
        (builder!.Timeout, builder.CommandTimeout) = (60, 60);
        using var connection = new NpgsqlConnection(builder.ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the name is ours and hexadecimal
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private ServiceProvider Wire(PublicUrls urls, string? secretKey = null)
    {
        var made = new ServiceCollection();
        made.AddSingleton(Clock);
        made.AddSingleton(urls);
        made.AddLogging(b => b.SetMinimumLevel(LogLevel.Debug).AddProvider(Log));
        made.AddStore(new StoreOptions { DataFolder = Folder, Database = database, SecretKey = secretKey, PollEvery = TimeSpan.FromMilliseconds(200), IsShared = Kind == DatabaseKind.Sqlite ? true : null, Node = folder.FullName });
        return made.BuildServiceProvider();
    }

    private async Task StopAsync()
    {
        if (services is not null)
        {
            await services.DisposeAsync();
            services = null;
        }

        // Pooled connections outlive the services that opened them.
        if (Kind == DatabaseKind.Sqlite)
        {
            using var connection = new SqliteConnection(Gatehouse.Store.Connections.DatabaseTarget.Of(new StoreOptions { DataFolder = Folder }).ConnectionString);
            SqliteConnection.ClearPool(connection);
        }
        else if (Gatehouse.Store.Connections.PostgresUrl.TryParse(database!, out var builder, out _))
        {
            await using var connection = new NpgsqlConnection(builder.ConnectionString);
            NpgsqlConnection.ClearPool(connection);
        }
    }
}
