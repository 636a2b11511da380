using Gatehouse.Model.Flows;

namespace Gatehouse.Model.Stages;

/// <summary>Settings of the stage that asks whether an application may see the person's data.</summary>
public static class ConsentSettings
{
    public static readonly ChoiceField Mode = new("mode", "expiring", "always_require", "permanent", "expiring");
    public static readonly PeriodField ExpireIn = new("consent_expire_in", "weeks=4");

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(StageType.Consent, "consent", "Consent Stage", Mode, ExpireIn)
    {
        Description = "Asks whether an application may see the person's data.",
    };
}

/// <summary>Settings of the stage that ends a flow.</summary>
public static class DenySettings
{
    public static readonly TextField Message = new("deny_message", "");

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(StageType.Deny, "deny", "Deny Stage", Message) { Description = "Ends the flow without success." };
}

/// <summary>The stage that asks for the code that a device shows; it has no settings.</summary>
public static class DeviceCodeSettings
{
    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(StageType.DeviceCode, "device_code", "Device Code Stage") { Description = "Asks for the code that a device shows." };
}

/// <summary>Settings of the stage for trying things.</summary>
public static class DummySettings
{
    public static readonly FlagField ThrowError = new("throw_error", false);

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(StageType.Dummy, "dummy", "Dummy Stage", ThrowError) { Description = "Asks for a click; for trying flows." };
}

/// <summary>Settings of the stage that takes invitations.</summary>
public static class InvitationSettings
{
    public static readonly FlagField ContinueWithout = new("continue_flow_without_invitation", false);

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(StageType.Invitation, "invitation", "Invitation Stage", ContinueWithout)
    {
        Path = "invitation/stages",
        Description = "Lets people with an invitation go on.",
    };
}

/// <summary>Settings of the stage that asks for more.</summary>
public static class PromptSettings
{
    public static readonly ReferencesField Fields = new("fields", StageReference.Prompt) { IsRequired = true };
    public static readonly ReferencesField Policies = new("validation_policies", StageReference.Policy);

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(StageType.Prompt, "prompt", "Prompt Stage", Fields, Policies)
    {
        Path = "prompt/stages",
        Description = "Asks for whatever its fields say.",
    };
}

/// <summary>Settings of the stage that leads elsewhere.</summary>
public static class RedirectSettings
{
    public static readonly ChoiceField Mode = new("mode", "flow", "static", "flow") { IsRequired = true };

    public static readonly TextField Target = new("target_static", "", 2000)
    {
        Rule = text => text.Length == 0 || text.StartsWith('/') || (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            ? null
            : "Enter an http or https URL, or a path on this host.",
    };

    public static readonly ReferenceField Flow = new("target_flow", StageReference.Flow);
    public static readonly FlagField KeepContext = new("keep_context", true);

    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(StageType.Redirect, "redirect", "Redirect Stage", Mode, Target, Flow, KeepContext)
    {
        Description = "Leads to a URL, or on into another flow.",
    };
}

/// <summary>The stage that deletes the person's account; it has no settings.</summary>
public static class UserDeleteSettings
{
    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(StageType.UserDelete, "user_delete", "User Delete Stage") { Description = "Deletes the person's own account." };
}

/// <summary>The stage that ends the session; it has no settings.</summary>
public static class UserLogoutSettings
{
    /// <summary>The kind.</summary>
    public static StageKind Kind { get; } = new(StageType.UserLogout, "user_logout", "User Logout Stage") { Description = "Ends the session." };
}
