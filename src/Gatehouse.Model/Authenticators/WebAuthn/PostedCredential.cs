using System.Buffers.Text;
using System.Text.Json;

namespace Gatehouse.Model.Authenticators.WebAuthn;

/// <summary>A credential as browsers send it: <c>RegistrationResponseJSON</c> or <c>AuthenticationResponseJSON</c> (WebAuthn §5.1). Bytes are base64url.</summary>
internal sealed class PostedCredential
{
    private readonly JsonElement response;

    private PostedCredential(string id, JsonElement response) => (Id, this.response) = (id, response);

    /// <summary>Credential id, base64url without padding.</summary>
    public string Id { get; }

    /// <summary>Reads it.</summary>
    public static PostedCredential Read(JsonElement posted)
    {
        var raw = Bytes(posted, "rawId") ?? throw new MalformedException("rawId is missing");
        var id = Base64Url.EncodeToString(raw);
        if (Text(posted, "id") != id || Text(posted, "type") != "public-key")
        {
            throw new MalformedException("id and rawId differ, or it is no public-key credential");
        }

        return posted.TryGetProperty("response", out var response) && response.ValueKind == JsonValueKind.Object
            ? new PostedCredential(id, response)
            : throw new MalformedException("response is missing");
    }

    /// <summary>Bytes of the response; throws when they are missing.</summary>
    public byte[] Need(string name) => Find(name) ?? throw new MalformedException($"{name} is missing or no base64url");

    /// <summary>Bytes of the response; null when they are missing.</summary>
    public byte[]? Find(string name) => Bytes(response, name);

    /// <summary>How browsers reach it: the ones we know.</summary>
    public List<string> Transports() => response.TryGetProperty("transports", out var list) && list.ValueKind == JsonValueKind.Array
        ? [.. list.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()).OfType<string>().Where(IsTransport).Distinct()]
        : [];

    private static bool IsTransport(string text) => text is "usb" or "nfc" or "ble" or "internal" or "hybrid" or "smart-card";

    private static byte[]? Bytes(JsonElement from, string name)
    {
        // Padding is allowed: some libraries write it.
        if (Text(from, name) is not { Length: > 0 } text)
        {
            return null;
        }

        try
        {
            return Base64Url.DecodeFromChars(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement from, string name)
    {
        try
        {
            return from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair can't be read as text
        }
    }
}
