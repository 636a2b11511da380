using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Model.Expressions;

/// <summary>Values to and from JSON.</summary>
internal static class ValueJson
{
    private static readonly At Nowhere = new(1, 1);

    /// <summary>The JSON of a value; known objects become their names.</summary>
    public static JsonNode? Write(object? value, ref int left, int depth)
    {
        if (depth > Limits.Depth || --left < 0)
        {
            throw Nowhere.Fault("What is returned is too large or nested too deep.");
        }

        switch (value)
        {
            case null:
                return null;
            case bool flag:
                return flag;
            case long number:
                return number;
            case double number:
                return double.IsFinite(number) ? number : null;
            case string text:
                left -= text.Length;
                return JsonValue.Create(Sound(text));
            case List<object?> list:
                return Array(list, ref left, depth);
            case FactList list:
                return Array(list.Items, ref left, depth);
            case Table table:
                var made = new JsonObject();
                foreach (var (key, item) in table)
                {
                    left -= key.Length;
                    made[Sound(key)] = Write(item, ref left, depth + 1);
                }

                return made;
            case FactObject known:
                return JsonValue.Create((known.Members.GetValueOrDefault("username") ?? known.Members.GetValueOrDefault("name")) as string);
            default:
                return JsonValue.Create(value.ToString());
        }
    }

    /// <summary>The value of JSON; numbers that are no 64-bit whole numbers become real ones.</summary>
    public static object? Read(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => element.TryGetInt64(out var whole) ? (object)whole : element.GetDouble(), // without the cast both would be made fractions
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Array => element.EnumerateArray().Select(Read).ToList(),
        JsonValueKind.Object => ReadObject(element),
        _ => null,
    };

    /// <summary>The dictionary in a text of JSON; an empty one when it is none.</summary>
    public static Table ReadObject(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? ReadObject(document.RootElement) : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static Table ReadObject(JsonElement element)
    {
        var made = new Table();
        foreach (var property in element.EnumerateObject())
        {
            made[property.Name] = Read(property.Value);
        }

        return made;
    }

    private static JsonArray Array(IReadOnlyList<object?> list, ref int left, int depth)
    {
        var made = new JsonArray();
        foreach (var item in list)
        {
            made.Add(Write(item, ref left, depth + 1));
        }

        return made;
    }

    // Half of a surrogate pair has no UTF-8; NUL no place in PostgreSQL.
    private static string Sound(string text) => string.Concat(text.EnumerateRunes()).Replace("\0", "", StringComparison.Ordinal);
}
