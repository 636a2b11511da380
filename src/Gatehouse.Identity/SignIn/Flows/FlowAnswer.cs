using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>The JSON object that answers a challenge: its strings and objects by name. Other values count as absent.</summary>
internal sealed class FlowAnswer
{
    private const int Longest = 64 * 1024;
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };
    private readonly Dictionary<string, string> texts;

    private readonly Dictionary<string, JsonElement> objects;

    private FlowAnswer(Dictionary<string, string> texts, Dictionary<string, JsonElement> objects) => (this.texts, this.objects) = (texts, objects);

    /// <summary>Which challenge it answers; null when it does not say.</summary>
    public string? Component => Text("component");

    /// <summary>The string called <paramref name="name"/>, or null.</summary>
    public string? Text(string name) => texts.GetValueOrDefault(name);

    /// <summary>The object called <paramref name="name"/>, or null.</summary>
    public JsonElement? Object(string name) => objects.TryGetValue(name, out var value) ? value : null;

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
            return document.RootElement.ValueKind == JsonValueKind.Object ? new FlowAnswer(Strings(document.RootElement), Objects(document.RootElement)) : null;
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

    private static Dictionary<string, string> Strings(JsonElement value)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.String)
            {
                found[property.Name] = property.Value.GetString() ?? "";
            }
        }

        return found;
    }

    private static Dictionary<string, JsonElement> Objects(JsonElement value) => value.EnumerateObject()
        .Where(p => p.Value.ValueKind == JsonValueKind.Object).ToDictionary(p => p.Name, p => p.Value.Clone(), StringComparer.Ordinal);

    private static async Task<ReadOnlyMemory<byte>?> BodyAsync(Stream body, CancellationToken cancellationToken)
    {
        var room = new byte[Longest + 1];
        var length = await body.ReadAtLeastAsync(room, room.Length, throwOnEndOfStream: false, cancellationToken);
        return length > Longest ? null : room.AsMemory(0, length);
    }
}
