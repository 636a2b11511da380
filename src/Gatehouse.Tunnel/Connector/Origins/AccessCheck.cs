using System.Collections.Concurrent;
using Gatehouse.Model.Tunnels.Ingress;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Tunnel.Connector.Origins;

/// <summary>Checks Access tokens at the connector: RS256, keys of the team domain, issuer, audience, times. Then nobody who gets past the gateway gets to the service.</summary>
internal sealed partial class AccessCheck(KeyFetcher fetcher, TimeProvider clock, ILogger<AccessCheck> logger) : IDisposable
{
    /// <summary>Where the token is.</summary>
    public const string Header = "Cf-Access-Jwt-Assertion";

    private const int MostTeams = 100;

    private static readonly TimeSpan KeysStale = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan KeysRest = TimeSpan.FromSeconds(5);

    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false };
    private readonly SemaphoreSlim fetching = new(1, 1);
    private readonly ConcurrentDictionary<string, Fetched> keys = new(StringComparer.Ordinal);

    /// <summary>Why the request may not pass; null when it may.</summary>
    public async Task<string?> FaultOfAsync(AccessRequirement required, StringValues header, CancellationToken cancellationToken)
    {
        if (header is not [{ Length: > 0 } token])
        {
            return "it bears no Access token";
        }

        try
        {
            var result = await ValidateAsync(required, token, await KeysAsync(required.Issuer, KeysStale, cancellationToken));
            if (result.Exception is SecurityTokenSignatureKeyNotFoundException)
            {
                result = await ValidateAsync(required, token, await KeysAsync(required.Issuer, KeysRest, cancellationToken)); // the key may be new
            }

            return result.IsValid ? null : "its Access token is not valid here: " + result.Exception?.GetType().Name;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or ArgumentException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            LogNoKeys(required.Issuer, fault.GetBaseException().Message);
            return "the keys of the team domain can't be read";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => fetching.Dispose();

    private Task<TokenValidationResult> ValidateAsync(AccessRequirement required, string token, IList<JsonWebKey> known)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
            ValidIssuer = required.Issuer,
            ValidAudiences = required.Audiences,
            IssuerSigningKeys = known,
            TryAllIssuerSigningKeys = false,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = (notBefore, expires, _, _) => expires > now && (notBefore is null || notBefore <= now),
        });
    }

    private async Task<IList<JsonWebKey>> KeysAsync(string issuer, TimeSpan atMost, CancellationToken cancellationToken)
    {
        if (keys.TryGetValue(issuer, out var fresh) && clock.GetElapsedTime(fresh.At) < atMost)
        {
            return fresh.Keys;
        }

        await fetching.WaitAsync(cancellationToken);
        try
        {
            if (keys.TryGetValue(issuer, out var known) && clock.GetElapsedTime(known.At) < atMost)
            {
                return known.Keys;
            }

            if (keys.Count > MostTeams)
            {
                keys.Clear();
            }

            var json = await fetcher.FetchAsync(new Uri(issuer + "/cdn-cgi/access/certs"), cancellationToken);
            return (keys[issuer] = new Fetched(new JsonWebKeySet(json).Keys, clock.GetTimestamp())).Keys;
        }
        finally
        {
            fetching.Release();
        }
    }

    [LoggerMessage(EventId = 4216, Level = LogLevel.Warning, Message = "The keys at {Issuer}/cdn-cgi/access/certs can't be read: {Reason}")]
    private partial void LogNoKeys(string issuer, string reason);

    private sealed record Fetched(IList<JsonWebKey> Keys, long At);
}
