using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Machines;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Gatehouse.Tls;

/// <summary>The terms of every TLS handshake: 1.2 or newer, no renegotiation, HTTP/2 before HTTP/1.1.</summary>
internal static class Handshakes
{
    private const int MostIntermediates = 8;
    private static readonly TimeSpan LongestHandshake = TimeSpan.FromSeconds(10);
    private static readonly List<SslApplicationProtocol> Protocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];

    /// <summary>Options for the listener; <paramref name="certificates"/> picks by server name, and <paramref name="asks"/> says on which names clients are asked for theirs.</summary>
    [SuppressMessage("Security", "CA5398", Justification = "The system's choice may include versions below 1.2; a later version is added here when it exists.")]
    public static TlsHandshakeCallbackOptions Options(Func<string?, SslStreamCertificateContext> certificates, Func<string, bool> asks) => new()
    {
        HandshakeTimeout = LongestHandshake,
        OnConnection = context => ValueTask.FromResult(
            AskForCertificate(
                new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = certificates(context.ClientHelloInfo.ServerName),
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    ApplicationProtocols = Protocols,
                    AllowRenegotiation = false,
                },
                context,
                asks)),
    };

    // Whoever has none, or one that nobody knows, gets in here as well: the policies say what that is worth, and the page why.
    [SuppressMessage("Security", "CA5359", Justification = "It is a client's certificate, not a server's, and the handshake has only to show who holds its key: what it is worth is judged on each request.")]
    private static SslServerAuthenticationOptions AskForCertificate(SslServerAuthenticationOptions options, TlsHandshakeCallbackContext context, Func<string, bool> asks)
    {
        if (HostCertificates.Canonical(context.ClientHelloInfo.ServerName) is not { } name || !asks(name))
        {
            return options;
        }

        // A session that is resumed brings no certificate, and so would be somebody else's.
        options.AllowTlsResume = false;
        options.ClientCertificateRequired = true;
        options.CertificateRevocationCheckMode = X509RevocationMode.NoCheck;
        options.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, // none: the authorities of the host are asked for each request
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        options.RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
        {
            if (certificate is X509Certificate2 leaf)
            {
                context.Connection.Items[PresentedCertificate.Key] = Copy(leaf, chain);
            }

            return true;
        };
        return options;
    }

    // The stream disposes of its own.
    private static PresentedCertificate Copy(X509Certificate2 leaf, X509Chain? chain) => new(
        X509CertificateLoader.LoadCertificate(leaf.RawDataMemory.Span),
        [.. (chain?.ChainPolicy.ExtraStore ?? []).Take(MostIntermediates).Select(c => X509CertificateLoader.LoadCertificate(c.RawDataMemory.Span))]);
}
