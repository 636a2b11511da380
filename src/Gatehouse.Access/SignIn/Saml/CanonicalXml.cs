using System.Security.Cryptography.Xml;
using System.Xml;

namespace Gatehouse.Access.SignIn.Saml;

/// <summary>Exclusive canonicalization without comments (https://www.w3.org/TR/xml-exc-c14n/): the bytes that signatures are about.</summary>
internal static class CanonicalXml
{
    /// <summary>The bytes of one element, with or without the signature that stands in it.</summary>
    public static byte[] Of(XmlElement element, string prefixes, bool withoutSignature)
    {
        // Alone in a document, with the namespaces it stood under: what the prefixes in a PrefixList mean is part of what is signed.
        var alone = SamlXml.Empty();
        var root = (XmlElement)alone.ImportNode(element, deep: true);
        alone.AppendChild(root);
        for (var above = element.ParentNode as XmlElement; above is not null; above = above.ParentNode as XmlElement)
        {
            foreach (var space in above.Attributes.OfType<XmlAttribute>().Where(a => a.NamespaceURI == SamlNames.Xmlns && !root.HasAttribute(a.Name)))
            {
                root.Attributes.Append((XmlAttribute)alone.ImportNode(space, deep: true));
            }
        }

        if (withoutSignature)
        {
            root.RemoveChild(SamlXml.Only(root, "Signature", SamlNames.Signature)!); // the caller found it
        }

        var transform = new XmlDsigExcC14NTransform(includeComments: false, prefixes);
        transform.LoadInput(alone);
        using var output = (Stream)transform.GetOutput(typeof(Stream));
        using var bytes = new MemoryStream();
        output.CopyTo(bytes);
        return bytes.ToArray();
    }
}
