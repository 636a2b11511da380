using Gatehouse.Model.Flows;

namespace Gatehouse.Model.Stages;

/// <summary>Settings of the stage that asks for the password.</summary>
public static class PasswordSettings
{
    /// <summary>The password of the account.</summary>
    public const string Inbuilt = "authentik.core.auth.InbuiltBackend";

    /// <summary>App passwords.</summary>
    public const string Tokens = "authentik.core.auth.TokenBackend";

    private const string NotHere = "This backend is not supported: there are no such sources here.";

    public static readonly ChoicesField Backends = new("backends", [Inbuilt, Tokens], Inbuilt, Tokens)
    {
        IsRequired = true,
        Refused = new Dictionary<string, string>
        {
            ["authentik.sources.ldap.auth.LDAPBackend"] = NotHere,
            ["authentik.sources.kerberos.auth.KerberosBackend"] = NotHere,
        },
    };

    public static readonly ReferenceField ConfigureFlow = new("configure_flow", StageReference.Flow);
    public static readonly NumberField FailedAttempts = new("failed_attempts_before_cancel", 5, 1, 1000);
    public static readonly FlagField AllowShow = new("allow_show_password", false);

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(
        StageType.Password, "password", "Password Stage", Backends, ConfigureFlow, FailedAttempts, AllowShow)
    {
        Description = "Asks for the password.",
    };
}
