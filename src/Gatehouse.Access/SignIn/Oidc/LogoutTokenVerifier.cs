using System.Text.Json;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.SignIn.Oidc;

/// <summary>A logout token that is right, and the id it can be used under once. A class, so that it is never printed.</summary>
internal sealed class VerifiedLogout(ProviderLogout logout, string tokenId, DateTimeOffset rememberUntil)
{
    /// <summary>What it ends.</summary>
    public ProviderLogout Logout { get; } = logout;

    /// <summary>Its id.</summary>
    public string TokenId { get; } = tokenId;

    /// <summary>Until when a copy of it would be taken for good.</summary>
    public DateTimeOffset RememberUntil { get; } = rememberUntil;
}

/// <summary>Verifies logout tokens (OpenID Connect Back-Channel Logout §2.6). Stricter than for ID tokens: the issuer has to be known, since nobody sits in front of it who could tell.</summary>
internal sealed class LogoutTokenVerifier(SignedTokens signed, TimeProvider clock)
{
    private const string Event = "http://schemas.openid.net/event/backchannel-logout";
    private const int LongestId = 255;
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Oldest = TimeSpan.FromMinutes(5);

    /// <summary>The logout in <paramref name="token"/>; null, with the reason for the log in <c>Fault</c>, when anything about it is wrong.</summary>
    public async Task<(VerifiedLogout? Verified, string Fault)> VerifyAsync(LoginMethodEntry method, string token, CancellationToken cancellationToken)
    {
        if (method.Method.Issuer.Length == 0)
        {
            return (null, "the login method has no issuer set");
        }

        var found = await signed.VerifyAsync(method, token, "Verifying a logout token", cancellationToken);
        return found.Value is { } proven ? Judge(method, proven) : (null, found.Failure!.Reason); // the other half
    }

    private (VerifiedLogout? Verified, string Fault) Judge(LoginMethodEntry method, SignedToken token)
    {
        var payload = token.Payload;
        if (Fault(method, token) is { } fault)
        {
            return (null, fault);
        }

        var (subject, session) = (IdentityFacts.SubjectOf(payload), IdentityFacts.ProviderSessionOf(payload));
        var issued = JsonText.Number(payload, "iat") ?? 0; // there, as was checked
        return subject is null && session is null
            ? (null, "neither sub nor sid")
            : (new VerifiedLogout(
                new ProviderLogout(method.Method.Id, subject, session), JsonText.Text(payload, "jti") ?? "", DateTimeOffset.FromUnixTimeSeconds(issued) + Oldest + Leeway), "");
    }

    private string? Fault(LoginMethodEntry method, SignedToken token)
    {
        var payload = token.Payload;
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var leeway = (long)Leeway.TotalSeconds;

        // An ID token of the same provider must not pass for one, and other kinds of token name their own type.
        return token.Jwt.Typ is { Length: > 0 } type && !type.Equals("logout+jwt", StringComparison.OrdinalIgnoreCase) && !type.Equals("JWT", StringComparison.OrdinalIgnoreCase) ? "typ is not logout+jwt"
            : payload.TryGetProperty("nonce", out _) ? "it holds a nonce"
            : !HasEvent(payload) ? "events does not hold the logout event"
            : JsonText.Text(payload, "iss") != method.Method.Issuer ? "iss is not the login method's"
            : token.Jwt.Audiences.ToList() is var audiences && !audiences.Contains(method.Method.ClientId) ? "aud is not the client id"
            : JsonText.Number(payload, "iat") is not { } issued || issued > now + leeway || issued < now - (long)Oldest.TotalSeconds ? "iat is missing, old or in the future"
            : JsonText.Number(payload, "exp") is not { } expires || expires <= now - leeway ? "exp is missing or over"
            : JsonText.Text(payload, "jti") is not { Length: > 0 and <= LongestId } ? "jti is missing or too long"
            : null;
    }

    private static bool HasEvent(JsonElement payload) =>
        payload.TryGetProperty("events", out var events) && events.ValueKind == JsonValueKind.Object
        && events.TryGetProperty(Event, out var logout) && logout.ValueKind == JsonValueKind.Object;
}
