namespace Gatehouse.Model.Settings;

/// <summary>Names of the settings and sealed secrets that the store itself keeps.</summary>
public static class SettingNames
{
    /// <summary>Random id of this installation; part of hashed user ids, so it never changes.</summary>
    public const string InstallId = "install_id";

    /// <summary>Version of the seeds that were laid.</summary>
    public const string Seeds = "seeds";

    /// <summary>Domain and port under which the guide was last performed on Gatehouse itself: <c>localhost:8443</c>.</summary>
    public const string Guide = "guide";

    /// <summary>Fingerprint of the root key the database is sealed with. Says which key it was, not what it is.</summary>
    public const string RootKeyFingerprint = "root_key_fingerprint";

    /// <summary>Name of the sealed secret that proves the root key.</summary>
    public const string Canary = "canary";
}
