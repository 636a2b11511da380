using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>The JSON object that answers a challenge: its values by name. As text or object, other values count as absent.</summary>
internal sealed class FlowAnswer
{
    private const int Longest = 64 * 1024;
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };
    private readonly Dictionary<string, JsonElement> values;

    private FlowAnswer(Dictionary<string, JsonElement> values) => this.values = values;

    /// <summary>Which challenge it answers; null when it does not say.</summary>
    public string? Component => Text("component");

    /// <summary>The string called <paramref name="name"/>, or null.</summary>
    public string? Text(string name) => values.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The value called <paramref name="name"/>, of any kind; null when absent or null.</summary>
    public JsonElement? Value(string name) => values.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>The object called <paramref name="name"/>, or null.</summary>
    public JsonElement? Object(string name) => Value(name) is { ValueKind: JsonValueKind.Object } value ? value : null;

    /// <summary>Reads the body; null when it is no JSON object, or too long to be an answer.</summary>
    public static async Task<FlowAnswer?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (await BodyAsync(request.Body, cancellationToken) is not { } body)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object ? new FlowAnswer(Values(document.RootElement.Clone())) : null;
        }
        catch (JsonException)
        {
            return null;
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair can't be read as text
        }
    }

    private static Dictionary<string, JsonElement> Values(JsonElement answer)
    {
        var found = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in answer.EnumerateObject())
        {
            found[property.Name] = property.Value;
            Look(property.Value);
        }

        return found;
    }

    // Reads every text once: half a surrogate pair throws here, where it is answered, and not in a stage.
    private static void Look(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                _ = value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    Look(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                {
                    _ = property.Name;
                    Look(property.Value);
                }

                break;
            default:
                break;
        }
    }

    private static async Task<ReadOnlyMemory<byte>?> BodyAsync(Stream body, CancellationToken cancellationToken)
    {
        var room = new byte[Longest + 1];
        var length = await body.ReadAtLeastAsync(room, room.Length, throwOnEndOfStream: false, cancellationToken);
        return length > Longest ? null : room.AsMemory(0, length);
    }
}
