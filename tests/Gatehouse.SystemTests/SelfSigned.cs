using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.SystemTests;

/// <summary>Certificates as an operator would bring them.</summary>
internal static class SelfSigned
{
    /// <summary>Writes a new certificate for the own hosts and its key; the result is its thumbprint.</summary>
    public static string Write(string certificateFile, string keyFile)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=given", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var label in new[] { "auth", "access", "api", "dash" })
        {
            names.AddDnsName(label + ".localhost");
        }

        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(certificateFile, made.ExportCertificatePem());
        return made.Thumbprint;
    }
}
