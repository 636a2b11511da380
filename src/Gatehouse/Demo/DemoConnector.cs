using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tls;
using Gatehouse.Tunnel;
using Gatehouse.Tunnel.Connector;
using Gatehouse.Verbs;

namespace Gatehouse.Demo;

/// <summary>The connector before the demo's app: the one that <c>gatehouse connect</c> runs, in this process.</summary>
internal sealed class DemoConnector(IServiceProvider services, ILoggerFactory loggers, TimeProvider clock) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private ConnectorHost? host;

    /// <summary>Connects to the edge of this process; returns when requests can pass, or after a while.</summary>
    public async Task ConnectAsync(TunnelCredentials credentials, CancellationToken cancellationToken)
    {
        var edge = services.EdgeEndPoint();
        var address = edge.Address.Equals(IPAddress.Any) ? IPAddress.Loopback : edge.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : edge.Address;
        var authority = services.GetRequiredService<LocalAuthority>();
        host = await ConnectorHost.StartAsync(
            new ConnectorOptions
            {
                Credentials = credentials,
                Edges = [new IPEndPoint(address, edge.Port).ToString()],
                EdgeAuthorities = [X509CertificateLoader.LoadCertificate(authority.Certificate.RawData)],
                Version = "gatehouse/" + VersionVerb.Current,
            },
            loggers,
            clock,
            cancellationToken);
        try
        {
            await host.Configured.WaitAsync(LongestWait, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            // It goes on trying; until then the gateway says so.
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask; // there is nothing to connect to yet

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => host?.StopAsync() ?? Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => host?.DisposeAsync() ?? ValueTask.CompletedTask;
}
