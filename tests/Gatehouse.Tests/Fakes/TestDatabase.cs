using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Fakes;

/// <summary>A fresh SQLite database in a temporary folder, for tests of what runs on any database.</summary>
public sealed class TestDatabase : IDbContextFactory<GatehouseDb>, IDisposable
{
    // Laying a hundred tables takes longer than most tests: it is done once, and each test gets a copy of the file.
    private static readonly Lazy<byte[]> Empty = new(LayTables);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gatehouse-test-");
    private readonly DbContextOptions<SqliteDb> options;

    /// <summary>Makes the file with its tables.</summary>
    public TestDatabase()
    {
        var path = PathIn(folder);
        File.WriteAllBytes(path, Empty.Value);
        options = Options(path);
    }

    /// <inheritdoc/>
    public GatehouseDb CreateDbContext() => new SqliteDb(options);

    /// <inheritdoc/>
    public void Dispose() => folder.Delete(recursive: true);

    private static string PathIn(DirectoryInfo folder) => Path.Combine(folder.FullName, "test.db");

    private static DbContextOptions<SqliteDb> Options(string path) => new DbContextOptionsBuilder<SqliteDb>().UseSqlite($"Data Source={path};Pooling=False").Options;

    private static byte[] LayTables()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-test-");
        try
        {
            using (var db = new SqliteDb(Options(PathIn(folder))))
            {
                db.Database.EnsureCreated();
            }

            return File.ReadAllBytes(PathIn(folder)); // the last connection has put the write-ahead log into it
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
