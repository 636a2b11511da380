using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;
using Microsoft.Extensions.Options;

namespace Gatehouse.Access.Gateway;

/// <summary>The connections to origins: they change nothing on the way (no redirects, cookies, proxies, decompression or tracing headers).</summary>
internal sealed class OriginClients : IDisposable
{
    private readonly HttpMessageInvoker verifying;
    private readonly HttpMessageInvoker trusting;
    private readonly HttpMessageInvoker tunneling;

    /// <summary>Prepares all kinds; connects to nothing yet.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The invoker owns its handlers.")]
    public OriginClients(IOptions<GatewayOptions> options, IEnumerable<ITunnelSender> tunnels, TimeProvider clock)
    {
        tunneling = new HttpMessageInvoker(new FlushingHandler(new TunnelClient(tunnels.FirstOrDefault())));
        verifying = Make(options.Value.ConnectTimeout, noTlsVerify: false, clock);
        trusting = Make(options.Value.ConnectTimeout, noTlsVerify: true, clock);
    }

    /// <summary>The client for an origin.</summary>
    public HttpMessageInvoker For(OriginEntry origin) => origin.Tunnel is not null ? tunneling : origin.Hostname.NoTlsVerify ? trusting : verifying;

    /// <inheritdoc/>
    public void Dispose()
    {
        verifying.Dispose();
        trusting.Dispose();
        tunneling.Dispose();
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The invoker owns its handler.")]
    private static HttpMessageInvoker Make(TimeSpan connectTimeout, bool noTlsVerify, TimeProvider clock) => new(new FlushingHandler(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = connectTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),

        // Header bytes mean what the two ends say they mean; Latin-1 carries any of them unchanged.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ConnectCallback = (context, cancellationToken) => ConnectAsync(context, noTlsVerify, clock, cancellationToken),
    }));

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, bool noTlsVerify, TimeProvider clock, CancellationToken cancellationToken)
    {
        var stream = await DialAsync(context.DnsEndPoint, clock, cancellationToken);
        if (context.InitialRequestMessage.RequestUri is not { Scheme: "https" })
        {
            return stream;
        }

        // Done here, since the handler would take the browser's Host for the name in the origin's certificate.
        var tls = new SslStream(stream);
        try
        {
            await tls.AuthenticateAsClientAsync(Tls(context.DnsEndPoint.Host, noTlsVerify), cancellationToken);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private static async ValueTask<NetworkStream> DialAsync(DnsEndPoint end, TimeProvider clock, CancellationToken cancellationToken)
    {
        // Whoever may publish a name is not always whom this machine's cloud trusts.
        var addresses = TargetAddress.Reachable(await LocalNames.ResolveAsync(end.Host, cancellationToken));
        var socket = await AddressRace.ConnectAsync(addresses, end.Port, null, clock, cancellationToken);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        return new NetworkStream(socket, ownsSocket: true);
    }

    [SuppressMessage("Security", "CA5359", Justification = "Only for hostnames whose operator set noTLSVerify.")]
    private static SslClientAuthenticationOptions Tls(string host, bool noTlsVerify) => new()
    {
        TargetHost = host,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
        RemoteCertificateValidationCallback = noTlsVerify ? static (_, _, _, _) => true : null,
    };
}
