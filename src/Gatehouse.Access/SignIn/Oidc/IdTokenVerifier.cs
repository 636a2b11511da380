using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Snapshots;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Access.SignIn.Oidc;

/// <summary>A verified ID token's claims. A class, so that they are never printed.</summary>
internal sealed class IdTokenClaims(JsonElement payload)
{
    /// <summary>The payload, an object.</summary>
    public JsonElement Payload { get; } = payload;
}

/// <summary>Verifies ID tokens (OpenID Connect Core §3.1.3.7, RFC 8725): asymmetric algorithms only, keys from the login method's certificate URL only.</summary>
internal sealed class IdTokenVerifier(ProviderKeys keys, TimeProvider clock)
{
    private const int LongestToken = 256 * 1024;
    private const int LongestKid = 512;
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(60);

    // Cloudflare's list; each with the one kind of key that may carry it.
    private static readonly Dictionary<string, (string KeyType, string? Curve)> Accepted = new(StringComparer.Ordinal)
    {
        [SecurityAlgorithms.RsaSha256] = (JsonWebAlgorithmsKeyTypes.RSA, null),
        [SecurityAlgorithms.RsaSha512] = (JsonWebAlgorithmsKeyTypes.RSA, null),
        [SecurityAlgorithms.RsaSsaPssSha512] = (JsonWebAlgorithmsKeyTypes.RSA, null),
        [SecurityAlgorithms.EcdsaSha256] = (JsonWebAlgorithmsKeyTypes.EllipticCurve, "P-256"),
        [SecurityAlgorithms.EcdsaSha384] = (JsonWebAlgorithmsKeyTypes.EllipticCurve, "P-384"),
        [SecurityAlgorithms.EcdsaSha512] = (JsonWebAlgorithmsKeyTypes.EllipticCurve, "P-521"),
    };

    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = LongestToken };

    /// <summary>The claims of <paramref name="token"/>, once everything about it is right.</summary>
    public async Task<Outcome<IdTokenClaims>> VerifyAsync(LoginMethodEntry method, string token, string nonce, CancellationToken cancellationToken)
    {
        var step = $"Verifying the ID token of {method.Method.Name}";
        if (Parse(token) is not { } jwt || JsonText.Object(Decode(jwt.EncodedPayload)) is not { } payload)
        {
            return Refuse(step, "id_token_malformed", "The ID token is not a signed JWT.", "not a three-part JWT with a JSON object");
        }

        if (AlgorithmFault(jwt, step) is { } algorithm)
        {
            return algorithm;
        }

        var found = await keys.FindAsync(method.Method.CertsUrl, jwt.Kid is { Length: > 0 } kid ? kid : null, step, cancellationToken);
        if (found.Value is not { } key)
        {
            return found.Failure!; // the other half
        }

        if (!Fits(key, jwt.Alg) || !await IsSignedAsync(token, key, jwt.Alg))
        {
            return Refuse(
                step, "id_token_signature", "Failed to verify oidc token with fresh keys: its signature does not fit the key it names. Check that the certificate URL belongs to the same provider.", $"bad signature, alg {jwt.Alg}");
        }

        return ClaimsFault(method.Method, jwt, payload, nonce, step) is { } fault ? fault : new IdTokenClaims(payload);
    }

    private JsonWebToken? Parse(string token)
    {
        try
        {
            return token.Length <= LongestToken && token.AsSpan().Count('.') == 2 && handler.CanReadToken(token) ? handler.ReadJsonWebToken(token) : null;
        }
        catch (Exception fault) when (fault is ArgumentException or SecurityTokenException or JsonException or FormatException)
        {
            return null;
        }
    }

    private static byte[] Decode(string encoded) =>
        System.Buffers.Text.Base64Url.IsValid(encoded) ? System.Buffers.Text.Base64Url.DecodeFromChars(encoded) : [];

    private static SignInFailure? AlgorithmFault(JsonWebToken jwt, string step)
    {
        if (jwt.Alg.StartsWith("HS", StringComparison.Ordinal))
        {
            return Refuse(
                step,
                "id_token_symmetric",
                $"The ID token is signed with {JsonText.Plain(jwt.Alg, 10)}, a shared secret, because the login method's provider has no signing key. Choose a signing key (RSA or elliptic curve) in the provider's settings; in authentik: Providers, edit, Signing Key.",
                "symmetric alg");
        }

        if (!Accepted.ContainsKey(jwt.Alg))
        {
            return Refuse(
                step, "id_token_algorithm", $"The ID token is signed with '{JsonText.Plain(jwt.Alg, 20)}'. Accepted are {string.Join(", ", Accepted.Keys)}.", "alg is not accepted");
        }

        if (jwt.TryGetHeaderValue<object>("crit", out _))
        {
            return Refuse(step, "id_token_critical", "The ID token holds a header that must be understood and is not.", "crit header");
        }

        return jwt.Kid?.Length > LongestKid ? Refuse(step, "id_token_key_unknown", "The ID token's key id is too long.", "kid too long") : null;
    }

    private static bool Fits(JsonWebKey key, string algorithm) =>
        Accepted.TryGetValue(algorithm, out var needs)
        && key.Kty == needs.KeyType
        && (needs.Curve is null || key.Crv == needs.Curve)
        && (string.IsNullOrEmpty(key.Alg) || key.Alg == algorithm);

    [SuppressMessage("Security", "CA5404", Justification = "Audience, issuer and times are checked below, each with words of its own.")]
    private async Task<bool> IsSignedAsync(string token, JsonWebKey key, string algorithm)
    {
        var result = await handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidAlgorithms = [algorithm],
            RequireSignedTokens = true,
            IssuerSigningKeyResolver = (_, _, _, _) => [key],
            TryAllIssuerSigningKeys = false,
            ValidateAudience = false,
            ValidateIssuer = false,
            ValidateLifetime = false,
        });
        return result.IsValid;
    }

    private SignInFailure? ClaimsFault(LoginMethod method, JsonWebToken jwt, JsonElement payload, string nonce, string step)
    {
        var audiences = jwt.Audiences.ToList();
        if (!audiences.Contains(method.ClientId) || (audiences.Count > 1 && JsonText.Word(payload, "azp") != method.ClientId))
        {
            return Refuse(step, "id_token_audience", "The ID token was made for another client. Check the client id in the login method's settings.", "aud is not the client id");
        }

        if (Number(payload, "exp") is not { } expires || Number(payload, "iat") is not { } issued)
        {
            return Refuse(step, "id_token_times", "The ID token does not say when it was made and when it ends (exp, iat).", "exp or iat missing");
        }

        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var leeway = (long)Leeway.TotalSeconds;
        if (expires <= now - leeway || issued > now + leeway || (Number(payload, "nbf") is { } from && from > now + leeway))
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

    private static long? Number(JsonElement payload, string name) =>
        payload.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && Math.Abs(number) < 1e11 ? (long)number : null;

    private static SignInFailure Refuse(string step, string code, string text, string reason) => new(code, step, "Failed to verify the ID token", text, reason);
}
