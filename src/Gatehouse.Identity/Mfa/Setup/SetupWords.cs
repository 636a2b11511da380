using System.Diagnostics;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Flows;

namespace Gatehouse.Identity.Mfa.Setup;

/// <summary>What set-up stages are called.</summary>
internal static class SetupWords
{
    /// <summary>For people, and authentik's word.</summary>
    public static (string Label, string Word) Of(StageType type) => ClassOf(type) is { } which ? (which.Label(), which.Word()) : throw new UnreachableException();

    /// <summary>The class that a stage of this type enrols; null when it enrols none.</summary>
    public static AuthenticatorClass? ClassOf(StageType type) => type switch
    {
        StageType.AuthenticatorTotp => AuthenticatorClass.Totp,
        StageType.AuthenticatorStatic => AuthenticatorClass.Static,
        StageType.AuthenticatorWebAuthn => AuthenticatorClass.WebAuthn,
        _ => null,
    };
}
