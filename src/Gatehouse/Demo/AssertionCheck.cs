using System.Text.Json;
using Gatehouse.Hosting;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Demo;

/// <summary>What checking an assertion came to.</summary>
internal abstract record AssertionVerdict
{
    private AssertionVerdict()
    {
    }

    /// <summary>Signature, issuer, audience and times stand.</summary>
    internal sealed record Verified(JsonElement Claims) : AssertionVerdict;

    /// <summary>They don't.</summary>
    internal sealed record NotVerified(string Why) : AssertionVerdict;
}

/// <summary>Checks <c>Cf-Access-Jwt-Assertion</c> as any app behind Access should: RS256, keys from the certs URL, issuer, audience, times.</summary>
internal sealed class AssertionCheck(IHttpClientFactory clients, string team, string aud, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan KeysStale = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan KeysRest = TimeSpan.FromSeconds(5);

    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false };
    private readonly SemaphoreSlim fetching = new(1);
    private volatile Fetched? keys; // written under fetching

    /// <summary>Checks <paramref name="assertion"/>; null means the header was not there.</summary>
    public async Task<AssertionVerdict> CheckAsync(string? assertion, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(assertion))
        {
            return new AssertionVerdict.NotVerified("there is no Cf-Access-Jwt-Assertion header: this request did not come through Access");
        }

        try
        {
            var result = await ValidateAsync(assertion, await KeysAsync(KeysStale, cancellationToken));
            if (result.Exception is SecurityTokenSignatureKeyNotFoundException)
            {
                result = await ValidateAsync(assertion, await KeysAsync(KeysRest, cancellationToken)); // the key may be new
            }

            return result.IsValid
                ? new AssertionVerdict.Verified(ClaimsOf((JsonWebToken)result.SecurityToken))
                : new AssertionVerdict.NotVerified(Reason(result.Exception));
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or JsonException or ArgumentException && !cancellationToken.IsCancellationRequested)
        {
            return new AssertionVerdict.NotVerified($"the keys at {team}/cdn-cgi/access/certs could not be read");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => fetching.Dispose();

    private Task<TokenValidationResult> ValidateAsync(string assertion, IList<JsonWebKey> known)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return handler.ValidateTokenAsync(assertion, new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
            ValidIssuer = team,
            ValidAudience = aud,
            IssuerSigningKeys = known,
            TryAllIssuerSigningKeys = false,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = (notBefore, expires, _, _) => expires > now && (notBefore is null || notBefore <= now),
        });
    }

    private async Task<IList<JsonWebKey>> KeysAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        if (keys is { } fresh && clock.GetElapsedTime(fresh.At) < atMost)
        {
            return fresh.Keys;
        }

        await fetching.WaitAsync(cancellationToken);
        try
        {
            if (keys is { } known && clock.GetElapsedTime(known.At) < atMost)
            {
                return known.Keys;
            }

            var json = await clients.CreateClient(UpstreamClient.Name).GetStringAsync(new Uri(team + "/cdn-cgi/access/certs"), cancellationToken);
            keys = new Fetched(new JsonWebKeySet(json).Keys, clock.GetTimestamp());
            return keys.Keys;
        }
        finally
        {
            fetching.Release();
        }
    }

    private static JsonElement ClaimsOf(JsonWebToken token)
    {
        using var claims = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(token.EncodedPayload));
        return claims.RootElement.Clone();
    }

    private static string Reason(Exception? fault) => fault switch
    {
        SecurityTokenMalformedException or SecurityTokenArgumentException => "it is no JWT",
        SecurityTokenInvalidLifetimeException or SecurityTokenExpiredException or SecurityTokenNotYetValidException => "it is expired, or not valid yet",
        SecurityTokenInvalidAudienceException => "it was issued for another app",
        SecurityTokenInvalidIssuerException => "it was issued by another team domain",
        SecurityTokenSignatureKeyNotFoundException => "it is signed with a key that the team domain does not publish",
        SecurityTokenInvalidAlgorithmException => "it is not signed with RS256",
        _ => "its signature is wrong",
    };

    private sealed record Fetched(IList<JsonWebKey> Keys, long At);
}
