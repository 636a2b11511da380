using Gatehouse.Model.Flows;

namespace Gatehouse.Model.Stages;

/// <summary>Settings of the stage that enrols an authenticator app.</summary>
public static class AuthenticatorTotpSettings
{
    public static readonly ReferenceField ConfigureFlow = new("configure_flow", StageReference.Flow);
    public static readonly TextField FriendlyName = new("friendly_name", "", 200);

    /// <summary>A word, not a number: so the API.</summary>
    public static readonly ChoiceField Digits = new("digits", "6", "6", "8") { IsRequired = true };

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(StageType.AuthenticatorTotp, "authenticator_totp", "TOTP Authenticator Setup Stage", ConfigureFlow, FriendlyName, Digits)
    {
        Path = "authenticator/totp",
        Description = "Enrols an authenticator app.",
    };
}

/// <summary>Settings of the stage that makes recovery codes.</summary>
public static class AuthenticatorStaticSettings
{
    public static readonly ReferenceField ConfigureFlow = new("configure_flow", StageReference.Flow);
    public static readonly TextField FriendlyName = new("friendly_name", "", 200);
    public static readonly NumberField Count = new("token_count", 6, 1, 100);
    public static readonly NumberField Length = new("token_length", 12, 8, 100);

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(StageType.AuthenticatorStatic, "authenticator_static", "Static Authenticator Setup Stage", ConfigureFlow, FriendlyName, Count, Length)
    {
        Path = "authenticator/static",
        Description = "Makes recovery codes.",
    };
}

/// <summary>Settings of the stage that enrols a security key or passkey.</summary>
public static class AuthenticatorWebAuthnSettings
{
    public static readonly ReferenceField ConfigureFlow = new("configure_flow", StageReference.Flow);
    public static readonly TextField FriendlyName = new("friendly_name", "", 200);
    public static readonly ChoiceField UserVerification = new("user_verification", "preferred", "required", "preferred", "discouraged");
    public static readonly ChoiceField ResidentKey = new("resident_key_requirement", "preferred", "required", "preferred", "discouraged");
    public static readonly OptionalChoiceField Attachment = new("authenticator_attachment", "platform", "cross-platform");
    public static readonly ChoicesField Hints = new("hints", [], "security-key", "client-device", "hybrid");
    public static readonly ReferencesField DeviceTypes = new("device_type_restrictions", StageReference.Nothing);
    public static readonly NumberField MostAttempts = new("max_attempts", 0, 0, 1000);

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(
        StageType.AuthenticatorWebAuthn, "authenticator_webauthn", "WebAuthn Authenticator Setup Stage",
        ConfigureFlow, FriendlyName, UserVerification, ResidentKey, Attachment, Hints, DeviceTypes, MostAttempts)
    {
        Path = "authenticator/webauthn",
        Description = "Enrols a security key or passkey.",
        Constants = new Dictionary<string, string> { ["device_type_restrictions_obj"] = "[]" },
    };
}

/// <summary>Settings of the stage that asks for a proof by an authenticator.</summary>
public static class AuthenticatorValidateSettings
{
    public static readonly ChoiceField NotConfigured = new("not_configured_action", "skip", "skip", "deny", "configure");

    /// <summary>Classes that there are none of here are kept and never asked for.</summary>
    public static readonly ChoicesField Classes = new(
        "device_classes", ["static", "totp", "webauthn", "duo", "sms", "email"], "static", "totp", "webauthn", "duo", "sms", "email");

    public static readonly ReferencesField SetupStages = new("configuration_stages", StageReference.Stage);
    public static readonly PeriodField Threshold = new("last_auth_threshold", "seconds=0");
    public static readonly ChoiceField UserVerification = new("webauthn_user_verification", "preferred", "required", "preferred", "discouraged");
    public static readonly ChoicesField Hints = new("webauthn_hints", [], "security-key", "client-device", "hybrid");
    public static readonly ReferencesField DeviceTypes = new("webauthn_allowed_device_types", StageReference.Nothing);
    public static readonly FractionField EmailFactor = new("email_otp_throttling_factor", 1);
    public static readonly FractionField SmsFactor = new("sms_otp_throttling_factor", 1);
    public static readonly FractionField TotpFactor = new("totp_otp_throttling_factor", 1);
    public static readonly FractionField StaticFactor = new("static_otp_throttling_factor", 1);

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(
        StageType.AuthenticatorValidate, "authenticator_validate", "Authenticator Validation Stage",
        NotConfigured, Classes, SetupStages, Threshold, UserVerification, Hints, DeviceTypes, EmailFactor, SmsFactor, TotpFactor, StaticFactor)
    {
        Path = "authenticator/validate",
        Description = "Asks for a proof by an authenticator.",
        Constants = new Dictionary<string, string> { ["webauthn_allowed_device_types_obj"] = "[]" },
    };
}
