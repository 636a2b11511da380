using System.Net;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tunnel.Edge;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gatehouse.Tunnel;

/// <summary>The edge: where connectors dial in, and the gateway's way to what is behind them.</summary>
public static class EdgeRole
{
    /// <summary>Adds it. The snapshot, the journal, the book, the clock and <see cref="EdgeCertificate"/> are the host's to add.</summary>
    public static IServiceCollection AddTunnelEdge(this IServiceCollection services, IPEndPoint listen)
    {
        services.AddOptions<EdgeOptions>().BindConfiguration("Gatehouse:Tunnel:Edge").Configure(o => o.Listen = listen).ValidateOnStart();
        services.AddSingleton<IValidateOptions<EdgeOptions>, EdgeOptionsValidator>();
        return services
            .AddSingleton<ActivityJournal>()
            .AddSingleton<TunnelNotes>()
            .AddSingleton<ConnectionRegistry>()
            .AddSingleton<Registrar>()
            .AddSingleton<ConfigurationPusher>()
            .AddSingleton<ConnectionRun>()
            .AddSingleton<QuickTunnelBeat>()
            .AddSingleton<OtherNodes>()
            .AddSingleton<ConnectionPublisher>()
            .AddSingleton<EdgeServer>()
            .AddSingleton<ITunnelSender, TunnelSender>()
            .AddSingleton<ITunnelConnections>(s => s.GetRequiredService<ConnectionRegistry>())
            .AddHostedService(s => s.GetRequiredService<ActivityJournal>())
            .AddHostedService(s => s.GetRequiredService<ConnectionPublisher>()) // before the edge: it ends after it
            .AddHostedService(s => s.GetRequiredService<ConfigurationPusher>())
            .AddHostedService(s => s.GetRequiredService<QuickTunnelBeat>())
            .AddHostedService(s => s.GetRequiredService<EdgeServer>());
    }

    /// <summary>Where the edge of these services listens, once they are started.</summary>
    public static IPEndPoint EdgeEndPoint(this IServiceProvider services) => services.GetRequiredService<EdgeServer>().EndPoint;
}
