using System.Text;
using System.Xml;
using Gatehouse.Access.SignIn.Saml;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Saas.Saml;

/// <summary>GET <c>/cdn-cgi/access/sso/saml/{id}/saml-metadata</c>: what a service provider has to know of Access (SAML Metadata §2.4.3).</summary>
internal sealed class SamlProviderMetadata(ISnapshot<AccessTable> tables, PublicUrls urls, TimeProvider clock)
{
    /// <summary>Answers with the entity, its addresses, and the keys that sign answers, the current one first.</summary>
    public IResult Handle(HttpContext context, string id)
    {
        if (SsoPaths.SamlApp(tables.Current, id) is not { } app)
        {
            return Results.NotFound();
        }

        context.Response.Headers.CacheControl = "public, max-age=60";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.Text(Write(tables.Current, app.App.Saas!.Saml!, SsoPaths.SamlIssuerOf(urls, id)), "application/samlmetadata+xml", Encoding.UTF8); // as found
    }

    private string Write(AccessTable table, SaasSaml saml, string issuer)
    {
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true, Indent = true }))
        {
            xml.WriteStartElement("md", "EntityDescriptor", SamlNames.Metadata);
            xml.WriteAttributeString("entityID", issuer);
            xml.WriteStartElement("md", "IDPSSODescriptor", SamlNames.Metadata);
            xml.WriteAttributeString("WantAuthnRequestsSigned", "false");
            xml.WriteAttributeString("protocolSupportEnumeration", SamlNames.Protocol);
            SamlMetadata.WriteKeys(xml, table, clock.GetUtcNow());
            xml.WriteElementString("md", "NameIDFormat", SamlNames.Metadata, saml.NameIdFormat == SaasNameId.Id ? SamlNames.PersistentFormat : SamlNames.EmailFormat);
            foreach (var binding in new[] { SamlNames.RedirectBinding, SamlNames.PostBinding })
            {
                xml.WriteStartElement("md", "SingleSignOnService", SamlNames.Metadata);
                xml.WriteAttributeString("Binding", binding);
                xml.WriteAttributeString("Location", issuer);
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        return text.ToString();
    }
}
