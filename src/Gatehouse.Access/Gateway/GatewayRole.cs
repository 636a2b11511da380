using System.Text;
using Gatehouse.Access.Saas;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Hosts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gatehouse.Access.Gateway;

/// <summary>Wires the gateway. <see cref="GatewayAnswers"/> comes from whoever wires signing in.</summary>
internal static class GatewayRole
{
    // A program with a wrong secret tries again and again; it is told so this often, and then told to wait.
    private const double BadTokensPerSecond = 0.5;
    private const int BadTokensAtOnce = 30;

    /// <summary>Registers its parts.</summary>
    public static IServiceCollection AddGateway(this IServiceCollection services)
    {
        services.AddOptions<GatewayOptions>().BindConfiguration("Gatehouse:Access:Gateway").ValidateOnStart();
        services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>();
        services.AddHttpForwarder();
        services.AddRazorComponents();

        // The forwarder would log whole URLs; what it has to say of failures, Forward says in our words.
        services.AddLogging(logging => logging.AddFilter("Yarp.ReverseProxy", LogLevel.None));
        services.Configure<KestrelServerOptions>(ConfigureKestrel);
        services.TryAddSingleton<IGeoReader, NoCountries>();
        services.TryAddSingleton<TokenIssuer>();
        services.TryAddSingleton<AppDescription>();
        services.TryAddSingleton<TokenVerifier>();
        services.TryAddSingleton<SaasVerifier>();
        return services
            .AddSingleton<TokenCache>()
            .AddSingleton<ReadSession>()
            .AddSingleton<SessionIdentities>()
            .AddSingleton<ServiceTokens>()
            .AddSingleton<ServiceCredentials>()
            .AddSingleton<ClientCertificates>()
            .AddSingleton<LinkedTokens>()
            .AddSingleton<JudgeService>()
            .AddSingleton<Places>()
            .AddSingleton<Decide>()
            .AddSingleton<OriginClients>()
            .AddSingleton<LiveStreams>()
            .AddHostedService<StreamWatch>()
            .AddSingleton<Forward>()
            .AddSingleton<AnonymousLimit>()
            .AddSingleton<NamedLimit>()
            .AddSingleton<Audit>()
            .AddSingleton<GatewayPipeline>(s => ActivatorUtilities.CreateInstance<GatewayPipeline>(s, new AddressLimit(BadTokensPerSecond, BadTokensAtOnce, s.GetRequiredService<TimeProvider>())));
    }

    // Header bytes pass unchanged in both directions: Latin-1 has a character for each.
    private static void ConfigureKestrel(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
    }
}
