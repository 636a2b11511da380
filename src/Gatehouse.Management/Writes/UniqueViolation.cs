using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Writes;

/// <summary>Tells a broken unique index from other faults of a save, on both databases.</summary>
internal static class UniqueViolation
{
    /// <summary>Whether the save failed because a unique value is taken (SQLITE_CONSTRAINT_UNIQUE/PRIMARYKEY, SQLSTATE 23505).</summary>
    public static bool Is(DbUpdateException fault) => fault.InnerException switch
    {
        Microsoft.Data.Sqlite.SqliteException sqlite => sqlite.SqliteExtendedErrorCode is 2067 or 1555,
        DbException { SqlState: "23505" } => true,
        _ => false,
    };
}
