using System.Text.Json.Nodes;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>Small pieces of what tokens and userinfo say about a person.</summary>
internal static class Claims
{
    /// <summary>A JSON array of texts.</summary>
    public static JsonArray ArrayOf(IEnumerable<string> texts) => [.. texts.Select(t => (JsonNode)t)];
}
