using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Hosts;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>Checks JWTs that we signed for a client (RFC 8725): our algorithms, our keys, issuer, audience, type; keys named by the token are never fetched.</summary>
internal sealed class TokenVerifier(SigningKeys keys, ClientDirectory clients, PublicUrls urls, TimeProvider clock)
{
    private const int LongestToken = 16 * 1024;

    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = LongestToken };

    /// <summary>Reads a token without believing it: for finding out which key should have signed it. Null when it is no JWT.</summary>
    public JsonWebToken? Read(string token)
    {
        if (token.Length > LongestToken)
        {
            return null;
        }

        try
        {
            return handler.ReadJsonWebToken(token) is { } jwt && !jwt.TryGetHeaderValue<object>("crit", out _) ? jwt : null;
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenException or JsonException or FormatException)
        {
            return null; // the library has no Try form
        }
    }

    /// <summary>The signed token in <paramref name="token"/>: itself, or what one of our encryption keys finds inside. Null when it can't be opened.</summary>
    public async ValueTask<string?> OpenAsync(string token, CancellationToken cancellationToken)
    {
        if (token.Length > LongestToken || token.Count(c => c == '.') != 4)
        {
            return token;
        }

        var kid = Read(token)?.Kid;
        foreach (var client in clients.All)
        {
            if (client.Provider.EncryptionKeyId is not null && await keys.CipherAsync(client, cancellationToken) is { } cipher && cipher.Kid == kid)
            {
                return cipher.Decrypt(token);
            }
        }

        return null;
    }

    /// <summary>The token when it is one of ours for <paramref name="client"/>. Its end is looked at unless it is only a hint about the past.</summary>
    public async Task<JsonWebToken?> VerifyAsync(string token, Client client, bool mayBeExpired, CancellationToken cancellationToken) =>
        await OpenAsync(token, cancellationToken) is { } signed && Read(signed) is { } unproven ? await VerifyAsync(unproven, client, mayBeExpired, cancellationToken) : null;

    /// <summary>The same, for a token that has been opened and read.</summary>
    [SuppressMessage("Security", "CA5404", Justification = "Logout hints may have expired (RP-initiated logout §2).")]
    public async Task<JsonWebToken?> VerifyAsync(JsonWebToken unproven, Client client, bool mayBeExpired, CancellationToken cancellationToken)
    {
        if (client.Issuer(urls) is not { } issuer || SignerOf(unproven, await keys.AllAsync(client, cancellationToken)) is not { } signer)
        {
            return null;
        }

        var now = clock.GetUtcNow().UtcDateTime;
        var proven = signer.Proven.Find(unproven.EncodedToken);
        var result = await handler.ValidateTokenAsync(proven ?? unproven, new TokenValidationParameters
        {
            ValidAlgorithms = [signer.Algorithm],
            ValidTypes = ["JWT"],
            ValidIssuer = issuer,
            ValidAudience = client.Provider.ClientId,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = (_, expires, _, _) => expires is not null && (mayBeExpired || expires > now),
            IssuerSigningKeyResolver = (_, _, _, _) => [signer.Credentials.Key],
            SignatureValidator = proven is null ? null : (_, _) => proven, // this key has signed these very bytes; all else is looked at anew
            TryAllIssuerSigningKeys = false,
        });
        if (!result.IsValid || result.SecurityToken is not JsonWebToken jwt || !jwt.TryGetPayloadValue<long>("iat", out _))
        {
            return null;
        }

        if (proven is null)
        {
            signer.Proven.Add(jwt.EncodedToken, jwt);
        }

        return jwt;
    }

    // By key id; a token signed with the client secret has none.
    private static Signer? SignerOf(JsonWebToken unproven, IReadOnlyList<Signer> signers)
    {
        foreach (var signer in signers)
        {
            if (signer.PublicKey is null ? string.IsNullOrEmpty(unproven.Kid) : unproven.Kid == signer.Credentials.Key.KeyId)
            {
                return signer;
            }
        }

        return null;
    }
}
