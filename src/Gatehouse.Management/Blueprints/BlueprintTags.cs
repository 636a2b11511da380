using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Gatehouse.Management.Blueprints;

/// <summary>Something in a blueprint that can't be done. The message names the place.</summary>
public sealed class BlueprintFaultException : Exception
{
    /// <summary>With what went wrong, and where.</summary>
    public BlueprintFaultException(string message)
        : base(message)
    {
    }

    /// <summary>The same, with its cause.</summary>
    public BlueprintFaultException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>As the framework asks of every exception.</summary>
    public BlueprintFaultException()
    {
    }
}

/// <summary>What tags ask of the outside while a blueprint is applied.</summary>
internal sealed class BlueprintScope
{
    /// <summary>Values of <c>!Context</c>.</summary>
    public required JsonObject Context { get; init; }

    /// <summary>Keys of entries that were applied, by their <c>id</c>.</summary>
    public Dictionary<string, JsonNode> Keys { get; } = new(StringComparer.Ordinal);

    /// <summary>Finds one object of a model by some of its fields; null when there is none.</summary>
    public required Func<string, JsonObject, Task<JsonObject?>> FindAsync { get; init; }

    /// <summary>Key of a found object.</summary>
    public required Func<string, JsonObject, JsonNode> KeyOf { get; init; }

    /// <summary>Enclosing <c>!Enumerate</c> loops, the innermost last.</summary>
    public Stack<(JsonNode? Index, JsonNode? Value)> Loops { get; } = new();
}

/// <summary>
/// Turns YAML with authentik's tags into JSON (contract §4.16). <c>!File</c> is refused and <c>!Env</c> reads only variables whose names begin
/// with <c>GATEHOUSE_BLUEPRINT_</c>: an administrator of Identity is not one of the machine.
/// </summary>
internal sealed class BlueprintTags(BlueprintScope scope)
{
    private const string EnvPrefix = "GATEHOUSE_BLUEPRINT_";
    private const int Deepest = 40;

    // Nested loops multiply: this many nodes are made at most.
    private const int MostNodes = 50_000;

    // What tags copy and join multiplies too: so many characters of it at most.
    private const long MostText = 8_000_000;

    private int made;
    private long text;
    private int depth;

    /// <summary>The value of <paramref name="node"/>.</summary>
    /// <exception cref="BlueprintFaultException">A tag can't be followed.</exception>
    public async Task<JsonNode?> ReadAsync(YamlNode node)
    {
        if (++made > MostNodes || ++depth > Deepest)
        {
            throw new BlueprintFaultException($"line {node.Start.Line}: the blueprint is nested or repeated too much");
        }

        try
        {
            return node.Tag.IsEmpty || node.Tag.IsNonSpecific || node.Tag.Value.StartsWith("tag:yaml.org,2002:", StringComparison.Ordinal)
                ? await PlainAsync(node)
                : await TaggedAsync(node, node.Tag.Value);
        }
        finally
        {
            depth--;
        }
    }

    private async Task<JsonNode?> PlainAsync(YamlNode node)
    {
        switch (node)
        {
            case YamlScalarNode scalar:
                Count(node, scalar.Value?.Length ?? 0); // an alias costs a line, what it stands for may be long
                return Scalar(scalar);
            case YamlSequenceNode list:
                var items = new JsonArray();
                foreach (var child in list.Children)
                {
                    items.Add(await ReadAsync(child));
                }

                return items;
            case YamlMappingNode map:
                var members = new JsonObject();
                foreach (var (key, value) in map.Children)
                {
                    members[Text(key)] = await ReadAsync(value);
                }

                return members;
            default:
                throw Fault(node, "is neither text, list nor mapping");
        }
    }

    private Task<JsonNode?> TaggedAsync(YamlNode node, string tag) => tag switch
    {
        "!KeyOf" => Task.FromResult<JsonNode?>(scope.Keys.TryGetValue(Text(node), out var key) ? key.DeepClone() : throw Fault(node, $"no entry with the id '{Text(node)}' was applied before")),
        "!Find" => FindAsync(node, whole: false),
        "!FindObject" => FindAsync(node, whole: true),
        "!Context" => ContextAsync(node),
        "!Env" => EnvAsync(node),
        "!Format" => FormatAsync(node),
        "!If" => IfAsync(node),
        "!Condition" => ConditionAsync(node),
        "!Enumerate" => EnumerateAsync(node),
        "!Index" => Task.FromResult(Copy(node, Loop(node).Index)),
        "!Value" => Task.FromResult(Copy(node, Loop(node).Value)),
        "!AtIndex" => AtIndexAsync(node),
        "!ParseJSON" => ParseJsonAsync(node),
        "!File" => throw Fault(node, "!File is not allowed: the API must not read files of the machine"),
        _ => throw Fault(node, $"the tag {tag} is not known"),
    };

