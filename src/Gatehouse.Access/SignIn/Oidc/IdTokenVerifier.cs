using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Snapshots;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Access.SignIn.Oidc;

/// <summary>A verified ID token's claims. A class, so that they are never printed.</summary>
internal sealed class IdTokenClaims(JsonElement payload)
{
    /// <summary>The payload, an object.</summary>
    public JsonElement Payload { get; } = payload;
}

/// <summary>Verifies ID tokens (OpenID Connect Core §3.1.3.7).</summary>
internal sealed class IdTokenVerifier(SignedTokens signed, TimeProvider clock)
{
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(60);

    /// <summary>The claims of <paramref name="token"/>, once everything about it is right.</summary>
    public async Task<Outcome<IdTokenClaims>> VerifyAsync(LoginMethodEntry method, string token, string nonce, CancellationToken cancellationToken)
    {
        var step = $"Verifying the ID token of {method.Method.Name}";
        var found = await signed.VerifyAsync(method, token, step, cancellationToken);
        return found.Value is not { } proven ? found.Failure! // the other half
            : ClaimsFault(method.Method, proven.Jwt, proven.Payload, nonce, step) is { } fault ? fault
            : new IdTokenClaims(proven.Payload);
    }

    private SignInFailure? ClaimsFault(LoginMethod method, JsonWebToken jwt, JsonElement payload, string nonce, string step)
    {
        // Two providers may share keys; which of them this is, the issuer says. Compared as text: a URL has many spellings, an issuer one.
        if (method.Issuer.Length > 0 && (JsonText.Text(payload, "iss") != method.Issuer))
        {
            return Refuse(
                step, "id_token_issuer", "The ID token was made by another issuer than the login method's settings name. Check the issuer there, letter by letter.", $"iss is {JsonText.Word(payload, "iss") ?? "missing"}");
        }

        var audiences = jwt.Audiences.ToList();
        if (!audiences.Contains(method.ClientId) || (audiences.Count > 1 && JsonText.Word(payload, "azp") != method.ClientId))
        {
            return Refuse(step, "id_token_audience", "The ID token was made for another client. Check the client id in the login method's settings.", "aud is not the client id");
        }

        if (JsonText.Number(payload, "exp") is not { } expires || JsonText.Number(payload, "iat") is not { } issued)
        {
            return Refuse(step, "id_token_times", "The ID token does not say when it was made and when it ends (exp, iat).", "exp or iat missing");
        }

        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var leeway = (long)Leeway.TotalSeconds;
        if (expires <= now - leeway || issued > now + leeway || (JsonText.Number(payload, "nbf") is { } from && from > now + leeway))
        {
            return Refuse(
                step,
                "id_token_clock",
                $"The ID token is not valid at this moment: the clocks of the login method and of Access differ (by {Math.Abs(now - issued)} seconds or less). Set both by NTP.",
                $"iat {issued}, exp {expires}, now {now}");
        }

        if (JsonText.Word(payload, "sub") is null)
        {
            return Refuse(step, "id_token_subject", "The ID token does not say whom it is about (sub).", "sub missing");
        }

        return JsonText.Word(payload, "nonce") is { } sent && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(sent), Encoding.UTF8.GetBytes(nonce))
            ? null
            : Refuse(step, "id_token_nonce", "The ID token belongs to another sign-in.", "nonce differs");
    }

    private static SignInFailure Refuse(string step, string code, string text, string reason) => new(code, step, "Failed to verify the ID token", text, reason);
}
