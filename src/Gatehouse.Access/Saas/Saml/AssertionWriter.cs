using System.Security.Cryptography;
using System.Text;
using System.Xml;
using Gatehouse.Access.SignIn.Saml;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Saas.Saml;

/// <summary>Writes an assertion for one service provider, about one sign-in, in answer to one question.</summary>
internal sealed class AssertionWriter(XmlWriter xml, AppEntry app, string issuer, SamlQuestion question, DateTimeOffset now)
{
    private const string Basic = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Drift = TimeSpan.FromSeconds(60);

    private readonly SaasSaml saml = app.App.Saas!.Saml!; // by SAML, as found

    public void Write(AccessSession session, DateTimeOffset until)
    {
        Begin("Assertion");
        SamlAnswers.Head(xml, now);
        Leaf("Issuer", issuer);
        Subject(session);
        Conditions();
        Begin("AuthnStatement");
        xml.WriteAttributeString("AuthnInstant", SamlAnswers.Time(session.SignedInAt));
        xml.WriteAttributeString("SessionIndex", "_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{app.App.Aud} {session.Nonce}")).AsSpan(0, 16)));
        xml.WriteAttributeString("SessionNotOnOrAfter", SamlAnswers.Time(until));
        Begin("AuthnContext");
        Leaf("AuthnContextClassRef", "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified");
        xml.WriteEndElement();
        xml.WriteEndElement();
        Attributes(session);
        xml.WriteEndElement();
    }

    // For whoever brings it to the consumer service within minutes, and in answer to the question if there was one (SAML Profiles §4.1.4.2).
    private void Subject(AccessSession session)
    {
        Begin("Subject");
        Begin("NameID");
        xml.WriteAttributeString("Format", saml.NameIdFormat == SaasNameId.Id ? SamlNames.PersistentFormat : SamlNames.EmailFormat);
        xml.WriteString(saml.NameIdFormat == SaasNameId.Id ? session.UserId.ToString() : session.Email);
        xml.WriteEndElement();
        Begin("SubjectConfirmation");
        xml.WriteAttributeString("Method", SamlNames.Bearer);
        Begin("SubjectConfirmationData");
        xml.WriteAttributeString("NotOnOrAfter", SamlAnswers.Time(now + Life));
        xml.WriteAttributeString("Recipient", saml.ConsumerServiceUrl);
        if (question.Id is { } id)
        {
            xml.WriteAttributeString("InResponseTo", id);
        }

        xml.WriteEndElement();
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private void Conditions()
    {
        Begin("Conditions");
        xml.WriteAttributeString("NotBefore", SamlAnswers.Time(now - Drift));
        xml.WriteAttributeString("NotOnOrAfter", SamlAnswers.Time(now + Life));
        Begin("AudienceRestriction");
        Leaf("Audience", saml.EntityId);
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    // A custom attribute takes the place of a usual one of its name: of two with one name each reader chooses for itself.
    private void Attributes(AccessSession session)
    {
        var claims = SessionClaims.Texts(session.ClaimsJson);
        Begin("AttributeStatement");
        foreach (var (name, values) in ((string, IReadOnlyList<string>)[])[("id", [session.UserId.ToString()]), ("email", [session.Email]), ("name", [session.Name]), ("groups", SaasIdentity.GroupsOf(app, session))])
        {
            if (values.Any(v => v.Length > 0) && !saml.Attributes.Exists(a => a.Name == name))
            {
                Attribute(name, null, Basic, values);
            }
        }

        foreach (var attribute in saml.Attributes)
        {
            if (claims.GetValueOrDefault(attribute.Source.NameAt(session.LoginMethodId)) is { Count: > 0 } values)
            {
                Attribute(attribute.Name, attribute.FriendlyName, attribute.NameFormat, values);
            }
        }

        xml.WriteEndElement();
    }

    private void Attribute(string name, string? friendly, string format, IReadOnlyList<string> values)
    {
        Begin("Attribute");
        xml.WriteAttributeString("Name", Sayable(name));
        xml.WriteAttributeString("NameFormat", format);
        if (friendly is not null)
        {
            xml.WriteAttributeString("FriendlyName", Sayable(friendly));
        }

        foreach (var value in values)
        {
            Leaf("AttributeValue", Sayable(value));
        }

        xml.WriteEndElement();
    }

    // Without what is no character of XML: it can't be said in it, escaped or not. Line ends as readers make them (XML 1.0 §2.11): some verify signatures
    // only after they read a text twice.
    private static string Sayable(string text) =>
        string.Concat(text.ReplaceLineEndings("\n").EnumerateRunes().Where(r => r.Value != '\r' && (!r.IsBmp || XmlConvert.IsXmlChar((char)r.Value))));

    private void Begin(string name) => xml.WriteStartElement("saml", name, SamlNames.Assertion);

    private void Leaf(string name, string text) => xml.WriteElementString("saml", name, SamlNames.Assertion, text);
}
