using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Tunnels.Ingress;

namespace Gatehouse.Tunnel.Connector.Origins;

/// <summary>The connections to services, one pool for each way to reach one.</summary>
internal sealed class OriginClients(AddressGuard guard, TimeProvider clock) : IDisposable
{
    // Each new way after a change of rules makes a pool; the oldest are of rules that are gone.
    private const int MostPools = 500;

    private readonly ConcurrentDictionary<(ServiceTarget, OriginSettings), OriginPool> pools = new();

    /// <summary>The connections for a rule.</summary>
    public OriginPool For(IngressRule rule)
    {
        if (pools.Count > MostPools)
        {
            pools.Clear(); // left to the collector: requests may run on them
        }

        return pools.GetOrAdd((rule.Target, rule.Settings), static (key, clients) => new OriginPool(clients.Make(key.Item1, key.Item2), key.Item2), this);
    }

    /// <summary>Connects to a service that is not spoken HTTP to.</summary>
    public async Task<NetworkStream> DialAsync(string host, int port, OriginSettings settings, CancellationToken cancellationToken)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(settings.ConnectTimeout);
        try
        {
            return await ConnectAsync(host, port, settings, late.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("did not accept the connection in time");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var pool in pools.Values)
        {
            pool.Dispose();
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The invoker owns its handler.")]
    private HttpMessageInvoker Make(ServiceTarget target, OriginSettings settings) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = settings.ConnectTimeout + settings.TlsTimeout,
        PooledConnectionIdleTimeout = settings.KeepAliveTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        MaxResponseHeadersLength = 128, // KiB
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ConnectCallback = (context, cancellationToken) => ConnectAsync(context, target, settings, cancellationToken),
    });

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, ServiceTarget target, OriginSettings settings, CancellationToken cancellationToken)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(settings.ConnectTimeout);
        Stream stream;
        try
        {
            stream = target switch
            {
                ServiceTarget.Unix unix => await DialAsync(unix.Path, guard, late.Token),
                ServiceTarget.Web web => await ConnectAsync(web.Host, web.Port, settings, late.Token),
                _ => throw new IOException("is no web service"),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("did not accept the connection in time");
        }

        return target is ServiceTarget.Web { IsTls: true } or ServiceTarget.Unix { IsTls: true }
            ? await SecureAsync(stream, context, target, settings, cancellationToken)
            : stream;
    }

    private static async ValueTask<SslStream> SecureAsync(
        Stream stream, SocketsHttpConnectionContext context, ServiceTarget target, OriginSettings settings, CancellationToken cancellationToken)
    {
        var name = settings.OriginServerName.Length > 0 ? settings.OriginServerName
            : settings.MatchSniToHost ? (context.InitialRequestMessage.Headers.Host ?? context.DnsEndPoint.Host).Split(':')[0]
            : target is ServiceTarget.Web web ? web.Host.Trim('[', ']') : "localhost";
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(settings.TlsTimeout);
        var tls = new SslStream(stream);
        try
        {
            await tls.AuthenticateAsClientAsync(Terms(name, settings), late.Token);
            return tls;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await tls.DisposeAsync();
            throw new TimeoutException("did not finish its TLS handshake in time");
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    [SuppressMessage("Security", "CA5359", Justification = "Only for rules whose operator set noTLSVerify.")]
    private static SslClientAuthenticationOptions Terms(string name, OriginSettings settings)
    {
        var terms = new SslClientAuthenticationOptions
        {
            TargetHost = name,
            ApplicationProtocols = settings.Http2Origin ? [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11] : [SslApplicationProtocol.Http11],
        };
        if (settings.NoTlsVerify)
        {
            terms.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        }
        else if (settings.CaPool.Length > 0)
        {
            var extra = CertificateFile.Read(settings.CaPool);
            terms.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => GivenAuthorities.Accept(certificate, chain, errors, extra);
        }

        return terms;
    }

    private async ValueTask<NetworkStream> ConnectAsync(string host, int port, OriginSettings settings, CancellationToken cancellationToken)
    {
        var addresses = guard.Filter(await LocalNames.ResolveAsync(host.Trim('[', ']'), cancellationToken));
        var socket = await AddressRace.ConnectAsync(addresses, port, settings.NoHappyEyeballs ? settings.ConnectTimeout / addresses.Length : null, clock, cancellationToken);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, Math.Max(1, (int)settings.TcpKeepAlive.TotalSeconds));
        return new NetworkStream(socket, ownsSocket: true);
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The stream owns the socket; without a stream it is disposed here.")]
    private static async ValueTask<NetworkStream> DialAsync(string path, AddressGuard guard, CancellationToken cancellationToken)
    {
        if (!guard.AllowsSockets)
        {
            throw new SocketRefusedException();
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
