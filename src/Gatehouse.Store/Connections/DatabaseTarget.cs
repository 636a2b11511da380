using Microsoft.Data.Sqlite;

namespace Gatehouse.Store.Connections;

/// <summary>Which database it is and how to reach it.</summary>
internal sealed class DatabaseTarget
{
    private DatabaseTarget(bool isPostgres, string connectionString, string shownAs, string? file)
    {
        IsPostgres = isPostgres;
        ConnectionString = connectionString;
        ShownAs = shownAs;
        File = file;
    }

    /// <summary>PostgreSQL, else SQLite.</summary>
    public bool IsPostgres { get; }

    /// <summary>For the provider; may hold a password.</summary>
    public string ConnectionString { get; }

    /// <summary>For messages; holds no password.</summary>
    public string ShownAs { get; }

    /// <summary>The file of a SQLite database.</summary>
    public string? File { get; }

    /// <summary>Reads the options.</summary>
    /// <exception cref="StoreFaultException">The URL can't be read.</exception>
    public static DatabaseTarget Of(StoreOptions options)
    {
        if (options.Database is null)
        {
            var file = Path.Combine(Path.GetFullPath(options.DataFolder), "gatehouse.db");

            // Nothing else opens the file, so the pool never waits on anyone but ourselves; the lock wait is set per connection.
            var sqlite = new SqliteConnectionStringBuilder { DataSource = file, ForeignKeys = true, DefaultTimeout = 10 };
            return new DatabaseTarget(isPostgres: false, sqlite.ConnectionString, file, file);
        }

        return PostgresUrl.TryParse(options.Database, out var postgres, out var fault)
            ? new DatabaseTarget(isPostgres: true, postgres.ConnectionString, $"{postgres.Database} at {postgres.Host}:{postgres.Port}", file: null)
            : throw new StoreFaultException(fault);
    }
}
