using Gatehouse.Management.Http;
using Gatehouse.Management.Users;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Tokens;

/// <summary>A token with its owner.</summary>
internal sealed record TokenFacts(ApiToken Token, UserFacts User);

/// <summary>Which tokens a list holds; null means any.</summary>
internal sealed class TokenFilter
{
    public string? Identifier { get; init; }

    public TokenIntent? Intent { get; init; }

    public string? Username { get; init; }

    public string? Description { get; init; }

    public string? Managed { get; init; }

    public bool? IsExpiring { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public string? Search { get; init; }
}

/// <summary>Reads tokens: people see their own, superusers all.</summary>
internal sealed class TokenDirectory(GatehouseDb db, UserDirectory users)
{
    /// <summary>The token; null when there is none, or it is not the caller's to see.</summary>
    public async Task<TokenFacts?> FindAsync(ApiCaller caller, string identifier, CancellationToken cancellationToken) =>
        await Visible(caller).SingleOrDefaultAsync(t => t.Identifier == identifier, cancellationToken) is { } token
        && await users.FindAsync(token.UserId, cancellationToken) is { } user
            ? new TokenFacts(token, user)
            : null;

    public async Task<Slice<TokenFacts>> ListAsync(
        ApiCaller caller, TokenFilter filter, Func<IQueryable<ApiToken>, IQueryable<ApiToken>> order, Paging paging, CancellationToken cancellationToken)
    {
        var tokens = Visible(caller);
        tokens = filter.Identifier is { } identifier ? tokens.Where(t => t.Identifier == identifier) : tokens;
        tokens = filter.Intent is { } intent ? tokens.Where(t => t.Intent == intent) : tokens;
        tokens = filter.Username is { } username ? tokens.Where(t => db.Users.Any(u => u.Id == t.UserId && u.Username == username)) : tokens;
        tokens = filter.Description is { } description ? tokens.Where(t => t.Description == description) : tokens;
        tokens = filter.Managed is { } managed ? tokens.Where(t => t.Managed == managed) : tokens;
        tokens = filter.IsExpiring is { } isExpiring ? tokens.Where(t => (t.ExpiresAt != null) == isExpiring) : tokens;
        tokens = filter.ExpiresAt is { } end ? tokens.Where(t => t.ExpiresAt == end) : tokens;
        tokens = filter.Search is { Length: > 0 } text ? tokens.Search(text, t => t.Identifier, t => t.Description) : tokens;
        var slice = await order(tokens).SliceAsync(paging, cancellationToken);
        var owners = await users.FindManyAsync([.. slice.Items.Select(t => t.UserId)], cancellationToken);
        return new Slice<TokenFacts>([.. slice.Items.Where(t => owners.ContainsKey(t.UserId)).Select(t => new TokenFacts(t, owners[t.UserId]))], slice.Total);
    }

    private IQueryable<ApiToken> Visible(ApiCaller caller) =>
        caller.IsSuperuser ? db.ApiTokens.AsNoTracking() : db.ApiTokens.AsNoTracking().Where(t => t.UserId == caller.UserId);
}
