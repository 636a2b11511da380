using System.Collections.Frozen;

namespace Gatehouse.Model.Apps;

/// <summary>The claims that tokens for SaaS applications are made of by themselves.</summary>
public static class SaasClaims
{
    private static readonly FrozenSet<string> Reserved = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "nonce", "auth_time", "acr", "amr", "azp", "at_hash", "c_hash", "s_hash", "sid", "cnf", "act", "events",
        "client_id", "scope", "email", "identity_nonce", "token_epoch", "type");

    /// <summary>Whether a custom claim of this name would pass for one of the protocol's, or of ours.</summary>
    public static bool IsReserved(string name) => Reserved.Contains(name);
}
