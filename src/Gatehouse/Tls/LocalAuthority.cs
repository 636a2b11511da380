using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Tls;

/// <summary>The certificate authority of one installation: ECDSA P-256, ten years. Its private key is kept sealed.</summary>
internal sealed class LocalAuthority : IDisposable
{
    /// <summary>How long a certificate for a host lives.</summary>
    public static readonly TimeSpan LeafLife = TimeSpan.FromDays(90);

    private static readonly TimeSpan Life = TimeSpan.FromDays(3650);

    // Clocks of clients may be behind ours.
    private static readonly TimeSpan Backdating = TimeSpan.FromHours(1);

    private LocalAuthority(X509Certificate2 certificate) => Certificate = certificate;

    /// <summary>The certificate with its private key. Owned here.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The certificate alone, PEM.</summary>
    public string CertificatePem => Certificate.ExportCertificatePem() + "\n";

    /// <summary>Makes a new authority.</summary>
    public static LocalAuthority Create(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        var request = new CertificateRequest($"CN=Gatehouse local CA {id}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return new LocalAuthority(request.CreateSelfSigned(now - Backdating, now + Life));
    }

    /// <summary>Reads what <see cref="Export"/> wrote.</summary>
    /// <exception cref="CryptographicException">It is something else.</exception>
    public static LocalAuthority Import(string pem) => new(X509Certificate2.CreateFromPem(pem, pem));

    /// <summary>Certificate and private key, PEM. To be sealed.</summary>
    public string Export()
    {
        using var key = Certificate.GetECDsaPrivateKey() ?? throw new InvalidOperationException("the authority has no ECDSA key");
        return CertificatePem + key.ExportPkcs8PrivateKeyPem() + "\n";
    }

    /// <summary>Issues a certificate for <paramref name="names"/>, each an ASCII host name.</summary>
    public X509Certificate2 Issue(IReadOnlyList<string> names, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        // RFC 5280 appendix A.1: a common name holds 64 characters at most; clients read the alternative names only.
        var commonName = names[0].Length <= 64 ? names[0] : "Gatehouse";
        var request = new CertificateRequest($"CN={commonName}", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            alternatives.AddDnsName(name);
        }

        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false)); // server authentication
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using var issued = request.Create(Certificate, Latest(now - Backdating, Certificate.NotBefore), Earliest(now + LeafLife, Certificate.NotAfter), Serial());
        return issued.CopyWithPrivateKey(key);
    }

    /// <inheritdoc/>
    public void Dispose() => Certificate.Dispose();

    // RFC 5280 §4.1.2.2: positive, at most 20 octets.
    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }

    private static DateTimeOffset Latest(DateTimeOffset a, DateTime b) => a > b ? a : new DateTimeOffset(b);

    private static DateTimeOffset Earliest(DateTimeOffset a, DateTime b) => a < b ? a : new DateTimeOffset(b);
}
