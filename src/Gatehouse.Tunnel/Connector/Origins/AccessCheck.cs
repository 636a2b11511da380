using System.Collections.Concurrent;
using Gatehouse.Model.Tunnels.Ingress;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Tunnel.Connector.Origins;

/// <summary>Checks Access tokens at the connector: RS256, keys of the team domain, issuer, audience, times. Then nobody who gets past the gateway gets to the service.</summary>
internal sealed class AccessCheck(KeyFetcher fetcher, TimeProvider clock, ILogger<AccessCheck> logger) : IDisposable
{
    /// <summary>Where the token is.</summary>
    public const string Header = "Cf-Access-Jwt-Assertion";

    private const int MostTeams = 100;

    private static readonly TimeSpan KeysStale = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan KeysRest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false };
    private readonly ConcurrentDictionary<string, TeamKeys> teams = new(StringComparer.Ordinal);

    /// <summary>Why the request may not pass; null when it may.</summary>
    public async Task<string?> FaultOfAsync(AccessRequirement required, StringValues header, CancellationToken cancellationToken)
    {
        if (header is not [{ Length: > 0 } token])
        {
            return "it bears no Access token";
        }

        if (teams.Count > MostTeams)
        {
            teams.Clear(); // left to the collector: requests may wait for them
        }

        var team = teams.GetOrAdd(required.Issuer, issuer => new TeamKeys(issuer, fetcher, clock, logger));
        var result = await ValidateAsync(required, token, await team.GetAsync(KeysStale, cancellationToken));
        if (result is { Exception: SecurityTokenSignatureKeyNotFoundException })
        {
            result = await ValidateAsync(required, token, await team.GetAsync(KeysRest, cancellationToken)); // the key may be new
        }

        return result is null ? "the keys of the team domain can't be read"
            : result.IsValid ? null
            : "its Access token is not valid here: " + result.Exception?.GetType().Name;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var team in teams.Values)
        {
            team.Dispose();
        }
    }

    private async Task<TokenValidationResult?> ValidateAsync(AccessRequirement required, string token, IList<JsonWebKey>? known)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return known is null ? null : await handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
            ValidIssuer = required.Issuer,
            ValidAudiences = required.Audiences,
            IssuerSigningKeys = known,
            TryAllIssuerSigningKeys = false,
            RequireSignedTokens = true,
            RequireExpirationTime = true,

            // A token is valid from the moment it is made, and this machine's clock may be behind the gateway's. Its end is its end.
            LifetimeValidator = (notBefore, expires, _, _) => expires > now && (notBefore is null || notBefore <= now + ClockSkew),
        });
    }
}
