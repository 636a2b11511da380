using Gatehouse.Identity.Mfa.Codes;
using Gatehouse.Identity.Mfa.Setup;
using Gatehouse.Identity.Mfa.Validate;
using Gatehouse.Identity.Mfa.WebAuthn;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Authenticators.WebAuthn;
using Gatehouse.Model.Hosts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
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
        services.TryAddSingleton(PartyOf);
        services.TryAddSingleton<RecoveryCodes>();
        services.TryAddSingleton<CodeThrottle>();
        services.TryAddSingleton<MfaCookie>();
        services.TryAddScoped<MfaEvents>();
        services.TryAddScoped<NewDevices>();
        services.TryAddSingleton<Enrolments>();
        services.TryAddSingleton<RecoveryNotices>();
        services.AddHostedService(s => s.GetRequiredService<RecoveryNotices>());
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
        services.TryAddScoped<DeviceOverviews>();
        services.TryAddScoped<DeviceEndpoints>();
        services.TryAddEnumerable(
        [
            ServiceDescriptor.Scoped<IStage, TotpSetupStage>(),
            ServiceDescriptor.Scoped<IStage, StaticSetupStage>(),
            ServiceDescriptor.Scoped<IStage, WebAuthnSetupStage>(),
            ServiceDescriptor.Scoped<IStage, ValidateStage>(),
        ]);
        return services;
    }

    /// <summary>Maps the routes.</summary>
    public static void MapMfa(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/flows/-/configure/{stage:guid}/", ["GET", "HEAD"], (DeviceEndpoints e, HttpRequest r, Guid stage, CancellationToken t) => e.ConfigureAsync(r, stage, t));
        endpoints.MapPost("/if/user/devices/", (DeviceEndpoints e, HttpContext c, CancellationToken t) => e.ChangeAsync(c, t));
    }

    private static RelyingParty PartyOf(IServiceProvider services)
    {
        var urls = services.GetRequiredService<PublicUrls>();
        return new RelyingParty(urls.IdentityHost, urls.Identity);
    }
}
