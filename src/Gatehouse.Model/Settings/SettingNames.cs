namespace Gatehouse.Model.Settings;

/// <summary>The names under which facts of the installation are kept (see <see cref="Setting"/> and <see cref="SealedSecret"/>).</summary>
public static class SettingNames
{
    /// <summary>Random id of this installation; part of users' stable subject ids, so it never changes.</summary>
    public const string InstallId = "install_id";

    /// <summary>Set once the first administrator was set up; never taken back.</summary>
    public const string SetupDone = "setup_done";

    /// <summary>Version of the seeds that were laid.</summary>
    public const string Seeds = "seeds";

    /// <summary>Domain and port of the last start, under which the guide was performed on Gatehouse itself: <c>localhost:8443</c>.</summary>
    public const string Guide = "guide";

    /// <summary>Fingerprint of the root key the database is sealed with. Says which key it was, not what it is.</summary>
    public const string RootKeyFingerprint = "root_key_fingerprint";

    /// <summary>Name of the sealed secret that proves the root key.</summary>
    public const string Canary = "canary";

    /// <summary>Name of the sealed secret that holds the local certificate authority.</summary>
    public const string LocalCa = "tls.local-ca";

    /// <summary>Name of the sealed secret that holds the password of the demo's user, so that each start can print it.</summary>
    public const string DemoPassword = "demo_password";
}
