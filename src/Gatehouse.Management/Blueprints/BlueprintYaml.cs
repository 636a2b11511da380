using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Gatehouse.Management.Blueprints;

/// <summary>A value that another entry or the installation gives: <c>!KeyOf</c>, <c>!Find</c>.</summary>
/// <param name="Name">With its mark: <c>!KeyOf</c>.</param>
/// <param name="Value">What stands behind it: a text or a list.</param>
internal sealed record BlueprintTag(string Name, JsonNode Value);

/// <summary>One object of a blueprint that is written. Values are JSON, tags, or lists of tags.</summary>
internal sealed record BlueprintEntry(string Model, string Id, IReadOnlyList<(string Name, object? Value)> Identifiers, IReadOnlyList<(string Name, object? Value)> Attributes);

/// <summary>Writes blueprints. Texts are always quoted, so that none is read as a number or a truth value.</summary>
internal static class BlueprintYaml
{
    /// <summary>The text of a blueprint called <paramref name="name"/>.</summary>
    public static string Write(string name, IEnumerable<BlueprintEntry> entries)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        var emitter = new Emitter(text, EmitterSettings.Default.WithBestWidth(int.MaxValue).WithNewLine("\n"));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart());
        Map(
            emitter,
            ("version", JsonValue.Create(1)),
            ("metadata", new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["blueprints.goauthentik.io/instantiate"] = "false" } }),
            ("entries", entries.ToList()));
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Map(Emitter emitter, params IReadOnlyList<(string Name, object? Value)> members)
    {
        emitter.Emit(new MappingStart());
        foreach (var (name, value) in members)
        {
            emitter.Emit(new Scalar(name));
            Value(emitter, value);
        }

        emitter.Emit(new MappingEnd());
    }

    private static void Value(Emitter emitter, object? value)
    {
        switch (value)
        {
            case BlueprintTag tag:
                Tagged(emitter, tag);
                break;
            case BlueprintEntry entry:
                Map(emitter, ("model", JsonValue.Create(entry.Model)), ("id", JsonValue.Create(entry.Id)), ("identifiers", entry.Identifiers), ("attrs", entry.Attributes));
                break;
            case IReadOnlyList<(string Name, object? Value)> members:
                Map(emitter, members);
                break;
            case JsonObject members:
                Map(emitter, [.. members.Select(m => (m.Key, (object?)m.Value))]);
                break;
            case JsonArray items:
                List(emitter, items, TagName.Empty);
                break;
            case JsonValue plain when plain.GetValueKind() == JsonValueKind.String:
                emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, plain.GetValue<string>(), ScalarStyle.DoubleQuoted, isPlainImplicit: true, isQuotedImplicit: true));
                break;
            case JsonValue plain:
                emitter.Emit(new Scalar(plain.ToJsonString()));
                break;
            case System.Collections.IEnumerable items:
                List(emitter, items.Cast<object?>(), TagName.Empty);
                break;
            default:
                emitter.Emit(new Scalar("null"));
                break;
        }
    }

    private static void Tagged(Emitter emitter, BlueprintTag tag)
    {
        if (tag.Value is JsonArray parts)
        {
            List(emitter, parts, new TagName(tag.Name));
        }
        else
        {
            emitter.Emit(new Scalar(AnchorName.Empty, new TagName(tag.Name), tag.Value.GetValue<string>(), ScalarStyle.Plain, isPlainImplicit: false, isQuotedImplicit: false));
        }
    }

    private static void List(Emitter emitter, IEnumerable<object?> items, TagName tag)
    {
        emitter.Emit(new SequenceStart(AnchorName.Empty, tag, isImplicit: tag.IsEmpty, tag.IsEmpty ? SequenceStyle.Block : SequenceStyle.Flow));
        foreach (var item in items)
        {
            Value(emitter, item);
        }

        emitter.Emit(new SequenceEnd());
    }
}
