using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.SignIn.Saml;

/// <summary>Asks a provider who somebody is: an AuthnRequest in a redirect (SAML Bindings §3.4).</summary>
internal sealed class SamlRequests(PublicUrls urls, TimeProvider clock)
{
    /// <summary>The URL to send the browser to. <paramref name="prompt"/> asks the provider not to be content with a session it has.</summary>
    public string Url(Uri target, AccessTable table, LoginMethodEntry method, LoginState state, string relayState, bool prompt)
    {
        var settings = method.Saml!; // only methods by SAML come here
        var query = $"SAMLRequest={Escape(Deflate(Request(method.Method, state, prompt || settings.ForceAuthn)))}&RelayState={Escape(relayState)}";
        if (settings.SignRequest)
        {
            // Signed as it is sent: §3.4.4.1 has the order and the escapes.
            query += $"&SigAlg={Escape(SamlNames.RsaSha256)}";
            query += $"&Signature={Escape(Convert.ToBase64String(table.Keys[0].Rsa.SignData(Encoding.ASCII.GetBytes(query), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)))}";
        }

        return target.GetLeftPart(UriPartial.Query) + (target.Query.Length > 0 ? "&" : "?") + query;
    }

    /// <summary>What will be asked, in words, for whoever tries the method out.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Describe(LoginMethodEntry entry)
    {
        var settings = entry.Saml!; // likewise
        return
        [
            new("Single sign-on URL", $"{entry.Method.AuthUrl} will be asked, {(settings.SignRequest ? "signed with Access's key" : "without a signature")}."),
            new("Entity id and consumer service", $"{urls.AccessCallback}, by POST; metadata at {urls.Access}{SamlMetadata.Path}."),
            new("Issuer", $"'{entry.Method.Issuer}' is expected, letter by letter."),
            new("Address", entry.Method.EmailClaimName.Length > 0 ? $"Attribute '{entry.Method.EmailClaimName}'." : "The NameID, in the format emailAddress."),
            .. settings.Certificates.Select(c => KeyValuePair.Create("Certificate", Describe(c))),
        ];
    }

    private static string Describe(string pem)
    {
        using var certificate = SamlCertificate.Read(pem);
        return certificate is null ? "Unreadable."
            : string.Create(CultureInfo.InvariantCulture, $"{certificate.Subject}, until {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}; its key counts, its dates do not.");
    }

    private string Request(LoginMethod method, LoginState state, bool force)
    {
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true }))
        {
            xml.WriteStartElement("samlp", "AuthnRequest", SamlNames.Protocol);
            xml.WriteAttributeString("ID", SamlResponses.RequestId(state));
            xml.WriteAttributeString("Version", "2.0");
            xml.WriteAttributeString("IssueInstant", clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            xml.WriteAttributeString("Destination", method.AuthUrl);
            xml.WriteAttributeString("ProtocolBinding", SamlNames.PostBinding);
            xml.WriteAttributeString("AssertionConsumerServiceURL", urls.AccessCallback);
            if (force)
            {
                xml.WriteAttributeString("ForceAuthn", "true");
            }

            xml.WriteElementString("saml", "Issuer", SamlNames.Assertion, urls.AccessCallback);
            if (method.EmailClaimName.Length == 0)
            {
                xml.WriteStartElement("samlp", "NameIDPolicy", SamlNames.Protocol);
                xml.WriteAttributeString("Format", SamlNames.EmailFormat);
                xml.WriteAttributeString("AllowCreate", "true");
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        }

        return text.ToString();
    }

    private static string Deflate(string xml)
    {
        using var bytes = new MemoryStream();
        using (var deflate = new DeflateStream(bytes, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(Encoding.UTF8.GetBytes(xml));
        }

        return Convert.ToBase64String(bytes.ToArray());
    }

    private static string Escape(string text) => Uri.EscapeDataString(text);
}
