using System.Text.Json.Nodes;
using Gatehouse.Model.Claims;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>Small pieces of what tokens and userinfo say about a person.</summary>
internal static class Claims
{
    /// <summary>The <c>sub</c> by the provider's mode.</summary>
    public static string SubjectOf(User user, SubMode mode, string installId) => Subjects.Of(user, mode, installId);

    /// <summary>A JSON array of texts.</summary>
    public static JsonArray ArrayOf(IEnumerable<string> texts) => [.. texts.Select(t => (JsonNode)t)];
}
