using System.Globalization;
using System.Security.Cryptography;
using System.Xml;
using Gatehouse.Access.SignIn.Saml;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Saas.Saml;

/// <summary>Writes what a service provider is told: a signed response, around a signed assertion where there is a person to speak of (SAML Profiles §4.1.4.2).</summary>
internal sealed class SamlAnswers(TimeProvider clock)
{
    private const string Responder = "urn:oasis:names:tc:SAML:2.0:status:Responder";
    private const string NoPassive = "urn:oasis:names:tc:SAML:2.0:status:NoPassive";
    private const string Denied = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied";

    /// <summary>The response about the person who may enter, in base64. The service provider shall keep them signed in no longer than a visit lasts, nor than what lets them in.</summary>
    public string Write(AccessTable table, AppEntry app, string issuer, SamlQuestion question, SaasRuling.Open open)
    {
        var now = clock.GetUtcNow();
        var until = open.Until - now < open.Visit ? open.Until : now + open.Visit;
        var document = Response(app.App.Saas!.Saml!, issuer, question, now, [SamlNames.Success], xml => new AssertionWriter(xml, app, issuer, question, now).Write(open.Session, until)); // by SAML, as found
        ElementSigner.Sign(SamlXml.Only(document.DocumentElement!, "Assertion", SamlNames.Assertion)!, table.Keys[0]); // just written
        return Seal(table, document);
    }

    /// <summary>The response that there is nothing to be said without asking somebody, or, where <paramref name="isDenied"/>, at all.</summary>
    public string Refuse(AccessTable table, AppEntry app, string issuer, SamlQuestion question, bool isDenied) =>
        Seal(table, Response(app.App.Saas!.Saml!, issuer, question, clock.GetUtcNow(), [Responder, isDenied ? Denied : NoPassive], _ => { })); // likewise

    /// <summary>ID, version and time of a message or an assertion.</summary>
    public static void Head(XmlWriter xml, DateTimeOffset now)
    {
        xml.WriteAttributeString("ID", "_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20)));
        xml.WriteAttributeString("Version", "2.0");
        xml.WriteAttributeString("IssueInstant", Time(now));
    }

    /// <summary>A time as SAML Core §1.3.3 has it.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    // As canonical XML: what a reader makes of these bytes is what was signed, white space of any kind included.
    private static string Seal(AccessTable table, XmlDocument document)
    {
        ElementSigner.Sign(document.DocumentElement!, table.Keys[0]); // just written
        return Convert.ToBase64String(CanonicalXml.Of(document.DocumentElement!, "", withoutSignature: false));
    }

    private static XmlDocument Response(SaasSaml saml, string issuer, SamlQuestion question, DateTimeOffset now, string[] status, Action<XmlWriter> content)
    {
        var document = SamlXml.Empty();
        using (var xml = document.CreateNavigator()!.AppendChild())
        {
            xml.WriteStartElement("samlp", "Response", SamlNames.Protocol);
            Head(xml, now);
            xml.WriteAttributeString("Destination", saml.ConsumerServiceUrl);
            if (question.Id is { } id)
            {
                xml.WriteAttributeString("InResponseTo", id);
            }

            xml.WriteElementString("saml", "Issuer", SamlNames.Assertion, issuer);
            xml.WriteStartElement("samlp", "Status", SamlNames.Protocol);
            foreach (var code in status)
            {
                xml.WriteStartElement("samlp", "StatusCode", SamlNames.Protocol);
                xml.WriteAttributeString("Value", code);
            }

            foreach (var _ in status)
            {
                xml.WriteEndElement(); // the second stands in the first (SAML Core §3.2.2.2)
            }

            xml.WriteEndElement();
            content(xml);
            xml.WriteEndElement();
        }

        return document;
    }
}
