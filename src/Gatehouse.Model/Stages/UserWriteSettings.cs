using Gatehouse.Model.Flows;

namespace Gatehouse.Model.Stages;

/// <summary>Settings of the stage that makes or changes a user.</summary>
public static class UserWriteSettings
{
    /// <summary>Changes whoever the flow is about; makes nobody.</summary>
    public const string Never = "never_create";

    /// <summary>Makes a user when the flow is about nobody.</summary>
    public const string WhenRequired = "create_when_required";

    /// <summary>Makes a user each time.</summary>
    public const string Always = "always_create";

    public static readonly ChoiceField CreationMode = new("user_creation_mode", WhenRequired, Never, WhenRequired, Always);
    public static readonly FlagField Inactive = new("create_users_as_inactive", false);
    public static readonly ReferenceField Group = new("create_users_group", StageReference.Group);
    public static readonly ChoiceField UserType = new("user_type", "external", "internal", "external", "service_account")
    {
        Refused = new Dictionary<string, string> { ["internal_service_account"] = "The system alone makes internal service accounts." },
    };

    /// <summary>Folder of made users; empty means <c>users</c>.</summary>
    public static readonly TextField Path = new("user_path_template", "")
    {
        Rule = path => path.Length > 0 && path.Split('/').Any(string.IsNullOrEmpty) ? "No leading or trailing slash, and no empty segment; expected a path such as users/staff." : null,
    };

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(
        StageType.UserWrite, "user_write", "User Write Stage", CreationMode, Inactive, Group, UserType, Path)
    {
        Description = "Writes what was asked for into a user, new or known.",
    };
}
