using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Gatehouse.Model.Snapshots;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Access.SignIn.Oidc;

/// <summary>A token whose signature is its provider's; what it claims is still to be judged. A class, so that it is never printed.</summary>
internal sealed class SignedToken(JsonWebToken jwt, JsonElement payload)
{
    /// <summary>The token.</summary>
    public JsonWebToken Jwt { get; } = jwt;

    /// <summary>The payload, an object.</summary>
    public JsonElement Payload { get; } = payload;
}

/// <summary>Verifies signatures of providers (RFC 8725): asymmetric algorithms only, keys from the login method's certificate URL only.</summary>
internal sealed class SignedTokens(ProviderKeys keys)
{
    private const int LongestToken = 256 * 1024;
    private const int LongestKid = 512;

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

    /// <summary>The token in <paramref name="token"/>, once its signature is right by a key of the login method.</summary>
    public Task<Outcome<SignedToken>> VerifyAsync(LoginMethodEntry method, string token, string step, CancellationToken cancellationToken) =>
        VerifyAsync(method.Method.CertsUrl, token, step, cancellationToken);

    /// <summary>The token in <paramref name="token"/>, once its signature is right by a key that <paramref name="certsUrl"/> publishes.</summary>
    public async Task<Outcome<SignedToken>> VerifyAsync(string certsUrl, string token, string step, CancellationToken cancellationToken)
    {
        if (Parse(token) is not { } jwt || JsonText.Object(Decode(jwt.EncodedPayload)) is not { } payload)
        {
            return Refuse(step, "id_token_malformed", "The ID token is not a signed JWT.", "not a three-part JWT with a JSON object");
        }

        if (AlgorithmFault(jwt, step) is { } algorithm)
        {
            return algorithm;
        }

        var found = await keys.FindAsync(certsUrl, jwt.Kid is { Length: > 0 } kid ? kid : null, step, cancellationToken);
        if (found.Value is not { } key)
        {
            return found.Failure!; // the other half
        }

        return Fits(key, jwt.Alg) && await IsSignedAsync(token, key, jwt.Alg)
            ? new SignedToken(jwt, payload)
            : Refuse(
                step, "id_token_signature", "Failed to verify oidc token with fresh keys: its signature does not fit the key it names. Check that the certificate URL belongs to the same provider.", $"bad signature, alg {jwt.Alg}");
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

    [SuppressMessage("Security", "CA5404", Justification = "Audience, issuer and times are the caller's to check, each with words of its own.")]
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

    private static SignInFailure Refuse(string step, string code, string text, string reason) => new(code, step, "Failed to verify the ID token", text, reason);
}