    private async Task<JsonNode?> FindAsync(YamlNode node, bool whole)
    {
        var parts = List(node, 2);
        var model = await ReadAsync(parts[0]) is JsonValue name ? name.ToString() : throw Fault(node, "expected [model, [field, value], ...]");
        var wanted = new JsonObject();
        foreach (var pair in parts.Skip(1))
        {
            if (pair is not YamlSequenceNode { Children: [var field, var value] })
            {
                throw Fault(pair, "expected [field, value]");
            }

            wanted[(await ReadAsync(field))?.ToString() ?? ""] = await ReadAsync(value);
        }

        // authentik goes on with null here, and an application without a flow is the thanks for a spelling mistake.
        var found = await scope.FindAsync(model, wanted) ?? throw Fault(node, $"no {model} has {wanted.ToJsonString()}");
        return whole ? Copy(node, found) : scope.KeyOf(model, found);
    }

    private async Task<JsonNode?> ContextAsync(YamlNode node)
    {
        var (name, fallback) = await NamedAsync(node);
        return scope.Context.TryGetPropertyValue(name, out var value) ? Copy(node, value)
            : fallback is not null ? await ReadAsync(fallback) : throw Fault(node, $"the context has no '{name}'");
    }

    private async Task<JsonNode?> EnvAsync(YamlNode node)
    {
        var (name, fallback) = await NamedAsync(node);
        if (!name.StartsWith(EnvPrefix, StringComparison.Ordinal))
        {
            throw Fault(node, $"only variables whose names begin with {EnvPrefix} may be read");
        }

        return Environment.GetEnvironmentVariable(name) is { } value ? JsonValue.Create(value)
            : fallback is not null ? await ReadAsync(fallback) : throw Fault(node, $"the variable {name} is not set");
    }

