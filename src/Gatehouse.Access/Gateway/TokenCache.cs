using Gatehouse.Access.Tokens;
using Gatehouse.Model.Snapshots;
using Microsoft.Extensions.Options;

namespace Gatehouse.Access.Gateway;

/// <summary>An app token, verified under one table.</summary>
internal sealed class SessionToken
{
    /// <summary>Its facts.</summary>
    public required VerifiedToken Facts { get; init; }

    /// <summary>What a request goes to the origin with.</summary>
    public required Admission Admission { get; init; }

    /// <summary>To be verified again from then on: it has expired, or a key of the table has.</summary>
    public required DateTimeOffset ValidUntil { get; init; }
}

/// <summary>
/// Spares the signature check for tokens seen lately. Holds verified tokens only, so that nobody fills it without one, and only for the
/// table in force: when keys change, nothing verified before counts.
/// </summary>
internal sealed class TokenCache(TokenVerifier verifier, TimeProvider clock, IOptions<GatewayOptions> options)
{
    private readonly int most = options.Value.CachedSessions;
    private volatile UnderTable? current;

    /// <summary>The token when it was verified before and still counts; null means it must be verified, or is no person's.</summary>
    public SessionToken? Find(ReadOnlySpan<char> token, AccessTable table) => FindAny(token, table) is { Facts.IdentityNonce: not null } found ? found : null;

    private SessionToken? FindAny(ReadOnlySpan<char> token, AccessTable table)
    {
        var held = current;
        return held is not null && ReferenceEquals(held.Table, table) && held.Tokens.Find(token) is { } found && found.ValidUntil > clock.GetUtcNow()
            ? found
            : null;
    }

    /// <summary>Verifies a token; null when it is not an app token of a person.</summary>
    public async ValueTask<SessionToken?> VerifyAsync(string token, AccessTable table) =>
        (FindAny(token, table) ?? await LearnAsync(token, table)) is { Facts.IdentityNonce: not null } found ? found : null;

    /// <summary>What an app token says, a person's or a service's, verified before or now; null when it is none.</summary>
    public ValueTask<VerifiedToken?> FactsAsync(string token, AccessTable table) => FindAny(token, table) is { } found ? new(found.Facts) : LearnFactsAsync(token, table);

    private async ValueTask<VerifiedToken?> LearnFactsAsync(string token, AccessTable table) => (await LearnAsync(token, table))?.Facts;

    private async ValueTask<SessionToken?> LearnAsync(string token, AccessTable table)
    {
        if (!TokenSeal.IsOurs(token, table) || await verifier.VerifyAsync(token, table) is not { Type: TokenType.App } facts)
        {
            return null;
        }

        var end = FirstEnd(facts.ExpiresAt, table, clock.GetUtcNow());
        var verified = new SessionToken
        {
            Facts = facts,
            Admission = new Admission { Token = token, Email = facts.Email, Nonce = facts.IdentityNonce, GoodUntil = end },
            ValidUntil = end,
        };
        Of(table).Add(token, verified);
        return verified;
    }

    private static DateTimeOffset FirstEnd(DateTimeOffset end, AccessTable table, DateTimeOffset now)
    {
        foreach (var key in table.Keys)
        {
            if (key.ExpiresAt is { } keyEnd && keyEnd > now && keyEnd < end)
            {
                end = keyEnd;
            }
        }

        return end;
    }

    private RecentValues<SessionToken> Of(AccessTable table)
    {
        var held = current;
        if (held is null || !ReferenceEquals(held.Table, table))
        {
            held = new UnderTable(table, new RecentValues<SessionToken>(most));
            current = held;
        }

        return held.Tokens;
    }

    private sealed record UnderTable(AccessTable Table, RecentValues<SessionToken> Tokens);
}
