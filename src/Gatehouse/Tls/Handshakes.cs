using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gatehouse.Tls;

/// <summary>The terms of every TLS handshake: 1.2 or newer, no renegotiation, HTTP/2 before HTTP/1.1.</summary>
internal static class Handshakes
{
    private static readonly TimeSpan LongestHandshake = TimeSpan.FromSeconds(10);
    private static readonly List<SslApplicationProtocol> Protocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];

    /// <summary>Options for the listener; <paramref name="certificates"/> picks by server name.</summary>
    [SuppressMessage("Security", "CA5398", Justification = "The system's choice may include versions below 1.2; a later version is added here when it exists.")]
    public static TlsHandshakeCallbackOptions Options(Func<string?, SslStreamCertificateContext> certificates) => new()
    {
        HandshakeTimeout = LongestHandshake,
        OnConnection = context => ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificates(context.ClientHelloInfo.ServerName),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = Protocols,
            AllowRenegotiation = false,
        }),
    };
}
