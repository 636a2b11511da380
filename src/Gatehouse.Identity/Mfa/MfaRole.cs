using Gatehouse.Identity.Mfa.Codes;
using Gatehouse.Identity.Mfa.Setup;
using Gatehouse.Identity.Mfa.Validate;
using Gatehouse.Identity.Mfa.WebAuthn;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Identity.SignIn.Stages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Identity.Mfa;

/// <summary>Wires authenticators: their stages, and the part of the user's page about them.</summary>
internal static class MfaRole
{
    /// <summary>Adds the services.</summary>
    public static IServiceCollection AddMfa(this IServiceCollection services)
    {
        services.TryAddSingleton<InstallId>();
        services.TryAddSingleton<RelyingParty>();
        services.TryAddSingleton<RecoveryCodes>();
        services.TryAddSingleton<CodeThrottle>();
        services.TryAddSingleton<MfaCookie>();
        services.TryAddSingleton<MfaEvents>();
        services.TryAddSingleton<Enrolments>();
        services.TryAddScoped<Issuer>();
        services.TryAddScoped<Devices>();
        services.TryAddScoped<CodeProof>();
        services.TryAddScoped<WebAuthnChallenges>();
        services.TryAddScoped<Ceremonies>();
        services.TryAddScoped<PasskeyProof>();
        services.TryAddScoped<IdentificationPasskey>();
        services.TryAddScoped<SetupGate>();
        services.TryAddScoped<TotpSetupStage>();
        services.TryAddScoped<StaticSetupStage>();
        services.TryAddScoped<WebAuthnSetupStage>();
        services.TryAddScoped<NotConfigured>();
        services.TryAddEnumerable(
        [
            ServiceDescriptor.Scoped<IStage, TotpSetupStage>(),
            ServiceDescriptor.Scoped<IStage, StaticSetupStage>(),
            ServiceDescriptor.Scoped<IStage, WebAuthnSetupStage>(),
            ServiceDescriptor.Scoped<IStage, ValidateStage>(),
        ]);
        return services;
    }
}
