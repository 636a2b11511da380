namespace Gatehouse.Management.Uses;

/// <summary>Something that names another object, and what becomes of it when that goes.</summary>
/// <param name="App">App label, as events write it.</param>
/// <param name="Action">One of authentik's words: <c>cascade</c>, <c>cascade_many</c>, <c>set_null</c>, <c>left_dangling</c>.</param>
internal sealed record Use(string App, string Model, string Key, string Name, string Action)
{
    /// <summary>It goes, too.</summary>
    public const string Cascade = "cascade";

    /// <summary>It loses one entry of a list.</summary>
    public const string CascadeMany = "cascade_many";

    /// <summary>It names nothing afterwards.</summary>
    public const string SetNull = "set_null";

    /// <summary>It goes on naming what is gone; where that would do harm, the deletion is refused.</summary>
    public const string LeftDangling = "left_dangling";
}
