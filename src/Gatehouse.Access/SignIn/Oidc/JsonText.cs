using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gatehouse.Access.SignIn.Oidc;

/// <summary>Reads JSON that a provider sent.</summary>
internal static class JsonText
{
    private const int LongestWord = 200;

    /// <summary>The object in <paramref name="bytes"/>, or null when there is none.</summary>
    public static JsonElement? Object(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var json = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 32 });
            return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A short text of the object fit for a log line; null when it is absent.</summary>
    public static string? Word(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && TryText(value) is { Length: > 0 } text ? Plain(text, LongestWord) : null;

    /// <summary>A text of the object, whole and as it is; null when it is absent.</summary>
    public static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? TryText(value) : null;

    /// <summary>A number of the object that can be a time; null when it is absent.</summary>
    public static long? Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number is >= 0 and < 1e11 ? (long)number : null;

    /// <summary>The text of a JSON string; null when its escapes make no text (a lone surrogate).</summary>
    public static string? TryText(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The element written anew; null when it holds a string whose escapes make no text, which could not be sent on.</summary>
    public static string? TryRewrite(JsonElement value)
    {
        try
        {
            return JsonSerializer.Serialize(value, JsonElementContext.Default.JsonElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>On one line, without control characters, and not longer than <paramref name="longest"/>.</summary>
    public static string Plain(string text, int longest)
    {
        var end = text.Length <= longest ? text.Length : char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest;
        return string.Concat(text.Take(end).Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c)).Trim();
    }
}

[JsonSerializable(typeof(JsonElement))]
internal sealed partial class JsonElementContext : JsonSerializerContext;
