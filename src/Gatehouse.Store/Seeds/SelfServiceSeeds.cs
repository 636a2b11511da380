using System.Text.Json.Nodes;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Prompts;

namespace Gatehouse.Store.Seeds;

/// <summary>The shipped flows in which people change their own account: password, details, recovery, and the locked first set-up.</summary>
internal static class SelfServiceSeeds
{
    /// <summary>Changes one's own password.</summary>
    public const string PasswordChange = "default-password-change";

    /// <summary>Changes one's own details.</summary>
    public const string UserSettings = "default-user-settings-flow";

    /// <summary>Sets a forgotten password.</summary>
    public const string Recovery = "default-recovery-flow";

    /// <summary>Locked: set-up needs the link that was printed.</summary>
    public const string InitialSetup = "initial-setup";

    /// <summary>Adds them; returns the ids of those that sign-in leads to.</summary>
    public static (Guid Recovery, Guid PasswordChange) Add(GatehouseDb db, DateTimeOffset now)
    {
        AddUserSettings(db, now);
        AddInitialSetup(db, now);
        return (AddRecovery(db, now), AddPasswordChange(db, now));
    }

    private static Guid AddPasswordChange(GatehouseDb db, DateTimeOffset now)
    {
        var fields = Passwords(db, now, "default-password-change-field-password");
        return FlowSeeds.Lay(db, now, PasswordChange, "Change Password", "Change password", "stage_configuration", "require_authenticated",
            new StageSeed(0, "default-password-change-prompt", StageType.Prompt, new JsonObject
            {
                ["fields"] = fields,
                ["validation_policies"] = new JsonArray(PolicySeeds.AddPasswordRule(db, now).ToString()),
            }),
            new StageSeed(1, "default-password-change-write", StageType.UserWrite, new JsonObject { ["user_creation_mode"] = "never_create" }));
    }

    private static void AddUserSettings(GatehouseDb db, DateTimeOffset now)
    {
        const string prefix = "default-user-settings-field-";
        var fields = new JsonArray(
            Field(db, now, prefix + "username", "username", "Username", PromptTypes.Text, 200, expression: OfUser("username")),
            Field(db, now, prefix + "name", "name", "Name", PromptTypes.Text, 201, isRequired: false, expression: OfUser("name")),
            Field(db, now, prefix + "email", "email", "Email", PromptTypes.Email, 202, isRequired: false, expression: OfUser("email")),
            Field(db, now, prefix + "locale", "attributes.settings.locale", "Locale", PromptTypes.Locale, 203, isRequired: false,
                expression: "try:\n    return user.attributes.get(\"settings.locale\", \"\")\nexcept:\n    return ''"));
        FlowSeeds.Lay(db, now, UserSettings, "User settings", "Update your info", "stage_configuration", "require_authenticated",
            new StageSeed(20, "default-user-settings", StageType.Prompt, new JsonObject { ["fields"] = fields }),
            new StageSeed(100, "default-user-settings-write", StageType.UserWrite, new JsonObject { ["user_creation_mode"] = "never_create" }));
    }

    // Nobody may run it but a superuser, who can do as much on other pages: clients look for the slug.
    private static void AddInitialSetup(GatehouseDb db, DateTimeOffset now)
    {
        var fields = new JsonArray(
            Field(db, now, "initial-setup-field-header", "oobe-header-text", "oobe-header-text", PromptTypes.Static, 100, initial: "Welcome! Please set a password and an e-mail address for the administrator."),
            Field(db, now, "initial-setup-field-email", "email", "Email", PromptTypes.Email, 101));
        foreach (var password in Passwords(db, now, "initial-setup-field-password"))
        {
            fields.Add(password?.DeepClone());
        }

        FlowSeeds.Lay(db, now, InitialSetup, "default-oobe-setup", "Welcome!", "stage_configuration", "require_superuser",
            new StageSeed(10, "stage-default-oobe-password", StageType.Prompt, new JsonObject { ["fields"] = fields }),
            new StageSeed(20, "default-oobe-password-write", StageType.UserWrite, new JsonObject { ["user_creation_mode"] = "never_create" }));
    }

    // It ends at the sign-in page, not signed in: a link to a mailbox must not stand for a second factor.
    private static Guid AddRecovery(GatehouseDb db, DateTimeOffset now)
    {
        var fields = Passwords(db, now, "default-recovery-field-password");
        return FlowSeeds.Lay(db, now, Recovery, "Default recovery flow", "Reset your password", "recovery", "none",
            new StageSeed(10, "default-recovery-identification", StageType.Identification, []),
            new StageSeed(20, "default-recovery-email", StageType.Email, new JsonObject { ["use_global_settings"] = true, ["subject"] = "Password reset" }),
            new StageSeed(30, "Change your password", StageType.Prompt, new JsonObject { ["fields"] = fields }),
            new StageSeed(40, "default-recovery-user-write", StageType.UserWrite, new JsonObject { ["user_creation_mode"] = "never_create" }));
    }

    private static JsonArray Passwords(GatehouseDb db, DateTimeOffset now, string name) => new(
        Field(db, now, name, "password", "Password", PromptTypes.Password, 300, placeholder: "Password"),
        Field(db, now, name + "-repeat", "password_repeat", "Password (repeat)", PromptTypes.Password, 301, placeholder: "Password (repeat)"));

    private static string OfUser(string member) => $"try:\n    return user.{member}\nexcept:\n    return ''";

    /// <summary>Adds a field; returns its id.</summary>
    public static JsonNode Field(
        GatehouseDb db, DateTimeOffset now, string name, string key, string label, string type, int order,
        bool isRequired = true, string placeholder = "", string initial = "", string? expression = null)
    {
        var id = Guid.CreateVersion7(now);
        db.PromptFields.Add(new PromptField
        {
            Id = id,
            Name = name,
            FieldKey = key,
            Label = label,
            Type = type,
            Order = order,
            IsRequired = isRequired,
            Placeholder = placeholder,
            InitialValue = expression ?? initial,
            InitialValueIsExpression = expression is not null,
        });
        return id.ToString();
    }
}
