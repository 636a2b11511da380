using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Model.Tunnels;

namespace Gatehouse.Tunnel.Wire;

/// <summary>Who made an answer: the service, or the connector because the service gave none.</summary>
/// <param name="IsOrigin">The service.</param>
/// <param name="Hop">Where it failed; our own connector says so.</param>
/// <param name="What">Why, in words; our own connector says so.</param>
internal sealed record ResponseMeta(bool IsOrigin, TunnelHop? Hop = null, string? What = null)
{
    /// <summary>From the service.</summary>
    public const string OriginText = """{"src":"origin"}""";

    private const int Longest = 300;

    /// <summary>Reads it; null when it can't be read, and then the answer is nobody's.</summary>
    public static ResponseMeta? Read(string? text)
    {
        if (text is null or { Length: > 2000 })
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            return root.ValueKind != JsonValueKind.Object ? null : TextOf(root, "src") switch
            {
                "origin" => new ResponseMeta(true),
                "cloudflared" => new ResponseMeta(false, HopOf(TextOf(root, "hop")), Cut(TextOf(root, "what"))),
                _ => null,
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The connector's own answer, with a reason that other edges ignore.</summary>
    public static string Failed(TunnelHop hop, string what) =>
        new JsonObject { ["src"] = "cloudflared", ["hop"] = NameOf(hop), ["what"] = what }.ToJsonString();

    /// <summary>The name of a hop, for machines.</summary>
    public static string NameOf(TunnelHop hop) => hop switch
    {
        TunnelHop.Edge => "edge",
        TunnelHop.Connector => "connector",
        TunnelHop.Dns => "dns",
        TunnelHop.Tcp => "tcp",
        TunnelHop.Tls => "tls",
        TunnelHop.Http => "http",
        _ => "origin",
    };

    private static TunnelHop? HopOf(string? name) => name switch
    {
        "dns" => TunnelHop.Dns,
        "tcp" => TunnelHop.Tcp,
        "tls" => TunnelHop.Tls,
        "http" => TunnelHop.Http,
        _ => null,
    };

    private static string? TextOf(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // Shown to people: one line of a connector that may not be ours.
    private static string? Cut(string? text) => text is null ? null
        : new string([.. text.Where(c => !char.IsControl(c)).Take(Longest)]);
}
