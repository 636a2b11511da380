using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Model.Tunnels;

/// <summary>What a connector brings: the account, the tunnel and its secret. A class, so that it never prints.</summary>
public sealed class TunnelCredentials
{
    /// <summary>The account the tunnel belongs to.</summary>
    public required string AccountTag { get; init; }

    /// <summary>The tunnel.</summary>
    public required Guid TunnelId { get; init; }

    /// <summary>Its secret.</summary>
    public required byte[] Secret { get; init; }

    /// <summary>Reads a token: base64 of <c>{"a":account,"s":base64 secret,"t":tunnel}</c>.</summary>
    public static TunnelCredentials? FromToken(string token)
    {
        var bytes = new byte[token.Length];
        return token.Length is > 0 and <= 4096 && Convert.TryFromBase64String(token.Trim(), bytes, out var length)
            ? Read(bytes.AsMemory(0, length), "a", "s", "t")
            : null;
    }

    /// <summary>Reads a credentials file: <c>{"AccountTag":..,"TunnelSecret":base64,"TunnelID":..}</c>.</summary>
    public static TunnelCredentials? FromFile(ReadOnlyMemory<byte> json) => Read(json, "AccountTag", "TunnelSecret", "TunnelID");

    /// <summary>The token that holds the same.</summary>
    public string ToToken() => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(
        new JsonObject { ["a"] = AccountTag, ["t"] = TunnelId.ToString(), ["s"] = Convert.ToBase64String(Secret) }));

    /// <inheritdoc/>
    public override string ToString() => "***";

    private static TunnelCredentials? Read(ReadOnlyMemory<byte> json, string account, string secret, string tunnel)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                && TextOf(root, account) is { } tag
                && Guid.TryParse(TextOf(root, tunnel), out var id)
                && TextOf(root, secret) is { } text
                && SecretOf(text) is { Length: > 0 } bytes
                ? new TunnelCredentials { AccountTag = tag, TunnelId = id, Secret = bytes }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? TextOf(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static byte[]? SecretOf(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }
}
