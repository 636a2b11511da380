using System.Data.Common;
using Gatehouse.Store.Connections;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store;

/// <summary>Tells a lost race for a unique value from a failure, so that operations can answer with a typed outcome.</summary>
public static class UniqueViolation
{
    private const int SqliteUnique = 2067; // SQLITE_CONSTRAINT_UNIQUE
    private const int SqlitePrimaryKey = 1555; // SQLITE_CONSTRAINT_PRIMARYKEY

    /// <summary>Whether the save failed because a unique index or primary key already holds the value.</summary>
    public static bool Is(DbUpdateException failure) => failure.InnerException switch
    {
        SqliteException sqlite => sqlite.SqliteExtendedErrorCode is SqliteUnique or SqlitePrimaryKey,
        DbException { SqlState: SqlStates.UniqueViolation } => true,
        _ => false,
    };
}
