using System.Text.Json;

namespace Gatehouse.Management.Http;

/// <summary>Whether one JSON value holds another, by PostgreSQL's rules for <c>@&gt;</c>: objects by their members, lists by their elements in any order.</summary>
internal static class JsonContainment
{
    /// <summary>Whether the text holds <paramref name="wanted"/>.</summary>
    public static bool Holds(string text, JsonElement wanted)
    {
        using var document = JsonDocument.Parse(text);
        return Holds(document.RootElement, wanted);
    }

    /// <summary>Whether <paramref name="value"/> holds <paramref name="wanted"/>.</summary>
    public static bool Holds(JsonElement value, JsonElement wanted) => (value.ValueKind, wanted.ValueKind) switch
    {
        (JsonValueKind.Object, JsonValueKind.Object) => wanted.EnumerateObject().All(p => value.TryGetProperty(p.Name, out var found) && Holds(found, p.Value)),
        (JsonValueKind.Array, JsonValueKind.Array) => wanted.EnumerateArray().All(w => value.EnumerateArray().Any(v => Holds(v, w))),
        _ => JsonElement.DeepEquals(value, wanted),
    };
}
