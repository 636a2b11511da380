using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Bindings.Reputation>;

namespace Gatehouse.Management.IdentityPolicies;

/// <summary>Which scores a list holds; null means any.</summary>
internal sealed class ScoreFilter
{
    public string? Identifier { get; init; }

    public IReadOnlyList<string> Identifiers { get; init; } = [];

    public string? Ip { get; init; }

    public int? Score { get; init; }

    public string? Search { get; init; }
}

/// <summary>Reads reputation scores, and forgives.</summary>
internal sealed class ReputationDirectory(GatehouseDb db, Writer writer, ReputationBook book, TimeProvider clock)
{
    public async Task<Slice<Reputation>> ListAsync(
        ScoreFilter filter, Func<IQueryable<Reputation>, IQueryable<Reputation>> order, Paging paging, CancellationToken cancellationToken)
    {
        await book.FlushAsync(cancellationToken); // what was noted a moment ago is news to whoever looks
        var now = clock.GetUtcNow();
        var scores = db.Reputations.AsNoTracking().Where(r => r.ExpiresAt > now);
        scores = filter.Identifier is { } identifier ? scores.Where(r => r.Identifier == identifier) : scores;
        scores = filter.Identifiers.Count > 0 ? scores.Where(r => filter.Identifiers.Contains(r.Identifier)) : scores;
        scores = filter.Ip is { } ip ? scores.Where(r => r.Ip == ip) : scores;
        scores = filter.Score is { } score ? scores.Where(r => r.Score == score) : scores;
        scores = filter.Search is { Length: > 0 } text ? scores.Search(text, r => r.Identifier, r => r.Ip) : scores;
        return await order(scores).SliceAsync(paging, cancellationToken);
    }

    public Task<Reputation?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        db.Reputations.AsNoTracking().SingleOrDefaultAsync(r => r.Id == id, cancellationToken);

    public Task<Result> DeleteAsync(Guid id, CancellationToken cancellationToken) => writer.RunAsync<Reputation>(
        Topic.Identity,
        async () =>
        {
            if (await db.Reputations.SingleOrDefaultAsync(r => r.Id == id, cancellationToken) is not { } score)
            {
                return new Result.Missing();
            }

            db.Reputations.Remove(score);
            return new Result.Done(score);
        },
        cancellationToken);
}
