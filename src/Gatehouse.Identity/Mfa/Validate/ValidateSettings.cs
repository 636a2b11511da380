using Gatehouse.Identity.Mfa.Codes;
using Gatehouse.Identity.Mfa.WebAuthn;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Flows;

namespace Gatehouse.Identity.Mfa.Validate;

/// <summary>The settings of a stage that asks for authenticators, in authentik's names. Classes that there are none of here are left out.</summary>
internal sealed class ValidateSettings(Stage stage)
{
    private readonly StageSettings read = new(stage);

    /// <summary>What may be used.</summary>
    public IReadOnlyList<AuthenticatorClass> Classes =>
        [.. read.Texts("device_classes", ["static", "totp", "webauthn"]).Select(AuthenticatorNames.Class).OfType<AuthenticatorClass>().Distinct()];

    /// <summary><c>skip</c>, <c>deny</c> or <c>configure</c>.</summary>
    public string NotConfiguredAction => read.Text("not_configured_action", "skip");

    /// <summary>The stages that set one up.</summary>
    public IReadOnlyList<Guid> SetupStages => [.. read.Texts("configuration_stages", []).Select(Guid.Parse)];

    /// <summary>How long a browser is not asked again.</summary>
    public TimeSpan Threshold => read.Period("last_auth_threshold", "seconds=0");

    /// <summary>What browsers show first.</summary>
    public IReadOnlyList<string> Hints => read.Texts("webauthn_hints", []);

    /// <summary>What is asked of typed codes.</summary>
    public CodeRules Codes => new(Classes, read.Fraction("totp_otp_throttling_factor", 1), read.Fraction("static_otp_throttling_factor", 1));

    /// <summary>What is asked of a WebAuthn proof.</summary>
    public ProofRules Proofs(int? userId) =>
        new(userId, read.Text("webauthn_user_verification", "preferred"), read.Texts("webauthn_allowed_device_types", []));
}
