using Gatehouse.Model.Flows;

namespace Gatehouse.Store.Seeds;

/// <summary>The shipped flows that enrol authenticators: one stage each, of the same name, which leads back to its flow.</summary>
internal static class MfaSeeds
{
    /// <summary>Enrols an authenticator app.</summary>
    public const string TotpSetup = "default-authenticator-totp-setup";

    /// <summary>Makes recovery codes.</summary>
    public const string StaticSetup = "default-authenticator-static-setup";

    /// <summary>Enrols a security key or passkey.</summary>
    public const string WebAuthnSetup = "default-authenticator-webauthn-setup";

    /// <summary>The stage of the shipped sign-in flow, with the settings of its kind: whoever has an authenticator is asked for it.</summary>
    public const string Validation = "default-authentication-mfa-validation";

    /// <summary>Adds the three flows.</summary>
    public static void Add(GatehouseDb db, DateTimeOffset now)
    {
        Setup(TotpSetup, "Set up an authenticator app", StageType.AuthenticatorTotp, """ "digits":"6" """);
        Setup(StaticSetup, "Get recovery codes", StageType.AuthenticatorStatic, """ "token_count":6,"token_length":12 """);
        Setup(WebAuthnSetup, "Add a security key or passkey", StageType.AuthenticatorWebAuthn,
            """ "user_verification":"preferred","resident_key_requirement":"preferred","authenticator_attachment":null,"hints":[],"device_type_restrictions":[],"max_attempts":0 """);

        void Setup(string slug, string title, StageType type, string settings)
        {
            var flow = new Flow { Id = Guid.CreateVersion7(now), Slug = slug, Name = title, Title = title, Designation = "stage_configuration", Authentication = "require_authenticated" };
            var stage = new Stage
            {
                Id = Guid.CreateVersion7(now),
                Name = slug,
                Type = type,
                SettingsJson = $$"""{"configure_flow":"{{flow.Id}}","friendly_name":"",{{settings.Trim()}}}""",
            };
            flow.Bindings.Add(new FlowStageBinding { Id = Guid.CreateVersion7(now), FlowId = flow.Id, StageId = stage.Id, Stage = stage, Order = 0 });
            db.Flows.Add(flow);
        }
    }
}
