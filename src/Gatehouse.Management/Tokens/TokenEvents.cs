using System.Text.Json.Nodes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Tokens;

namespace Gatehouse.Management.Tokens;

/// <summary>How events name tokens.</summary>
internal static class TokenEvents
{
    /// <summary>The token as the object of an event about its secret.</summary>
    public static JsonObject About(ApiToken token)
    {
        var target = EventRow.Target("authentik_core", "token", token.Id.ToString("N"), token.Identifier);
        return new JsonObject { ["model"] = target, ["secret"] = target.DeepClone() };
    }
}
