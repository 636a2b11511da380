using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Management.Keys;

/// <summary>Reads private keys as people paste them.</summary>
internal static class PrivateKeys
{
    /// <summary>PKCS#8 of the key in <paramref name="pem"/>; null when it can't be read or is not that of the certificate.</summary>
    public static byte[]? OfPem(string pem, X509Certificate2 certificate)
    {
        try
        {
            using var key = Read(pem, certificate);
            return key?.ExportPkcs8PrivateKey() is { } bytes && Belongs(bytes, certificate) ? bytes : null;
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            return null; // there is no Try form
        }
    }

    /// <summary>Whether PKCS#8 <paramref name="bytes"/> are the private half of the certificate.</summary>
    public static bool Belongs(byte[] bytes, X509Certificate2 certificate)
    {
        using var key = New(certificate);
        if (key is null)
        {
            return false;
        }

        try
        {
            key.ImportPkcs8PrivateKey(bytes, out _);
            return key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(certificate.PublicKey.ExportSubjectPublicKeyInfo());
        }
        catch (CryptographicException)
        {
            return false; // a key of another kind
        }
    }

    /// <summary>PEM of PKCS#8 <paramref name="bytes"/>.</summary>
    public static string PemOf(byte[] bytes) => PemEncoding.WriteString("PRIVATE KEY", bytes) + "\n";

    private static AsymmetricAlgorithm? Read(string pem, X509Certificate2 certificate)
    {
        var key = New(certificate);
        key?.ImportFromPem(pem);
        return key;
    }

    private static AsymmetricAlgorithm? New(X509Certificate2 certificate) => certificate.PublicKey.Oid.Value switch
    {
        "1.2.840.113549.1.1.1" => RSA.Create(),
        "1.2.840.10045.2.1" => ECDsa.Create(),
        _ => null,
    };
}