    private async Task<JsonNode?> FormatAsync(YamlNode node)
    {
        var parts = List(node, 1);
        var pattern = (await ReadAsync(parts[0]))?.ToString() ?? "";
        var next = 1;
        var made = new System.Text.StringBuilder();
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != '%' || i + 1 == pattern.Length)
            {
                made.Append(pattern[i]);
            }
            else if (pattern[++i] == '%')
            {
                made.Append('%');
            }
            else if (pattern[i] is 's' or 'd' && next < parts.Count)
            {
                var value = (await ReadAsync(parts[next++]))?.ToString() ?? "";
                Count(node, value.Length);
                made.Append(value);
            }
            else
            {
                throw Fault(node, "expected a text with as many %s as values");
            }
        }

        return next == parts.Count ? JsonValue.Create(made.ToString()) : throw Fault(node, "expected a text with as many %s as values");
    }

    private async Task<JsonNode?> IfAsync(YamlNode node)
    {
        var parts = List(node, 1);
        var isTrue = IsTrue(await ReadAsync(parts[0]));
        return parts.Count switch
        {
            1 => isTrue,
            3 => await ReadAsync(parts[isTrue ? 1 : 2]),
            _ => throw Fault(node, "expected [condition, then, else]"),
        };
    }

    private async Task<JsonNode?> ConditionAsync(YamlNode node)
    {
        var parts = List(node, 2);
        List<bool> values = [];
        foreach (var part in parts.Skip(1))
        {
            values.Add(IsTrue(await ReadAsync(part)));
        }

        return Text(parts[0]).ToUpperInvariant() switch
        {
            "AND" => values.TrueForAll(v => v),
            "NAND" => !values.TrueForAll(v => v),
            "OR" => values.Contains(true),
            "NOR" => !values.Contains(true),
            "XOR" => values.Aggregate((a, b) => a ^ b),
            "XNOR" => !values.Aggregate((a, b) => a ^ b),
            _ => throw Fault(node, "expected AND, OR, NAND, NOR, XOR or XNOR"),
        };
    }

    private async Task<JsonNode?> EnumerateAsync(YamlNode node)
    {
        var parts = List(node, 3);
        var source = await ReadAsync(parts[0]);
        var pairs = source switch
        {
            JsonArray list => list.Index().Select(p => (Index: (JsonNode?)p.Index, Value: p.Item)).ToList(),
            JsonObject map => [.. map.Select(p => ((JsonNode?)JsonValue.Create(p.Key), p.Value))],
            _ => throw Fault(node, "expected a list or a mapping to walk through"),
        };
        var asMap = Text(parts[1]).ToUpperInvariant() switch { "SEQ" => false, "MAP" => true, _ => throw Fault(node, "expected SEQ or MAP") };
        var (items, members) = (new JsonArray(), new JsonObject());
        foreach (var pair in pairs)
        {
            scope.Loops.Push(pair);
            var made = await ReadAsync(parts[2]);
            scope.Loops.Pop();
            if (!asMap)
            {
                items.Add(made);
            }
            else if (made is JsonArray { Count: 2 } entry)
            {
                members[entry[0]?.ToString() ?? ""] = Copy(node, entry[1]);
            }
            else
            {
                throw Fault(node, "a MAP is made of [key, value]");
            }
        }

        return asMap ? members : items;
    }

    private async Task<JsonNode?> AtIndexAsync(YamlNode node)
    {
        var parts = List(node, 2);
        var (source, index) = (await ReadAsync(parts[0]), (await ReadAsync(parts[1]))?.ToString() ?? "");
        var found = source switch
        {
            JsonArray list when int.TryParse(index, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var at) && Math.Abs((long)at) <= list.Count =>
                (at < 0 ? at + list.Count : at) is var place && place < list.Count ? (true, list[place]) : (false, null),
            JsonObject map => (map.TryGetPropertyValue(index, out var value), value),
            _ => (false, (JsonNode?)null),
        };
        return found is (true, var member) ? Copy(node, member)
            : parts.Count > 2 ? await ReadAsync(parts[2]) : throw Fault(node, $"there is nothing at '{index}'");
    }

    private async Task<JsonNode?> ParseJsonAsync(YamlNode node)
    {
        var text = node is YamlSequenceNode { Children: [var only] } ? (await ReadAsync(only))?.ToString() ?? "" : Text(node);
        try
        {
            return JsonNode.Parse(text, documentOptions: new System.Text.Json.JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (System.Text.Json.JsonException fault)
        {
            throw new BlueprintFaultException($"line {node.Start.Line}: this is not JSON, or names a key twice", fault);
        }
    }

    private JsonNode? Copy(YamlNode node, JsonNode? value)
    {
        Count(node, value?.ToJsonString().Length ?? 0);
        return value?.DeepClone();
    }

    private void Count(YamlNode node, int characters)
    {
        if ((text += characters) > MostText)
        {
            throw Fault(node, "the blueprint makes more text than it may");
        }
    }

    private async Task<(string Name, YamlNode? Fallback)> NamedAsync(YamlNode node) => node switch
    {
        YamlScalarNode scalar => (scalar.Value ?? "", null),
        YamlSequenceNode { Children: [var name, var fallback] } => ((await ReadAsync(name))?.ToString() ?? "", fallback),
        _ => throw Fault(node, "expected a name, or [name, default]"),
    };

    private (JsonNode? Index, JsonNode? Value) Loop(YamlNode node) =>
        int.TryParse(Text(node), NumberStyles.None, CultureInfo.InvariantCulture, out var out_) && out_ < scope.Loops.Count
            ? scope.Loops.ElementAt(out_)
            : throw Fault(node, "this stands in no !Enumerate so deep");

    private static IList<YamlNode> List(YamlNode node, int least) => node is YamlSequenceNode { Children: var parts } && parts.Count >= least
        ? parts
        : throw Fault(node, $"expected a list of at least {least}");

    private static bool IsTrue(JsonNode? value) => value switch
    {
        null => false,
        JsonArray list => list.Count > 0,
        JsonObject map => map.Count > 0,
        _ => value.ToJsonString() is not ("false" or "0" or "\"\""),
    };

    // YAML 1.2 core schema, and the words of 1.1 for true and false, which authentik reads so; quoted text is text.
    private static JsonNode? Scalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any) || scalar.Tag is { IsEmpty: false, IsNonSpecific: false, Value: "tag:yaml.org,2002:str" })
        {
            return text;
        }

        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" => true,
            "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" => false,
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var fraction) && double.IsFinite(fraction) => fraction,
            _ => text,
        };
    }

    private static string Text(YamlNode node) => node is YamlScalarNode { Value: { } text } ? text : throw Fault(node, "expected text");

    private static BlueprintFaultException Fault(YamlNode node, string text) => new($"line {node.Start.Line}: {text}");
}
