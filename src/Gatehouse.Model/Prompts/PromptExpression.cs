using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Model.Users;

namespace Gatehouse.Model.Prompts;

/// <summary>
/// The expressions that prompts understand: a closed set, read and never run. <c>return user.email</c> (also name, username, uuid, type and path),
/// <c>return user.attributes.get("key", "otherwise")</c>, <c>return "text"</c>, and <c>return ["a", "b"]</c> for choices; each alone or in authentik's
/// <c>try: … except: return ''</c>.
/// </summary>
public sealed partial class PromptExpression
{
    private readonly Func<User?, JsonElement?> value;

    private PromptExpression(Func<User?, JsonElement?> value) => this.value = value;

    /// <summary>Reads <paramref name="text"/>; null when it is none of those.</summary>
    public static PromptExpression? Read(string text)
    {
        var body = text.Trim().ReplaceLineEndings("\n");
        if (Guarded().Match(body) is { Success: true } guarded)
        {
            body = guarded.Groups["body"].Value.Trim();
        }

        if (Member().Match(body) is { Success: true } member)
        {
            var name = member.Groups["name"].Value;
            return new PromptExpression(user => user is null ? null : Text(MemberOf(user, name)));
        }

        if (Attribute().Match(body) is { Success: true } attribute)
        {
            var (key, otherwise) = (attribute.Groups["key"].Value, attribute.Groups["otherwise"].Value);
            return new PromptExpression(user => AttributeOf(user, key) ?? Text(otherwise));
        }

        return Literal().Match(body) is { Success: true } literal && Json(literal.Groups["json"].Value) is { } fixedValue
            ? new PromptExpression(_ => fixedValue)
            : null;
    }

    /// <summary>What it is for <paramref name="user"/>; empty when nobody is known yet.</summary>
    public string TextFor(User? user) => value(user) is { ValueKind: JsonValueKind.String } text ? text.GetString() ?? "" : "";

    /// <summary>What can be chosen, and how it reads. A list of texts, or of objects with <c>value</c> and <c>label</c>.</summary>
    public IReadOnlyList<PromptChoice> ChoicesFor(User? user) => value(user) switch
    {
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(ChoiceOf).OfType<PromptChoice>()],
        { ValueKind: JsonValueKind.String } text => [new PromptChoice(text.GetString() ?? "", text.GetString() ?? "")],
        _ => [],
    };

    private static PromptChoice? ChoiceOf(JsonElement item) => item.ValueKind switch
    {
        JsonValueKind.String => new PromptChoice(item.GetString() ?? "", item.GetString() ?? ""),
        JsonValueKind.Object when item.TryGetProperty("value", out var chosen) && chosen.ValueKind == JsonValueKind.String => new PromptChoice(
            chosen.GetString() ?? "", item.TryGetProperty("label", out var label) && label.ValueKind == JsonValueKind.String ? label.GetString() ?? "" : chosen.GetString() ?? ""),
        _ => null,
    };

    private static string MemberOf(User user, string name) => name switch
    {
        "username" => user.Username,
        "name" => user.Name,
        "email" => user.Email,
        "path" => user.Path,
        _ => user.Uuid.ToString(),
    };

    private static JsonElement? AttributeOf(User? user, string key)
    {
        if (user is null)
        {
            return null;
        }

        // The key may walk into objects: settings.locale.
        var at = JsonDocument.Parse(user.AttributesJson).RootElement;
        foreach (var part in key.Split('.'))
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(part, out at))
            {
                return null;
            }
        }

        return at.ValueKind == JsonValueKind.String ? at : null;
    }

    private static JsonElement Text(string text) => JsonSerializer.SerializeToElement(text, JsonTexts.Default.String);

    private static JsonElement? Json(string text)
    {
        try
        {
            var read = JsonDocument.Parse(text).RootElement;
            return read.ValueKind is JsonValueKind.String or JsonValueKind.Array ? read : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\Atry:\s*\n\s+(?<body>return [^\n]+)\n\s*except[^\n:]*:\s*\n?\s*return (?:''|"""")\s*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Guarded();

    [GeneratedRegex(@"\Areturn (?:request\.)?user\.(?<name>username|name|email|path|uuid)\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Member();

    [GeneratedRegex(@"\Areturn (?:request\.)?user\.attributes\.get\([""'](?<key>[\w./-]+)[""'](?:, ?(?:\{\}\)\.get\()?[""'](?<otherwise>[^""'\n]*)[""'])?\)\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Attribute();

    [GeneratedRegex(@"\Areturn (?<json>[""\[].*)\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Singleline)]
    private static partial Regex Literal();
}

/// <summary>Something to choose: what is sent, and what is read.</summary>
public sealed record PromptChoice(string Value, string Label);

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class JsonTexts : System.Text.Json.Serialization.JsonSerializerContext;
