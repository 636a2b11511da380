using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Model.LoginMethods;

/// <summary>Reads the certificates that administrators paste: one PEM block, or its base64 alone, as metadata has it.</summary>
public static class SamlCertificate
{
    /// <summary>Shorter RSA keys sign for nobody.</summary>
    public const int ShortestRsa = 2048;

    private const string Label = "CERTIFICATE";

    /// <summary>The certificate, or null when the text is not exactly one. The caller disposes it.</summary>
    public static X509Certificate2? Read(string text)
    {
        if (Der(text.Trim()) is not { } der)
        {
            return null;
        }

        try
        {
            return X509CertificateLoader.LoadCertificate(der);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Why nobody could sign with its key; null when somebody can.</summary>
    public static string? Fault(X509Certificate2 certificate)
    {
        using var rsa = certificate.GetRSAPublicKey();
        using var ec = certificate.GetECDsaPublicKey();
        return rsa is not null ? (rsa.KeySize >= ShortestRsa ? null : $"its RSA key has {rsa.KeySize} bits; {ShortestRsa} are the least")
            : ec is not null ? (ec.KeySize >= 256 ? null : $"its elliptic key has {ec.KeySize} bits; 256 are the least")
            : "its key is neither RSA nor ECDSA";
    }

    private static byte[]? Der(string text)
    {
        try
        {
            if (!PemEncoding.TryFind(text, out var found))
            {
                return Convert.FromBase64String(text);
            }

            // More than the one block could be a chain, or a key that should never have left its owner.
            return text[found.Label] == Label && found.Location.GetOffsetAndLength(text.Length) == (0, text.Length) ? Convert.FromBase64String(text[found.Base64Data]) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
