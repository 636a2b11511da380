using Gatehouse.Model.Flows;

namespace Gatehouse.Store.Seeds;

/// <summary>The shipped flows and their stages. Guides name their slugs, so they stay as they are.</summary>
internal static class FlowSeeds
{
    /// <summary>Signs people in.</summary>
    public const string Authentication = "default-authentication-flow";

    /// <summary>Signs people out.</summary>
    public const string Invalidation = "default-invalidation-flow";

    /// <summary>Leads on to an application without asking.</summary>
    public const string ImplicitConsent = "default-provider-authorization-implicit-consent";

    /// <summary>Asks before it leads on to an application.</summary>
    public const string ExplicitConsent = "default-provider-authorization-explicit-consent";

    /// <summary>Ends the session at one application.</summary>
    public const string ProviderInvalidation = "default-provider-invalidation-flow";

    /// <summary>Takes the codes that devices show.</summary>
    public const string DeviceCode = "default-device-code-flow";

    private const string RedirectingTitle = "Redirecting to %(app)s";

    /// <summary>Adds all of them.</summary>
    public static void Add(GatehouseDb db, DateTimeOffset now)
    {
        Flow(Authentication, "Welcome!", "Welcome!", "authentication", "none",
            (10, "default-authentication-identification", StageType.Identification, IdentificationSettings),
            (20, "default-authentication-password", StageType.Password, PasswordSettings),
            (30, MfaSeeds.Validation, StageType.AuthenticatorValidate, MfaSeeds.ValidationSettings),
            (100, "default-authentication-login", StageType.UserLogin, LoginSettings));
        Flow(Invalidation, "Logout", "Default Invalidation Flow", "invalidation", "none",
            (0, "default-invalidation-logout", StageType.UserLogout, "{}"));
        Flow(ImplicitConsent, "Authorize Application", RedirectingTitle, "authorization", "require_authenticated");
        Flow(ExplicitConsent, "Authorize Application", RedirectingTitle, "authorization", "require_authenticated",
            (0, "default-provider-authorization-consent", StageType.Consent, ConsentSettings));
        Flow(DeviceCode, "Device code flow", "Sign in a device", "stage_configuration", "require_authenticated",
            (0, "default-device-code", StageType.DeviceCode, "{}"));
        Flow(ProviderInvalidation, "Logged out of application", "You've logged out of %(app)s.", "invalidation", "none");
        MfaSeeds.Add(db, now);

        void Flow(string slug, string name, string title, string designation, string authentication, params (int Order, string Name, StageType Type, string Settings)[] stages)
        {
            var flow = new Flow { Id = Guid.CreateVersion7(now), Slug = slug, Name = name, Title = title, Designation = designation, Authentication = authentication };
            foreach (var step in stages)
            {
                var stage = new Stage { Id = Guid.CreateVersion7(now), Name = step.Name, Type = step.Type, SettingsJson = step.Settings };
                flow.Bindings.Add(new FlowStageBinding { Id = Guid.CreateVersion7(now), FlowId = flow.Id, StageId = stage.Id, Stage = stage, Order = step.Order });
            }

            db.Flows.Add(flow);
        }
    }

    private const string IdentificationSettings =
        """
        {"user_fields":["email","username"],"password_stage":null,"captcha_stage":null,"webauthn_stage":null,"case_insensitive_matching":true,"show_matched_user":true,"pretend_user_exists":true,"enable_remember_me":false,"enrollment_flow":null,"recovery_flow":null,"passwordless_flow":null,"sources":[],"show_source_labels":false}
        """;

    private const string PasswordSettings =
        """
        {"backends":["authentik.core.auth.InbuiltBackend","authentik.core.auth.TokenBackend"],"configure_flow":null,"failed_attempts_before_cancel":5,"allow_show_password":false}
        """;

    private const string LoginSettings =
        """
        {"session_duration":"seconds=0","remember_me_offset":"seconds=0","remember_device":"days=30","terminate_other_sessions":false,"network_binding":"no_binding","geoip_binding":"no_binding"}
        """;

    private const string ConsentSettings =
        """
        {"mode":"expiring","consent_expire_in":"weeks=4"}
        """;
}
