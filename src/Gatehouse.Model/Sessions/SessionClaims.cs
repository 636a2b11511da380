using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Model.Sessions;

/// <summary>The claims that a session keeps: an object of values as the login method gave them.</summary>
public static class SessionClaims
{
    /// <summary>Writes claims that are texts by nature, such as attributes by SAML: one value as a string, several or none as an array.</summary>
    public static string Write(IReadOnlyDictionary<string, IReadOnlyList<string>> claims) => new JsonObject(claims.Select(c => KeyValuePair.Create(
        c.Key, c.Value is [var one] ? JsonValue.Create(one) : (JsonNode?)new JsonArray([.. c.Value.Select(v => (JsonNode?)JsonValue.Create(v))])))).ToJsonString();

    /// <summary>
    /// The claims of <paramref name="json"/> as rules compare them, which is by text: numbers, booleans and objects as JSON spells them, an array as its
    /// members, null as nothing. Throws <see cref="JsonException"/> or <see cref="InvalidOperationException"/> when it is no object of claims.
    /// </summary>
    public static Dictionary<string, IReadOnlyList<string>> Texts(string json)
    {
        using var claims = JsonDocument.Parse(json);
        return claims.RootElement.EnumerateObject().ToDictionary(c => c.Name, c => (IReadOnlyList<string>)[.. Texts(c.Value)], StringComparer.Ordinal);
    }

    /// <summary>Whether a claim has a value that rules could compare.</summary>
    public static bool SaysSomething(JsonElement value) => Texts(value).Any();

    private static IEnumerable<string> Texts(JsonElement value) => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().SelectMany(One) : One(value);

    private static IEnumerable<string> One(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => [],
        JsonValueKind.String => [value.GetString()!], // a string is never null
        _ => [value.GetRawText()],
    };
}
