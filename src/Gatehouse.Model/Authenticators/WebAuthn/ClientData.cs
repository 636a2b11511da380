using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Gatehouse.Model.Authenticators.WebAuthn;

/// <summary>What the browser says about a ceremony (WebAuthn §5.8.1), and signs through the authenticator.</summary>
public sealed class ClientData
{
    /// <summary>Type of a registration.</summary>
    public const string Create = "webauthn.create";

    /// <summary>Type of a proof.</summary>
    public const string Get = "webauthn.get";

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 4 };

    private ClientData(byte[] hash, byte[] challenge) => (Hash, Challenge) = (hash, challenge);

    /// <summary>SHA-256 of the bytes as sent.</summary>
    public byte[] Hash { get; }

    /// <summary>The challenge that was answered.</summary>
    public byte[] Challenge { get; }

    /// <summary>Reads it, and refuses what another site, a frame, or another ceremony made.</summary>
    public static ClientData Read(byte[] json, string type, string origin)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return Read(document.RootElement, json, type, origin);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException)
        {
            throw new MalformedException("client data can't be read");
        }
    }

    private static ClientData Read(JsonElement root, byte[] json, string type, string origin)
    {
        if (Text(root, "type") != type)
        {
            throw new MalformedException($"client data is not of type {type}");
        }

        if (Text(root, "origin") != origin)
        {
            throw new MalformedException("made at another origin");
        }

        if ((root.TryGetProperty("crossOrigin", out var crossed) && crossed.ValueKind != JsonValueKind.False) || root.TryGetProperty("topOrigin", out _))
        {
            throw new MalformedException("made in a frame of another site");
        }

        return Text(root, "challenge") is { Length: > 0 } challenge
            ? new ClientData(SHA256.HashData(json), Base64Url.DecodeFromChars(challenge))
            : throw new MalformedException("client data has no challenge");
    }

    private static string? Text(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
