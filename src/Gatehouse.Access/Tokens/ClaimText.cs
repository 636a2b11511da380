using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Access.Tokens;

/// <summary>Reads claims of tokens of our own making.</summary>
internal static class ClaimText
{
    /// <summary>The claim when it is a JSON string; null otherwise. Asking for a string outright would turn numbers and objects into one.</summary>
    public static string? Of(JsonWebToken jwt, string claim) => jwt.TryGetPayloadValue<object>(claim, out var value) ? value as string : null;
}
