using System.Collections.Frozen;

namespace Gatehouse.Model.Claims;

/// <summary>Claims that no scope mapping may set: they bind a token to its issuer, its person, its client, its time or its sign-in.</summary>
public static class ReservedClaims
{
    private static readonly FrozenSet<string> Names = new[]
    {
        "iss", "sub", "exp", "iat", "nbf", "nonce", "azp", "jti", "sid", "auth_time", "acr", "amr", "at_hash", "c_hash", "s_hash",
        "scope", "client_id", "uid", "cnf", "events", "active", "token_type", "act", "may_act",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether <paramref name="claim"/> is one.</summary>
    public static bool Hold(string claim) => Names.Contains(claim);
}
