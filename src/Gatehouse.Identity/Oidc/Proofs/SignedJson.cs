using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Gatehouse.Model.Keys;

namespace Gatehouse.Identity.Oidc.Proofs;

/// <summary>A JWS in compact form that somebody else made (RFC 7515), taken apart but not yet believed.</summary>
internal sealed class SignedJson
{
    private const int Longest = 16 * 1024;
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    private readonly byte[] signed;
    private readonly byte[] signature;

    private SignedJson(JsonElement header, JsonElement payload, byte[] signed, byte[] signature)
    {
        (Header, Payload) = (header, payload);
        (this.signed, this.signature) = (signed, signature);
    }

    public JsonElement Header { get; }

    public JsonElement Payload { get; }

    /// <summary>The algorithm it names; the key decides whether that may be.</summary>
    public string Algorithm => Text(Header, "alg") ?? "";

    /// <summary>The key it names; null when none.</summary>
    public string? KeyId => Text(Header, "kid");

    /// <summary>Takes <paramref name="compact"/> apart; null when it is malformed, or has critical extensions (RFC 7515 §4.1.11): we know none.</summary>
    public static SignedJson? Read(string compact)
    {
        var parts = compact.Length <= Longest ? compact.Split('.') : [];
        if (parts.Length != 3 || !Array.TrueForAll(parts, p => p.Length > 0 && Base64Url.IsValid(p)))
        {
            return null;
        }

        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]), Strict);
            using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]), Strict);
            return header.RootElement.ValueKind == JsonValueKind.Object && payload.RootElement.ValueKind == JsonValueKind.Object
                && !header.RootElement.TryGetProperty("crit", out _)
                ? new SignedJson(
                    header.RootElement.Clone(), payload.RootElement.Clone(), Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether <paramref name="key"/> signed it.</summary>
    public bool IsSignedBy(PublicJwk key) => key.Verifies(Algorithm, signed, signature);

    /// <summary>A text of the payload; null when absent, empty or something else.</summary>
    public string? Text(string name) => Text(Payload, name);

    /// <summary>An instant of the payload; null when absent or something else.</summary>
    public DateTimeOffset? Instant(string name) =>
        Payload.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds)
        && seconds is >= 0 and < 253402300799 // the year 9999
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000))
            : null;

    /// <summary>A text, or all texts of a list, of the payload (RFC 7519 §4.1.3).</summary>
    public IReadOnlyList<string> Texts(string name) =>
        !Payload.TryGetProperty(name, out var value) ? []
        : value.ValueKind == JsonValueKind.String ? [TextOf(value) ?? ""]
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(e => TextOf(e) ?? "")]
        : [];

    /// <summary>A text of <paramref name="json"/>; null when absent, empty or something else.</summary>
    public static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? TextOf(value) : null;

    /// <summary>The text that <paramref name="value"/> is; null when it is empty, or something else.</summary>
    public static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair can't be read as text
        }
    }
}
