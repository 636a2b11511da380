using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;
using Gatehouse.Model.LoginMethods;

namespace Gatehouse.Access.SignIn.Saml;

/// <summary>
/// Verifies the enveloped signature of one element (SAML Core §5.4), in the one form that SAML allows, and gives back what was signed: those very
/// bytes, read anew. The general machinery of XML signatures finds elements by ids, runs transforms and takes keys out of the message; none of it is used.
/// </summary>
internal static class SignedElement
{
    /// <summary>The element as it was signed; null when it was not, and then <paramref name="fault"/> says why.</summary>
    public static XmlElement? Verify(XmlElement element, IReadOnlyList<X509Certificate2> certificates, out string fault)
    {
        fault = "";
        if (SamlXml.Only(element, "Signature", SamlNames.Signature) is not { } signature || Parts.Read(signature, element.GetAttribute("ID"), out fault) is not { } parts)
        {
            fault = fault.Length > 0 ? fault : "no signature of its own";
            return null;
        }

        var content = CanonicalXml.Of(element, parts.ContentPrefixes, withoutSignature: true);
        if (!CryptographicOperations.FixedTimeEquals(CryptographicOperations.HashData(parts.Digest, content), parts.DigestValue))
        {
            fault = "its content is not what was signed";
            return null;
        }

        var signed = CanonicalXml.Of(parts.SignedInfo, parts.SignedInfoPrefixes, withoutSignature: false);
        if (!certificates.Any(c => IsSignedBy(c, parts, signed)))
        {
            fault = "the signature was made by none of the login method's certificates";
            return null;
        }

        return SamlXml.Read(Encoding.UTF8.GetString(content), out fault)?.DocumentElement;
    }

    private static bool IsSignedBy(X509Certificate2 certificate, Parts parts, byte[] signed)
    {
        if (parts.IsRsa)
        {
            using var rsa = certificate.GetRSAPublicKey();
            return rsa is { KeySize: >= SamlCertificate.ShortestRsa } && rsa.VerifyData(signed, parts.SignatureValue, parts.Hash, RSASignaturePadding.Pkcs1);
        }

        using var ec = certificate.GetECDsaPublicKey();
        return ec is not null && ec.VerifyData(signed, parts.SignatureValue, parts.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    // A signature taken apart, when it is one of the form that counts.
    private sealed class Parts
    {
        public required XmlElement SignedInfo { get; init; }

        public required string SignedInfoPrefixes { get; init; }

        public required string ContentPrefixes { get; init; }

        public required bool IsRsa { get; init; }

        public required HashAlgorithmName Hash { get; init; }

        public required HashAlgorithmName Digest { get; init; }

        public required byte[] DigestValue { get; init; }

        public required byte[] SignatureValue { get; init; }

        public static Parts? Read(XmlElement signature, string id, out string fault)
        {
            fault = "the signature holds something else than SAML allows";
            if (Named(signature) is not [("SignedInfo", var info), ("SignatureValue", var value), .. { Count: <= 1 } rest] || rest.Exists(r => r.Name != "KeyInfo")
                || Named(info) is not [("CanonicalizationMethod", var c14n), ("SignatureMethod", var method), ("Reference", var reference)]
                || Named(reference) is not [("Transforms", var transforms), ("DigestMethod", var digest), ("DigestValue", var digestValue)]
                || Named(transforms) is not [("Transform", var first), ("Transform", var second)]
                || first.GetAttribute(AlgorithmName) != SamlNames.Enveloped || SamlXml.Children(first).Any())
            {
                return null;
            }

            if (id.Length == 0 || reference.Attributes.Count != 1 || reference.GetAttribute("URI") != "#" + id)
            {
                fault = "the signature is about another element than the one it stands in";
                return null;
            }

            if (Prefixes(c14n) is not { } infoPrefixes || Prefixes(second) is not { } contentPrefixes)
            {
                fault = "a canonicalization other than exclusive and without comments";
                return null;
            }

            var (isRsa, hash) = Method(method.GetAttribute(AlgorithmName));
            if (hash is null || DigestOf(digest.GetAttribute(AlgorithmName)) is not { } digestName || SamlXml.Children(method).Any() || SamlXml.Children(digest).Any())
            {
                fault = "an algorithm other than RSA or ECDSA with SHA-256, SHA-384 or SHA-512";
                return null;
            }

            if (Bytes(value) is not { } signatureBytes || Bytes(digestValue) is not { } digestBytes)
            {
                fault = "a value of the signature is no base64";
                return null;
            }

            fault = "";
            return new Parts
            {
                SignedInfo = info,
                SignedInfoPrefixes = infoPrefixes,
                ContentPrefixes = contentPrefixes,
                IsRsa = isRsa,
                Hash = hash.Value,
                Digest = digestName,
                DigestValue = digestBytes,
                SignatureValue = signatureBytes,
            };
        }

        private const string AlgorithmName = "Algorithm";

        // The children by name; empty, which matches nothing, when one is of another namespace or text stands between them.
        private static List<(string Name, XmlElement Element)> Named(XmlElement element) =>
            element.ChildNodes.OfType<XmlNode>().All(n => n is XmlElement { NamespaceURI: SamlNames.Signature } or XmlWhitespace or XmlSignificantWhitespace)
                ? [.. SamlXml.Children(element).Select(e => (e.LocalName, e))]
                : [];

        // The PrefixList of exclusive canonicalization, empty when there is none; null when it is another canonicalization.
        private static string? Prefixes(XmlElement method)
        {
            if (method.GetAttribute(AlgorithmName) != SamlNames.ExclusiveC14N)
            {
                return null;
            }

            var inside = SamlXml.Children(method).ToList();
            return inside.Count == 0 ? ""
                : inside.Count == 1 && SamlXml.Is(inside[0], "InclusiveNamespaces", SamlNames.ExclusiveC14N) ? string.Join(' ', inside[0].GetAttribute("PrefixList").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Distinct())
                : null;
        }

        private static (bool IsRsa, HashAlgorithmName? Hash) Method(string algorithm) => algorithm switch
        {
            SamlNames.RsaSha256 => (true, HashAlgorithmName.SHA256),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => (true, HashAlgorithmName.SHA384),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => (true, HashAlgorithmName.SHA512),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => (false, HashAlgorithmName.SHA256),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => (false, HashAlgorithmName.SHA384),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512" => (false, HashAlgorithmName.SHA512),
            _ => (false, null),
        };

        private static HashAlgorithmName? DigestOf(string algorithm) => algorithm switch
        {
            SamlNames.Sha256 => HashAlgorithmName.SHA256,
            SamlNames.Sha384 => HashAlgorithmName.SHA384,
            SamlNames.Sha512 => HashAlgorithmName.SHA512,
            _ => null,
        };

        private static byte[]? Bytes(XmlElement element)
        {
            try
            {
                return SamlXml.Text(element) is { Length: > 0 } text ? Convert.FromBase64String(text) : null;
            }
            catch (FormatException)
            {
                return null;
            }
        }
    }
}
