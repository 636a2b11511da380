using System.Net;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Users;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Bindings;

/// <summary>
/// Scores by name and network. Noted in memory, bounded, and added to the database now and then: a flood of wrong passwords costs neither
/// a write each nor memory. What is not written yet counts all the same on this node.
/// </summary>
public sealed class ReputationBook(IDbContextFactory<GatehouseDb> databases, TimeProvider clock) : IReputation
{
    private const int MostNoted = 4096;
    private const int MostKept = 100_000;
    private static readonly TimeSpan Life = TimeSpan.FromDays(1);

    private readonly Lock turn = new();
    private Dictionary<(string Identifier, string Ip), int> noted = []; // guarded by turn

    /// <inheritdoc/>
    public void Note(string identifier, IPAddress address, bool isSuccess)
    {
        var key = (KeyOf(identifier), NetworkName.Of(address));
        lock (turn)
        {
            // Full: names already known still count, new ones do not. A flood of names must not push out the one that is guessed at.
            if (noted.TryGetValue(key, out var score) || noted.Count < MostNoted)
            {
                noted[key] = Math.Clamp(score + (isSuccess ? 1 : -1), -Reputation.Limit * 2, Reputation.Limit * 2);
            }
        }
    }

    /// <summary>The scores that concern a name or a network; null asks for neither.</summary>
    internal async Task<IReadOnlyList<Reputation>> ReadAsync(GatehouseDb db, string? identifier, string? network, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var kept = await db.Reputations.AsNoTracking().Where(r => r.ExpiresAt > now && (r.Identifier == identifier || r.Ip == network)).Take(MostNoted).ToListAsync(cancellationToken);
        lock (turn)
        {
            foreach (var ((name, ip), delta) in noted.Where(n => n.Key.Identifier == identifier || n.Key.Ip == network))
            {
                if (kept.Find(k => k.Identifier == name && k.Ip == ip) is { } row)
                {
                    row.Score = Clamp(row.Score + delta);
                }
                else
                {
                    kept.Add(NewRow(name, ip, delta, now));
                }
            }
        }

        return kept;
    }

    /// <summary>Adds what was noted to the database.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        Dictionary<(string Identifier, string Ip), int> taken;
        lock (turn)
        {
            if (noted.Count == 0)
            {
                return;
            }

            (taken, noted) = (noted, []);
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var hasRoom = await db.Reputations.CountAsync(cancellationToken) < MostKept;
        foreach (var ((name, ip), delta) in taken.Where(t => t.Value != 0))
        {
            await AddAsync(db, name, ip, delta, hasRoom, cancellationToken);
        }
    }

    private async Task AddAsync(GatehouseDb db, string name, string ip, int delta, bool hasRoom, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var rows = db.Reputations.Where(r => r.Identifier == name && r.Ip == ip);
            var changed = await rows.ExecuteUpdateAsync(
                r => r.SetProperty(
                        x => x.Score,
                        x => (x.ExpiresAt <= now ? 0 : x.Score) + delta > Reputation.Limit ? Reputation.Limit
                            : (x.ExpiresAt <= now ? 0 : x.Score) + delta < -Reputation.Limit ? -Reputation.Limit
                            : (x.ExpiresAt <= now ? 0 : x.Score) + delta)
                    .SetProperty(x => x.UpdatedAt, now).SetProperty(x => x.ExpiresAt, now + Life),
                cancellationToken);
            if (changed > 0 || !hasRoom)
            {
                return;
            }

            db.Reputations.Add(NewRow(name, ip, delta, now));
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                return;
            }
            catch (DbUpdateException fault) when (UniqueViolation.Is(fault))
            {
                // Another node was first: add to its row.
            }
            finally
            {
                db.ChangeTracker.Clear();
            }
        }
    }

    private static Reputation NewRow(string name, string ip, int delta, DateTimeOffset now) =>
        new() { Id = Guid.CreateVersion7(now), Identifier = name, Ip = ip, Score = Clamp(delta), UpdatedAt = now, ExpiresAt = now + Life };

    private static int Clamp(int score) => Math.Clamp(score, -Reputation.Limit, Reputation.Limit);

    // What no user can be called is one name: typed secrets and nonsense are not kept.
    private static string KeyOf(string identifier) => UserNames.Lookup(identifier) ?? "(no name)";
}
