using System.Text.Json.Nodes;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Stages;

namespace Gatehouse.Store.Seeds;

/// <summary>A stage of a shipped flow; settings that are not named are the kind's own.</summary>
internal sealed record StageSeed(int Order, string Name, StageType Type, JsonObject Settings);

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
        var (recovery, passwordChange) = SelfServiceSeeds.Add(db, now);
        Lay(db, now, Authentication, "Welcome!", "Welcome!", "authentication", "none",
            new StageSeed(10, "default-authentication-identification", StageType.Identification, new JsonObject { ["recovery_flow"] = recovery.ToString() }),
            new StageSeed(20, "default-authentication-password", StageType.Password, new JsonObject { ["configure_flow"] = passwordChange.ToString() }),
            new StageSeed(30, MfaSeeds.Validation, StageType.AuthenticatorValidate, []),
            new StageSeed(100, "default-authentication-login", StageType.UserLogin, []));
        Lay(db, now, Invalidation, "Logout", "Default Invalidation Flow", "invalidation", "none",
            new StageSeed(0, "default-invalidation-logout", StageType.UserLogout, []));
        Lay(db, now, ImplicitConsent, "Authorize Application", RedirectingTitle, "authorization", "require_authenticated");
        Lay(db, now, ExplicitConsent, "Authorize Application", RedirectingTitle, "authorization", "require_authenticated",
            new StageSeed(0, "default-provider-authorization-consent", StageType.Consent, []));
        Lay(db, now, DeviceCode, "Device code flow", "Sign in a device", "stage_configuration", "require_authenticated",
            new StageSeed(0, "default-device-code", StageType.DeviceCode, []));
        Lay(db, now, ProviderInvalidation, "Logged out of application", "You've logged out of %(app)s.", "invalidation", "none");
        MfaSeeds.Add(db, now);
        SourceSeeds.Add(db, now);
    }

    /// <summary>Adds one flow with its stages; returns its id.</summary>
    public static Guid Lay(
        GatehouseDb db, DateTimeOffset now, string slug, string name, string title, string designation, string authentication, params ReadOnlySpan<StageSeed> stages)
    {
        var flow = new Flow { Id = Guid.CreateVersion7(now), Slug = slug, Name = name, Title = title, Designation = designation, Authentication = authentication };
        foreach (var step in stages)
        {
            var stage = new Stage { Id = Guid.CreateVersion7(now), Name = step.Name, Type = step.Type, SettingsJson = StageKinds.Write(step.Type, step.Settings) };
            flow.Bindings.Add(new FlowStageBinding { Id = Guid.CreateVersion7(now), FlowId = flow.Id, StageId = stage.Id, Stage = stage, Order = step.Order });
        }

        db.Flows.Add(flow);
        return flow.Id;
    }
}
