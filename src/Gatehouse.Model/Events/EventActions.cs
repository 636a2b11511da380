namespace Gatehouse.Model.Events;

/// <summary>What can happen; authentik's names.</summary>
public static class EventActions
{
    public const string Login = "login";
    public const string LoginFailed = "login_failed";
    public const string Logout = "logout";
    public const string UserWrite = "user_write";
    public const string SuspiciousRequest = "suspicious_request";
    public const string PasswordSet = "password_set";
    public const string SecretView = "secret_view";
    public const string SecretRotate = "secret_rotate";
    public const string InvitationUsed = "invitation_used";
    public const string AuthorizeApplication = "authorize_application";
    public const string ImpersonationStarted = "impersonation_started";
    public const string ImpersonationEnded = "impersonation_ended";
    public const string PolicyExecution = "policy_execution";
    public const string PolicyException = "policy_exception";
    public const string PropertyMappingException = "property_mapping_exception";
    public const string SystemTaskException = "system_task_exception";
    public const string ConfigurationError = "configuration_error";
    public const string ConfigurationWarning = "configuration_warning";
    public const string ModelCreated = "model_created";
    public const string ModelUpdated = "model_updated";
    public const string ModelDeleted = "model_deleted";
    public const string EmailSent = "email_sent";
    public const string UpdateAvailable = "update_available";

    /// <summary>Events that administrators make begin so.</summary>
    public const string CustomPrefix = "custom_";

    /// <summary>Every action that clients know, ours or not: generated clients break on any other.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Login, LoginFailed, Logout, UserWrite, "user_offboarded", SuspiciousRequest, PasswordSet, SecretView, SecretRotate, InvitationUsed,
        AuthorizeApplication, "source_linked", ImpersonationStarted, ImpersonationEnded, "flow_execution", PolicyExecution, PolicyException,
        PropertyMappingException, "system_task_execution", SystemTaskException, "system_exception", ConfigurationError, ConfigurationWarning,
        ModelCreated, ModelUpdated, ModelDeleted, EmailSent, UpdateAvailable, "export_ready", "review_initiated", "review_overdue",
        "review_attested", "review_completed", "access_request_created", "access_request_approved", "access_request_denied",
        "access_request_revoked", CustomPrefix,
    ];

    /// <summary>Whether an event may have this action: a known one, or a custom one.</summary>
    public static bool IsKnown(string action) => All.Contains(action) || (action.Length <= 80 && action.StartsWith(CustomPrefix, StringComparison.Ordinal));
}
