using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Verbs;

/// <summary>The HTTP client of verbs that speak to an installation: names under localhost are this machine, its CA is trusted beside the system's.</summary>
internal static class TrustingClient
{
    /// <summary>Makes one.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The client owns its handler.")]
    public static HttpClient Create(X509Certificate2Collection? authorities, TimeSpan timeout) => new(Handler(authorities)) { Timeout = timeout };

    /// <summary>Its handler.</summary>
    public static SocketsHttpHandler Handler(X509Certificate2Collection? authorities) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        ConnectCallback = (context, cancellationToken) => DialAsync(context.DnsEndPoint, cancellationToken),
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                errors == SslPolicyErrors.None
                || (errors == SslPolicyErrors.RemoteCertificateChainErrors && authorities is not null && certificate is X509Certificate2 leaf && IsIssuedBy(leaf, authorities)),
        },
    };

    [SuppressMessage("Reliability", "CA2000", Justification = "The stream owns the socket; without a stream it is disposed here.")]
    private static async ValueTask<Stream> DialAsync(DnsEndPoint end, CancellationToken cancellationToken)
    {
        var isLocal = end.Host == "localhost" || end.Host.EndsWith(".localhost", StringComparison.Ordinal);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await (isLocal
                ? socket.ConnectAsync([IPAddress.Loopback, IPAddress.IPv6Loopback], end.Port, cancellationToken)
                : socket.ConnectAsync(end, cancellationToken));
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool IsIssuedBy(X509Certificate2 leaf, X509Certificate2Collection authorities)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // a private authority publishes no list
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(leaf);
    }
}
