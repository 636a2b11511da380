using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Hosts;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Management.Notifications;

/// <summary>What the operator lets webhooks do.</summary>
public sealed class NotificationOptions
{
    /// <summary>Webhooks may reach this machine. Off: an administrator of Identity is not one of the machine.</summary>
    public bool AllowsLocalTargets { get; init; }
}

/// <summary>The HTTP client for webhooks: the address is judged when it is connected to, so no name can turn later; no redirects, bounded in time and size.</summary>
internal static class WebhookClient
{
    /// <summary>Its name at <see cref="IHttpClientFactory"/>.</summary>
    public const string Name = "webhook";

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int LongestAnswer = 64 * 1024;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <summary>Registers it.</summary>
    public static void AddTo(IServiceCollection services) =>
        services.AddHttpClient(Name)
            .ConfigureHttpClient(Bound)
            .ConfigurePrimaryHttpMessageHandler(provider => CreateHandler(provider.GetService<NotificationOptions>() ?? new NotificationOptions()))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers(); // they quote URLs, and chat services put the secret there

    /// <summary>
    /// One whose servers are held to <paramref name="authority"/> alone; it must live as long as the client. Its connections are its own: what one
    /// transport trusts is no other's.
    /// </summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The client owns the handler.")]
    public static HttpClient Trusting(X509Certificate2 authority, NotificationOptions options)
    {
        var handler = CreateHandler(options);
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // a private authority publishes no list
            DisableCertificateDownloads = true, // what a server's certificate names is nothing to fetch
        };
        handler.SslOptions.CertificateChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(authority);
        var client = new HttpClient(handler, disposeHandler: true);
        Bound(client);
        return client;
    }

    private static void Bound(HttpClient client)
    {
        client.Timeout = LongestWait;
        client.MaxResponseContentBufferSize = LongestAnswer;
    }

    private static SocketsHttpHandler CreateHandler(NotificationOptions options) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = LongestWait,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        MaxResponseHeadersLength = 32, // KiB
        ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, options, cancellationToken),
    };

    [SuppressMessage("Reliability", "CA2000", Justification = "The stream owns the socket.")]
    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint target, NotificationOptions options, CancellationToken cancellationToken)
    {
        var found = await AddressesAsync(target.Host, cancellationToken);
        IPAddress[] open = [.. found.Where(options.AllowsLocalTargets ? TargetAddress.IsReachable : TargetAddress.IsOpen)];
        if (open.Length == 0)
        {
            throw new HttpRequestException(options.AllowsLocalTargets
                ? "the target is a link-local address, which webhooks may not reach"
                : "the target is this machine or a link-local address, which webhooks may not reach; the operator can allow this machine with --allow-local-webhooks");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(open, target.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Names under localhost are this machine, whatever a resolver says (RFC 6761 §6.3).
    private static async Task<IPAddress[]> AddressesAsync(string host, CancellationToken cancellationToken)
    {
        var name = host.TrimEnd('.').ToLowerInvariant();
        return IPAddress.TryParse(host, out var address) ? [address]
            : name == "localhost" || name.EndsWith(".localhost", StringComparison.Ordinal) ? [IPAddress.Loopback]
            : await System.Net.Dns.GetHostAddressesAsync(host, cancellationToken);
    }
}
