using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tests.Fakes;
using Gatehouse.Tls;
using Gatehouse.Tunnel.Connector;
using Gatehouse.Tunnel.Edge;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Tunnel;

/// <summary>The least of an edge and a connector that dialed it: asks what ours never would, and registers nobody.</summary>
internal sealed class HandMadeEdge : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly LocalAuthority authority = LocalAuthority.Create(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly SslStreamCertificateContext certificate;
    private readonly X509Certificate2Collection trusted;
    private readonly ILoggerFactory loggers;
    private ConnectorHost? connector;
    private HttpMessageInvoker? client;

    /// <summary>Listens; with a certificate of its own unless one is given.</summary>
    public HandMadeEdge(IPAddress? address = null, SslStreamCertificateContext? shown = null, X509Certificate2Collection? trust = null)
    {
        listener = new TcpListener(address ?? IPAddress.Loopback, 0);
        listener.Start();
        certificate = shown ?? SslStreamCertificateContext.Create(authority.Issue(EdgeCertificate.Names, TunnelRig.Built), null, offline: true);
        trusted = trust ?? [X509CertificateLoader.LoadCertificate(authority.Certificate.RawData)];
        loggers = LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.Debug).AddProvider(Log));
    }

    public LogLines Log { get; } = new();

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts a connector with these rules that looks for its edge at <paramref name="host"/>.</summary>
    public async Task ConnectAsync(string rules, string host = "127.0.0.1") => connector = await ConnectorHost.StartAsync(
        new ConnectorOptions
        {
            Credentials = new TunnelCredentials { AccountTag = TunnelRig.Account, TunnelId = Guid.CreateVersion7(), Secret = [1] },
            Edges = [$"{host}:{Port}"],
            EdgeAuthorities = trusted,
            Connections = 1,
            LocalConfiguration = rules,
            GracePeriod = TimeSpan.Zero,
        },
        loggers, TimeProvider.System, Token);

    /// <summary>Takes the connection.</summary>
    public async Task AcceptAsync()
    {
        var tls = new SslStream(new NetworkStream(await listener.AcceptSocketAsync(Token), ownsSocket: true));
        try
        {
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = certificate }, Token);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }

        client?.Dispose();
        client = new HttpMessageInvoker(new SocketsHttpHandler { MaxConnectionsPerServer = 1, ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(tls) });
    }

    /// <summary>A connector with these rules, connected.</summary>
    public static async Task<HandMadeEdge> StartAsync(string rules)
    {
        var edge = new HandMadeEdge();
        await edge.ConnectAsync(rules);
        await edge.AcceptAsync();
        return edge;
    }

    /// <summary>Asks; the target goes as it is.</summary>
    public Task<HttpResponseMessage> SendAsync(string target, string host = "app.test", HttpContent? body = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, new Uri("http://edge" + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        };
        request.Headers.Host = host;
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return client!.SendAsync(request, Token);
    }

    /// <summary>What is asked for a path.</summary>
    public async Task<int> StatusOfAsync(string target)
    {
        using var response = await SendAsync(target);
        return (int)response.StatusCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        listener.Dispose();
        if (connector is not null)
        {
            await connector.StopAsync();
            await connector.DisposeAsync();
        }

        loggers.Dispose();
        authority.Dispose();
    }
}
