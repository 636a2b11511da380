using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Saml;

/// <summary>GET <c>/cdn-cgi/access/saml-metadata</c>: what a provider has to know of Access (SAML Metadata §2.4.4). The same for all login methods.</summary>
internal sealed class SamlMetadata(PublicUrls urls, TimeProvider clock)
{
    /// <summary>Its path on the team domain.</summary>
    public const string Path = "/cdn-cgi/access/saml-metadata";

    /// <summary>Answers with the entity, its consumer service, and the keys that sign requests, the current one first.</summary>
    public IResult Handle(HttpContext context, AccessTable table)
    {
        context.Response.Headers.CacheControl = "public, max-age=60";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.Text(Write(table), "application/samlmetadata+xml", Encoding.UTF8);
    }

    private string Write(AccessTable table)
    {
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true, Indent = true }))
        {
            xml.WriteStartElement("md", "EntityDescriptor", SamlNames.Metadata);
            xml.WriteAttributeString("entityID", urls.AccessCallback);
            xml.WriteStartElement("md", "SPSSODescriptor", SamlNames.Metadata);
            xml.WriteAttributeString("WantAssertionsSigned", "true");
            xml.WriteAttributeString("protocolSupportEnumeration", SamlNames.Protocol);
            WriteKeys(xml, table, clock.GetUtcNow());
            xml.WriteElementString("md", "NameIDFormat", SamlNames.Metadata, SamlNames.EmailFormat);
            xml.WriteStartElement("md", "AssertionConsumerService", SamlNames.Metadata);
            xml.WriteAttributeString("Binding", SamlNames.PostBinding);
            xml.WriteAttributeString("Location", urls.AccessCallback);
            xml.WriteAttributeString("index", "0");
            xml.WriteAttributeString("isDefault", "true");
            xml.WriteEndElement();
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        return text.ToString();
    }

    /// <summary>The keys that sign, or signed a while ago, the current one first.</summary>
    public static void WriteKeys(XmlWriter xml, AccessTable table, DateTimeOffset now)
    {
        foreach (var key in table.Keys.Where(k => k.ExpiresAt is null || k.ExpiresAt > now))
        {
            WriteKey(xml, key);
        }
    }

    private static void WriteKey(XmlWriter xml, AccessSigningKey key)
    {
        using var certificate = X509Certificate2.CreateFromPem(key.CertificatePem);
        xml.WriteStartElement("md", "KeyDescriptor", SamlNames.Metadata);
        xml.WriteAttributeString("use", "signing");
        xml.WriteStartElement("ds", "KeyInfo", SamlNames.Signature);
        xml.WriteStartElement("ds", "X509Data", SamlNames.Signature);
        xml.WriteElementString("ds", "X509Certificate", SamlNames.Signature, Convert.ToBase64String(certificate.RawData));
        xml.WriteEndElement();
        xml.WriteEndElement();
        xml.WriteEndElement();
    }
}
