using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Xml;

namespace Gatehouse.Access.SignIn.Saml;

/// <summary>Reads XML that somebody sent: bounded, without DTD, and without whatever two readers could read in two ways.</summary>
internal static class SamlXml
{
    /// <summary>The longest document, in characters.</summary>
    public const int Longest = 160 * 1024;

    private const int Deepest = 16;
    private const int MostElements = 10_000;
    private const int MostAttributes = 32;

    /// <summary>The document; <paramref name="fault"/> says why there is none.</summary>
    public static XmlDocument? Read(string text, out string fault)
    {
        fault = "";
        try
        {
            fault = Measure(text);
            return fault.Length > 0 ? null : Load(text);
        }
        catch (XmlException e)
        {
            // Its words could repeat what was sent; where and of what kind is enough.
            fault = string.Create(CultureInfo.InvariantCulture, $"no XML, or one with a DTD (line {e.LineNumber}, position {e.LinePosition})");
            return null;
        }
    }

    /// <summary>The element children.</summary>
    public static IEnumerable<XmlElement> Children(XmlElement element) => element.ChildNodes.OfType<XmlElement>();

    /// <summary>The element children of a name.</summary>
    public static IEnumerable<XmlElement> Children(XmlElement element, string name, string space) => Children(element).Where(c => Is(c, name, space));

    /// <summary>The one child of a name; null when there is none or more than one.</summary>
    public static XmlElement? Only(XmlElement element, string name, string space)
    {
        var found = Children(element, name, space).Take(2).ToList();
        return found.Count == 1 ? found[0] : null;
    }

    /// <summary>Whether the element has this name.</summary>
    public static bool Is(XmlElement element, string name, string space) => element.LocalName == name && element.NamespaceURI == space;

    /// <summary>All elements below.</summary>
    public static IEnumerable<XmlElement> Below(XmlElement element) => Children(element).SelectMany(c => Below(c).Prepend(c));

    /// <summary>The text of an element that holds nothing but text, without the white space around it; null when it holds more.</summary>
    public static string? Text(XmlElement? element) => element is null || Children(element).Any() ? null : element.InnerText.Trim(' ', '\t', '\r', '\n');

    /// <summary>The value of an attribute; null when it is absent.</summary>
    public static string? Attribute(XmlElement element, string name) => element.HasAttribute(name) ? element.GetAttribute(name) : null;

    /// <summary>A time in UTC (SAML Core §1.3.3); false when there is text, but no time.</summary>
    public static bool TryTime(string? text, out DateTimeOffset? time)
    {
        time = DateTimeOffset.TryParseExact(
            text, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var read) ? read : null;
        return text is null || time is not null;
    }

    // Before a tree is made of it.
    private static string Measure(string text)
    {
        using var reader = XmlReader.Create(new StringReader(text), Settings());
        for (var elements = 0; reader.Read();)
        {
            switch (reader.NodeType)
            {
                // A reader that stops at a comment sees another value than one that does not (CVE-2017-11427).
                case XmlNodeType.Comment:
                    return "a comment in it";
                case XmlNodeType.ProcessingInstruction:
                    return "a processing instruction in it";
                case XmlNodeType.EntityReference or XmlNodeType.DocumentType:
                    return "a DTD or an entity in it";
                case XmlNodeType.Element when ++elements > MostElements || reader.Depth > Deepest || reader.AttributeCount > MostAttributes:
                    return "too many elements, too deep, or too many attributes";
            }
        }

        return "";
    }

    [SuppressMessage("Security", "CA3075", Justification = "The reader it loads from prohibits DTDs and resolves nothing.")]
    private static XmlDocument Load(string text)
    {
        var document = Empty();
        using var reader = XmlReader.Create(new StringReader(text), Settings());
        document.Load(reader);
        return document;
    }

    /// <summary>A document without content that will not look anything up.</summary>
    public static XmlDocument Empty() => new() { PreserveWhitespace = true, XmlResolver = null };

    private static XmlReaderSettings Settings() => new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = Longest,
        CheckCharacters = true,
        ConformanceLevel = ConformanceLevel.Document,
    };
}
