using System.Text.Json.Nodes;

namespace Gatehouse.Model.Events;

/// <summary>Keeps secrets out of events: whatever stands under a name that sounds like one is starred.</summary>
public static class EventMask
{
    /// <summary>What stands instead.</summary>
    public const string Stars = "********************";

    private const int LongestText = 2000;

    private static readonly string[] Names =
        ["password", "token", "secret", "key", "passphrase", "credential", "authorization", "cookie", "signature", "assertion", "code", "client_secret", "session"];

    // Names that hold one of those words and no secret.
    private static readonly string[] Plain = ["pk", "component", "token_type", "response_code", "status_code", "flow_plan", "session_uuid", "key_type", "error_code"];

    /// <summary>A copy with every secret starred and every text cut to a bearable length.</summary>
    public static JsonObject Clean(JsonObject context)
    {
        var clean = new JsonObject();
        foreach (var (name, value) in context)
        {
            clean[name] = IsSecret(name) && value is JsonValue ? Stars : Copy(value);
        }

        return clean;
    }

    private static JsonNode? Copy(JsonNode? node) => node switch
    {
        JsonObject inner => Clean(inner),
        JsonArray items => new JsonArray([.. items.Select(Copy)]),
        JsonValue value when value.TryGetValue<string>(out var text) && text.Length > LongestText => text[..LongestText] + "...",
        null => null,
        _ => node.DeepClone(),
    };

    private static bool IsSecret(string name) =>
        !Plain.Contains(name, StringComparer.OrdinalIgnoreCase) && Names.Any(n => name.Contains(n, StringComparison.OrdinalIgnoreCase));
}
