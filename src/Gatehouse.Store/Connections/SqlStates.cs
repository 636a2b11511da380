namespace Gatehouse.Store.Connections;

/// <summary>PostgreSQL's error codes that mean something to us. By number, so that a start on SQLite does not load its driver.</summary>
internal static class SqlStates
{
    /// <summary>A unique index or primary key holds the value already.</summary>
    public const string UniqueViolation = "23505";

    /// <summary>There is no such database.</summary>
    public const string InvalidCatalogName = "3D000";

    /// <summary>There is such a database already.</summary>
    public const string DuplicateDatabase = "42P04";
}
