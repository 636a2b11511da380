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
}
