using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Model.Flows;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>A run that was found in the database.</summary>
internal sealed record StoredPlan(FlowState State, int Version);

/// <summary>Keeps how far runs have come. A row appears with the first answer that advances, and each version of it can be used once.</summary>
internal sealed class FlowPlans(GatehouseDb db, TimeProvider clock)
{
    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    /// <summary>The name of a run: one browser, one flow, one query.</summary>
    public static string IdOf(string sessionKey, string slug, string query) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{sessionKey}\n{slug}\n{query}")));

    /// <summary>The run, or null when it never advanced or was forgotten.</summary>
    public async Task<StoredPlan?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var row = await db.FlowPlans.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id && p.ExpiresAt > now, cancellationToken);
        return row is not null && JsonSerializer.Deserialize(row.StateJson, FlowJson.Default.FlowState) is { } state
            ? new StoredPlan(state, row.Version)
            : null;
    }

    /// <summary>Writes a run. False when somebody else advanced it since <paramref name="version"/>; null is the version of a run without a row.</summary>
    public async Task<bool> TrySaveAsync(string id, FlowState state, int? version, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.Serialize(state, FlowJson.Default.FlowState);
        var end = clock.GetUtcNow() + Life;
        return version is { } known
            ? await db.FlowPlans.Where(p => p.Id == id && p.Version == known).ExecuteUpdateAsync(
                p => p.SetProperty(x => x.StateJson, json).SetProperty(x => x.ExpiresAt, end).SetProperty(x => x.Version, known + 1), cancellationToken) == 1
            : await TryAddAsync(new FlowPlan { Id = id, StateJson = json, ExpiresAt = end }, cancellationToken);
    }

    /// <summary>Takes a run out of the database: true for one caller only.</summary>
    public async Task<bool> TryTakeAsync(string id, int version, CancellationToken cancellationToken) =>
        await db.FlowPlans.Where(p => p.Id == id && p.Version == version).ExecuteDeleteAsync(cancellationToken) == 1;

    /// <summary>Forgets a run.</summary>
    public Task ForgetAsync(string id, CancellationToken cancellationToken) =>
        db.FlowPlans.Where(p => p.Id == id).ExecuteDeleteAsync(cancellationToken);

    private async Task<bool> TryAddAsync(FlowPlan plan, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await db.FlowPlans.Where(p => p.Id == plan.Id && p.ExpiresAt <= now).ExecuteDeleteAsync(cancellationToken);
        db.FlowPlans.Add(plan);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException)
        {
            if (!await db.FlowPlans.AsNoTracking().AnyAsync(p => p.Id == plan.Id, cancellationToken))
            {
                throw;
            }

            return false; // the same answer came twice at once, and the other was first
        }
        finally
        {
            db.Entry(plan).State = EntityState.Detached;
        }
    }
}
