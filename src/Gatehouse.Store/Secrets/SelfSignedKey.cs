using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Store.Secrets;

/// <summary>A fresh RSA-2048 key with a self-signed certificate around it. Holds the private key in clear: seal it, then let go.</summary>
public sealed class SelfSignedKey
{
    private const int Years = 10;

    private SelfSignedKey(string kid, string certificatePem, byte[] privateKey)
    {
        Kid = kid;
        CertificatePem = certificatePem;
        PrivateKey = privateKey;
    }

    /// <summary>SHA-256 of the public key (SubjectPublicKeyInfo): 64 lower-case hex digits.</summary>
    public string Kid { get; }

    /// <summary>The certificate, PEM.</summary>
    public string CertificatePem { get; }

    /// <summary>The private key, PKCS#8.</summary>
    public byte[] PrivateKey { get; }

    /// <summary>Makes one; takes some 100 ms.</summary>
    public static SelfSignedKey Make(string commonName, TimeProvider clock)
    {
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest($"CN={commonName}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, critical: true));
        var now = clock.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(Years));
        var kid = Convert.ToHexStringLower(SHA256.HashData(rsa.ExportSubjectPublicKeyInfo()));
        return new SelfSignedKey(kid, certificate.ExportCertificatePem(), rsa.ExportPkcs8PrivateKey());
    }

    /// <inheritdoc/>
    public override string ToString() => "***";
}
