using Gatehouse.Model.Flows;

namespace Gatehouse.Model.Stages;

/// <summary>Settings of the stage that asks who somebody is.</summary>
public static class IdentificationSettings
{
    public static readonly ChoicesField UserFields = new("user_fields", ["email", "username"], "email", "username", "upn");
    public static readonly ReferenceField PasswordStage = new("password_stage", StageReference.PasswordStage);
    public static readonly ReferenceField CaptchaStage = new("captcha_stage", StageReference.Nothing);
    public static readonly ReferenceField WebauthnStage = new("webauthn_stage", StageReference.Stage);
    public static readonly FlagField CaseInsensitive = new("case_insensitive_matching", true);
    public static readonly FlagField ShowMatchedUser = new("show_matched_user", true);
    public static readonly FlagField PretendUserExists = new("pretend_user_exists", true);
    public static readonly FlagField RememberMe = new("enable_remember_me", false);
    public static readonly ReferenceField EnrollmentFlow = new("enrollment_flow", StageReference.Flow);
    public static readonly ReferenceField RecoveryFlow = new("recovery_flow", StageReference.Flow);
    public static readonly ReferenceField PasswordlessFlow = new("passwordless_flow", StageReference.Flow);
    public static readonly ReferencesField Sources = new("sources", StageReference.Nothing);
    public static readonly FlagField ShowSourceLabels = new("show_source_labels", false);

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(
        StageType.Identification, "identification", "Identification Stage",
        UserFields, PasswordStage, CaptchaStage, WebauthnStage, CaseInsensitive, ShowMatchedUser, PretendUserExists, RememberMe,
        EnrollmentFlow, RecoveryFlow, PasswordlessFlow, Sources, ShowSourceLabels)
    {
        Description = "Asks who somebody is.",
    };
}
