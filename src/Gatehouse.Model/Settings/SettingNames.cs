namespace Gatehouse.Model.Settings;

/// <summary>Names of <see cref="Setting"/> rows that more than one role reads.</summary>
public static class SettingNames
{
    /// <summary>The row exists once the first administrator has been set up. It never goes away, whatever becomes of that user.</summary>
    public const string SetupDone = "setup_done";
}
