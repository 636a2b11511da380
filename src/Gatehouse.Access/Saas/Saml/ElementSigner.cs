using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Xml;
using Gatehouse.Access.SignIn.Saml;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Saas.Saml;

/// <summary>Signs elements as SAML wants it (SAML Core §5.4): enveloped, RSA with SHA-256, exclusive canonicalization.</summary>
internal static class ElementSigner
{
    /// <summary>Puts the signature of <paramref name="element"/> where the schema has it: after its Issuer, the first child.</summary>
    public static void Sign(XmlElement element, AccessSigningKey key)
    {
        using var certificate = X509Certificate2.CreateFromPem(key.CertificatePem);
        var digest = SHA256.HashData(CanonicalXml.Of(element, "", withoutSignature: false));
        var signature = Parse($"""
            <ds:Signature xmlns:ds="{SamlNames.Signature}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{SamlNames.ExclusiveC14N}"/><ds:SignatureMethod Algorithm="{SamlNames.RsaSha256}"/><ds:Reference URI="#{element.GetAttribute("ID")}"><ds:Transforms><ds:Transform Algorithm="{SamlNames.Enveloped}"/><ds:Transform Algorithm="{SamlNames.ExclusiveC14N}"/></ds:Transforms><ds:DigestMethod Algorithm="{SamlNames.Sha256}"/><ds:DigestValue>{Convert.ToBase64String(digest)}</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{Convert.ToBase64String(certificate.RawData)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>
            """);
        var info = SamlXml.Only(signature, "SignedInfo", SamlNames.Signature)!; // just written, as is the next
        SamlXml.Only(signature, "SignatureValue", SamlNames.Signature)!.InnerText =
            Convert.ToBase64String(key.Rsa.SignData(CanonicalXml.Of(info, "", withoutSignature: false), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        element.InsertAfter(element.OwnerDocument.ImportNode(signature, deep: true), element.FirstChild);
    }

    private static XmlElement Parse(string text) => SamlXml.Read(text, out _)!.DocumentElement!; // of our own making
}
