using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Gatehouse.Model.Hosts;

namespace Gatehouse.Tunnel.Connector.Origins;

/// <summary>Fetches the keys of a team domain, over https and from where rules may lead. Trusts what the system trusts, and the edge's authorities.</summary>
internal sealed class KeyFetcher : IDisposable
{
    private const int Largest = 256 * 1024;

    private readonly HttpClient client;

    /// <summary>Prepares it; connects to nothing yet.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The client owns its handler.")]
    public KeyFetcher(ConnectorOptions options, AddressGuard guard, TimeProvider clock) => client = new HttpClient(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectCallback = (context, cancellationToken) => DialAsync(context.DnsEndPoint, guard, clock, cancellationToken),
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) => GivenAuthorities.Accept(certificate, chain, errors, options.EdgeAuthorities),
        },
    })
    {
        Timeout = TimeSpan.FromSeconds(10),
        MaxResponseContentBufferSize = Largest,
    };

    /// <summary>The answer's text.</summary>
    /// <exception cref="HttpRequestException">There was none.</exception>
    public Task<string> FetchAsync(Uri address, CancellationToken cancellationToken) => address.Scheme == Uri.UriSchemeHttps
        ? client.GetStringAsync(address, cancellationToken)
        : throw new HttpRequestException("keys are fetched over https only");

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    [SuppressMessage("Reliability", "CA2000", Justification = "The stream owns the socket; without a stream it is disposed here.")]
    private static async ValueTask<Stream> DialAsync(DnsEndPoint end, AddressGuard guard, TimeProvider clock, CancellationToken cancellationToken)
    {
        var addresses = guard.Filter(await LocalNames.ResolveAsync(end.Host.Trim('[', ']'), cancellationToken));
        return new NetworkStream(await AddressRace.ConnectAsync(addresses, end.Port, null, clock, cancellationToken), ownsSocket: true);
    }
}
