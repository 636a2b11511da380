using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Fakes;

/// <summary>A fresh SQLite database in a temporary folder, for tests of what runs on any database.</summary>
public sealed class TestDatabase : IDbContextFactory<GatehouseDb>, IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gatehouse-test-");
    private readonly DbContextOptions<SqliteDb> options;

    /// <summary>Makes the file and the tables.</summary>
    public TestDatabase()
    {
        options = new DbContextOptionsBuilder<SqliteDb>().UseSqlite($"Data Source={Path.Combine(folder.FullName, "test.db")};Pooling=False").Options;
        using var db = CreateDbContext();
        db.Database.EnsureCreated();
    }

    /// <inheritdoc/>
    public GatehouseDb CreateDbContext() => new SqliteDb(options);

    /// <inheritdoc/>
    public void Dispose() => folder.Delete(recursive: true);
}
