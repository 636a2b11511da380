using System.Xml;

namespace Gatehouse.Tests.Access.SignIn.Saml;

/// <summary>The eight ways of signature wrapping (Somorovsky et al., "On Breaking SAML", 2012), each done to a really signed response.</summary>
internal static class SamlWrapping
{
    public const string Evil = "admin@example.com";

    /// <summary>Wraps <paramref name="xml"/>: 1 and 2 one with a signed response, the others one with a signed assertion. The forged element has the id of the true one, or one of its own.</summary>
    public static string Wrap(string xml, int way, bool sameId)
    {
        var document = SamlAnswer.Parse(xml);
        var response = document.DocumentElement!;
        if (way <= 2)
        {
            return WrapResponse(response, way, sameId);
        }

        var original = SamlAnswer.AssertionOf(document);
        var bare = Without(original);
        var forged = Forge(original, sameId);
        switch (way)
        {
            case 3: // before the true one
                response.InsertBefore(Unsigned(forged), original);
                break;
            case 4: // around the true one
                response.ReplaceChild(forged, original);
                Unsigned(forged).AppendChild(original);
                break;
            case 5: // in place of it, with its signature; the true one at the end
                response.ReplaceChild(forged, original);
                response.AppendChild(bare);
                break;
            case 6: // with its signature, in which the true one stands
                response.ReplaceChild(forged, original);
                SignatureOf(forged)!.AppendChild(bare);
                break;
            case 7: // in extensions
                var extensions = document.CreateElement("samlp", "Extensions", SamlProvider.Protocol);
                extensions.AppendChild(Unsigned(forged));
                response.InsertBefore(extensions, original);
                break;
            default: // with its signature, and the true one in an object of that
                response.ReplaceChild(forged, original);
                SignatureOf(forged)!.AppendChild(document.CreateElement("ds", "Object", SamlProvider.Dsig))!.AppendChild(bare);
                break;
        }

        return document.OuterXml;
    }

    private static string WrapResponse(XmlElement response, int way, bool sameId)
    {
        var document = response.OwnerDocument;
        var bare = Without(response);
        var forged = Forge(response, sameId);
        document.ReplaceChild(forged, response);
        if (way == 1)
        {
            SignatureOf(forged)!.AppendChild(bare); // in the signature
        }
        else
        {
            forged.InsertBefore(bare, SignatureOf(forged)); // before it
        }

        return document.OuterXml;
    }

    private static XmlElement Forge(XmlElement element, bool sameId)
    {
        var forged = (XmlElement)element.CloneNode(deep: true);
        if (!sameId)
        {
            forged.SetAttribute("ID", "_forged");
        }

        foreach (var value in forged.GetElementsByTagName("*").OfType<XmlElement>().Where(e => e.LocalName is "NameID" or "AttributeValue").ToList())
        {
            value.InnerText = Evil;
        }

        return forged;
    }

    private static XmlElement Without(XmlElement element) => Unsigned((XmlElement)element.CloneNode(deep: true));

    private static XmlElement Unsigned(XmlElement element)
    {
        if (SignatureOf(element) is { } signature)
        {
            element.RemoveChild(signature);
        }

        return element;
    }

    private static XmlElement? SignatureOf(XmlElement element) => element.ChildNodes.OfType<XmlElement>().FirstOrDefault(e => e.LocalName == "Signature");
}
