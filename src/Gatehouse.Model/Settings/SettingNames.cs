namespace Gatehouse.Model.Settings;

/// <summary>The names under which facts of the installation are kept (see <see cref="Setting"/>).</summary>
public static class SettingNames
{
    /// <summary>Random and fixed for good; part of what users' stable subject ids are made from.</summary>
    public const string InstallId = "install_id";

    /// <summary>Set once the first administrator was set up; never taken back.</summary>
    public const string SetupDone = "setup_done";
}
