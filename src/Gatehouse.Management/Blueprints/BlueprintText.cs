using System.Security.Cryptography;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Gatehouse.Management.Blueprints;

/// <summary>A blueprint that was read: still YAML, since tags are followed only while it is applied.</summary>
internal sealed class BlueprintText
{
    /// <summary>The longest that is read.</summary>
    public const int Longest = 1024 * 1024;

    private const int Deepest = 40;

    private BlueprintText(YamlMappingNode root, string hash) => (Root, Hash) = (root, hash);

    /// <summary>SHA-512 of the text, lower-case hex.</summary>
    public string Hash { get; }

    /// <summary>Its name; empty when it says none.</summary>
    public string Name => Member(Metadata, "name") is YamlScalarNode { Value: { } name } ? name : "";

    /// <summary>Its labels.</summary>
    public IEnumerable<KeyValuePair<string, string>> Labels => Member(Metadata, "labels") is YamlMappingNode labels
        ? labels.Children.Select(l => KeyValuePair.Create((l.Key as YamlScalarNode)?.Value ?? "", (l.Value as YamlScalarNode)?.Value ?? ""))
        : [];

    /// <summary>Values for <c>!Context</c> that it brings itself; null means none.</summary>
    public YamlMappingNode? Context => Member(Root, "context") as YamlMappingNode;

    /// <summary>Its entries in order.</summary>
    public IEnumerable<YamlMappingNode> Entries => (Member(Root, "entries") switch
    {
        YamlSequenceNode list => list.Children,
        YamlMappingNode map => map.Children.Values.OfType<YamlSequenceNode>().SelectMany(l => l.Children),
        _ => [],
    }).OfType<YamlMappingNode>();

    /// <summary>The models it holds.</summary>
    public IEnumerable<string> Models => Entries.Select(e => (Member(e, "model") as YamlScalarNode)?.Value).OfType<string>().Distinct();

    private YamlMappingNode Root { get; }

    private YamlMappingNode? Metadata => Member(Root, "metadata") as YamlMappingNode;

    /// <summary>A member of a mapping; null when it has none of that name.</summary>
    public static YamlNode? Member(YamlMappingNode? map, string name) =>
        map?.Children.FirstOrDefault(c => c.Key is YamlScalarNode { Value: { } key } && key == name).Value;

    /// <summary>Reads it.</summary>
    /// <exception cref="BlueprintFaultException">It is no blueprint.</exception>
    public static BlueprintText Read(string text)
    {
        if (text.Length > Longest)
        {
            throw new BlueprintFaultException($"the blueprint is longer than {Longest} characters");
        }

        try
        {
            CheckDepth(text);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents is not [{ RootNode: YamlMappingNode root }])
            {
                throw new BlueprintFaultException("expected one YAML document that is a mapping with version and entries");
            }

            if (Member(root, "version") is not YamlScalarNode { Value: "1" })
            {
                throw new BlueprintFaultException("expected version: 1");
            }

            if (Member(root, "entries") is not (YamlSequenceNode or YamlMappingNode))
            {
                throw new BlueprintFaultException("expected entries: a list, or a mapping of lists");
            }

            return new BlueprintText(root, HashOf(text));
        }
        catch (Exception fault) when (fault is YamlException or ArgumentException)
        {
            throw new BlueprintFaultException("this is not YAML: " + fault.Message, fault);
        }
    }

    /// <summary>SHA-512 of a text, lower-case hex.</summary>
    public static string HashOf(string text) => Convert.ToHexStringLower(SHA512.HashData(Encoding.UTF8.GetBytes(text)));

    // The tree is built by recursion, which a few thousand brackets would turn into the end of the process.
    private static void CheckDepth(string text)
    {
        var parser = new Parser(new StringReader(text));
        for (var depth = 0; parser.MoveNext();)
        {
            depth += parser.Current is SequenceStart or MappingStart ? 1 : parser.Current is SequenceEnd or MappingEnd ? -1 : 0;
            if (depth > Deepest)
            {
                throw new BlueprintFaultException($"the blueprint is nested deeper than {Deepest} levels");
            }
        }
    }
}
