using System.Diagnostics.CodeAnalysis;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Access.Tokens;

/// <summary>Checks tokens of our own making (RFC 8725): one algorithm, keys by kid from the table only, issuer, times, type.</summary>
internal sealed class TokenVerifier(PublicUrls urls, TimeProvider clock)
{
    // Cookies over 4 KB never reach us from a browser; a header may be longer but not for our tokens.
    private const int LongestToken = 8192;

    // Another node made the token a moment ago and its clock is ahead. An end, though, is an end.
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(60);

    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = LongestToken };

    /// <summary>The token's facts, or null when anything about it is wrong.</summary>
    public async ValueTask<VerifiedToken?> VerifyAsync(string token, AccessTable table)
    {
        if (await ReadAsync(token, table, urls.Access, "JWT") is not { } jwt || jwt.ValidTo <= clock.GetUtcNow().UtcDateTime)
        {
            return null;
        }

        var audiences = jwt.Audiences.ToArray();
        TokenType? type = ClaimText.Of(jwt, "type") switch { "app" => TokenType.App, "org" => TokenType.Org, _ => null };
        if (type is null || audiences.Length != 1 || (type == TokenType.Org) != (audiences[0] == TokenIssuer.OrgAudience))
        {
            return null;
        }

        var (policies, host) = PolicyHashOf(jwt);
        return new VerifiedToken(
            type.Value,
            audiences[0],
            jwt.Subject,
            ClaimText.Of(jwt, "email"),
            ClaimText.Of(jwt, "identity_nonce"),
            policies,
            host,
            new DateTimeOffset(jwt.IssuedAt, TimeSpan.Zero),
            new DateTimeOffset(jwt.ValidTo, TimeSpan.Zero))
        {
            Epoch = jwt.TryGetPayloadValue<int>(TokenIssuer.EpochClaim, out var epoch) ? epoch : null,
            CommonName = ClaimText.Of(jwt, "common_name"),
            SecretVersion = jwt.TryGetPayloadValue<int>(TokenIssuer.SecretVersionClaim, out var version) ? version : 0,
            ServiceTokenId = jwt.TryGetPayloadValue<bool>(TokenIssuer.ServiceTokenClaim, out var isToken) && isToken ? ClaimText.Of(jwt, "common_name") : null,
        };
    }

    /// <summary>A signed statement of ours that is no token (<see cref="TokenIssuer.IssueStatement"/>), also one whose time is over; the caller looks at that, its type and audience.</summary>
    public ValueTask<JsonWebToken?> ReadStatementAsync(string token, AccessTable table) => ReadAsync(token, table, TokenIssuer.StatementIssuer(urls), "JWT");

    /// <summary>A token that Access signed for another issuer of its own, if it is of this type and in force; the caller looks at its audience.</summary>
    public async ValueTask<JsonWebToken?> VerifyOtherAsync(string token, AccessTable table, string issuer, string type) =>
        await ReadAsync(token, table, issuer, type) is { } jwt && jwt.ValidTo > clock.GetUtcNow().UtcDateTime ? jwt : null;

    [SuppressMessage("Security", "CA5404", Justification = "One of many audiences is right; the caller compares it with its app.")]
    private async ValueTask<JsonWebToken?> ReadAsync(string token, AccessTable table, string issuer, string type)
    {
        if (token.Length > LongestToken)
        {
            return null;
        }

        var now = clock.GetUtcNow();
        var result = await handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
            ValidTypes = [type],
            ValidIssuer = issuer,
            ValidateAudience = false,
            RequireSignedTokens = true,
            LifetimeValidator = (notBefore, expires, _, _) => expires is not null && (notBefore is null || notBefore <= (now + Leeway).UtcDateTime),
            IssuerSigningKeyResolver = (_, _, kid, _) => KeysOf(table, kid, now),
            TryAllIssuerSigningKeys = false,
        });
        return result.IsValid ? (JsonWebToken)result.SecurityToken : null;
    }

    // Tokens of an earlier version end with the policies' hash: they name no host, and so are good at none.
    private static (string? Policies, string? Host) PolicyHashOf(JsonWebToken jwt) => ClaimText.Of(jwt, TokenIssuer.PolicyHashClaim) switch
    {
        { Length: > HostMark.Length } both => (both[..^HostMark.Length], both[^HostMark.Length..]),
        _ => (null, null),
    };

    private static IEnumerable<SecurityKey> KeysOf(AccessTable table, string kid, DateTimeOffset now)
    {
        foreach (var key in table.Keys)
        {
            if (key.Kid == kid && (key.ExpiresAt is null || key.ExpiresAt > now))
            {
                return [new RsaSecurityKey(key.Rsa) { KeyId = key.Kid }];
            }
        }

        return [];
    }
}
