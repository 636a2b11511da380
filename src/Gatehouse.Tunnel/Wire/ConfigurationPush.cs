using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Tunnel.Wire;

/// <summary>A configuration on its way to a connector.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Json">The configuration.</param>
internal sealed record ConfigurationPush(int Number, string Json)
{
    /// <summary>The largest taken.</summary>
    public const int Largest = 1024 * 1024;

    /// <summary>The body that is pushed.</summary>
    public byte[] ToBody() => System.Text.Encoding.UTF8.GetBytes($$"""{"version":{{Number.ToString(System.Globalization.CultureInfo.InvariantCulture)}},"config":{{Json}}}""");

    /// <summary>Reads a body; null when it is none.</summary>
    public static ConfigurationPush? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("version", out var version) && version.TryGetInt32(out var number)
                && root.TryGetProperty("config", out var config)
                ? new ConfigurationPush(number, config.GetRawText())
                : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>What a connector answers to a configuration.</summary>
/// <param name="Number">The configuration it runs now.</param>
/// <param name="Fault">Why it refused the one that was pushed; null when it did not.</param>
internal sealed record ConfigurationReply(int Number, string? Fault)
{
    private const int Longest = 500;

    /// <summary>The body.</summary>
    public byte[] ToBody() => JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["lastAppliedVersion"] = Number, ["err"] = Fault });

    /// <summary>Reads a body; null when it is none. Some connectors give no reason but an empty object.</summary>
    public static ConfigurationReply? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("lastAppliedVersion", out var version) || !version.TryGetInt32(out var number))
            {
                return null;
            }

            return new ConfigurationReply(number, !root.TryGetProperty("err", out var fault) ? null : fault.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.String => Cut(fault.GetString() ?? ""),
                _ when fault.GetRawText() is "{}" => "refused; its own log says why",
                _ => Cut(fault.GetRawText()),
            });
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // Half a surrogate pair could be kept by no database.
    private static string Cut(string text) => text.Length <= Longest ? text : text[..(char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest)];
}
