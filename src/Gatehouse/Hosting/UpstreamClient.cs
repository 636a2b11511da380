using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Hosts;
using Gatehouse.Tls;

namespace Gatehouse.Hosting;

/// <summary>The HTTP client for identity providers, our own included: no redirects, no cookies, no proxy, bounded in time and size.</summary>
internal static class UpstreamClient
{
    /// <summary>Its name at <see cref="IHttpClientFactory"/>.</summary>
    public const string Name = "upstream";

    private const int LongestAnswer = 1024 * 1024;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>Registers it. <see cref="UpstreamTrust"/> must be registered too.</summary>
    public static void AddTo(IServiceCollection services) =>
        services.AddHttpClient(Name)
            .ConfigureHttpClient(client =>
            {
                client.Timeout = LongestWait;
                client.MaxResponseContentBufferSize = LongestAnswer;
            })
            .ConfigurePrimaryHttpMessageHandler(provider => CreateHandler(provider.GetRequiredService<UpstreamTrust>()))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan) // the handler renews its connections itself
            .RemoveAllLoggers(); // they quote URLs

    private static SocketsHttpHandler CreateHandler(UpstreamTrust trust) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = LongestWait,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxResponseHeadersLength = 32, // KiB
        ConnectCallback = (context, cancellationToken) => ConnectAsync(trust.AddressOf(context.DnsEndPoint), cancellationToken),
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, chain, errors) => trust.Accepts(certificate, chain, errors) },
    };

    // The metadata services of clouds are neither an identity provider nor a client of one.
    private static async Task<IPAddress[]> AddressesOfAsync(string host, CancellationToken cancellationToken) =>
        TargetAddress.Reachable(IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancellationToken));

    [SuppressMessage("Reliability", "CA2000", Justification = "The stream owns the socket.")]
    private static async ValueTask<Stream> ConnectAsync(EndPoint target, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (target is DnsEndPoint named)
            {
                await socket.ConnectAsync(await AddressesOfAsync(named.Host, cancellationToken), named.Port, cancellationToken);
            }
            else
            {
                await socket.ConnectAsync(target, cancellationToken);
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>Where the upstream client connects to, and which certificates it believes.</summary>
/// <param name="listen">Where this process listens.</param>
/// <param name="given">The operator's certificate; null when the local CA issues.</param>
internal sealed class UpstreamTrust(PublicUrls urls, IPEndPoint listen, LocalAuthority authority, GivenCertificate? given)
{
    /// <summary>Our own hosts are this process, whatever DNS says of them from here; names under <c>localhost</c> are this machine (RFC 6761 §6.3).</summary>
    public EndPoint AddressOf(DnsEndPoint target)
    {
        var host = target.Host.ToLowerInvariant();
        if (target.Port == urls.Port && urls.IsOwn(host))
        {
            return new IPEndPoint(Reachable(listen.Address), listen.Port);
        }

        return host == "localhost" || host.EndsWith(".localhost", StringComparison.Ordinal) ? new IPEndPoint(IPAddress.Loopback, target.Port) : target;
    }

    /// <summary>What the system trusts, what our CA issued, and the operator's own certificate; always for the name that was asked for.</summary>
    public bool Accepts(X509Certificate? certificate, X509Chain? seen, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        // Any other flag than this one (a wrong name, no certificate) is final.
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 leaf)
        {
            return false;
        }

        return given?.Is(leaf) == true || IsIssuedHere(leaf, seen);
    }

    private bool IsIssuedHere(X509Certificate2 leaf, X509Chain? seen)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority.Certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // we publish no list
        chain.ChainPolicy.DisableCertificateDownloads = true;
        if (seen is not null)
        {
            foreach (var purpose in seen.ChainPolicy.ApplicationPolicy)
            {
                chain.ChainPolicy.ApplicationPolicy.Add(purpose);
            }
        }

        return chain.Build(leaf);
    }

    private static IPAddress Reachable(IPAddress address) =>
        address.Equals(IPAddress.Any) ? IPAddress.Loopback : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : address;
}
