using System.Text.Json.Nodes;
using Gatehouse.Model.Events;

namespace Gatehouse.Model.Notifications;

/// <summary>Events as sentences and tables, for people.</summary>
public static class EventText
{
    private const int LongestBody = 1000;
    private const int LongestValue = 1024;

    /// <summary>One line: the action, and its message or who did it to what.</summary>
    public static string Summary(Event happened)
    {
        var context = Context(happened);
        var said = Text(context["message"]);
        var who = happened.Username.Length > 0 ? happened.Username : Text(context["username"]);
        var what = Text((context["model"] as JsonObject)?["name"]);
        var line = said is not null
            ? $"{happened.Action}: {said}"
            : happened.Action + (who is { Length: > 0 } ? $": {who}" : "") + (what is { Length: > 0 } && what != who ? $" ({what})" : "")
                + (happened.ClientIp is { } address ? $" from {address}" : "");
        return line.Length <= LongestBody ? line : line[..LongestBody];
    }

    /// <summary>The texts among the details, by name, cut to what chat services take.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Fields(Event happened) =>
        [.. Context(happened)
            .Select(p => KeyValuePair.Create(p.Key, Text(p.Value)))
            .Where(p => p.Value is { Length: > 0 })
            .Select(p => KeyValuePair.Create(p.Key, p.Value!.Length <= LongestValue ? p.Value : p.Value[..LongestValue]))];

    /// <summary>authentik's word for how urgent something is.</summary>
    public static string WordOf(Severity severity) => severity switch
    {
        Severity.Alert => "alert",
        Severity.Warning => "warning",
        _ => "notice",
    };

    /// <summary>A text among the details; null when there is none of that name.</summary>
    public static string? Detail(Event happened, string name) => Text(Context(happened)[name]);

    private static JsonObject Context(Event happened) => JsonNode.Parse(happened.ContextJson) as JsonObject ?? [];

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
