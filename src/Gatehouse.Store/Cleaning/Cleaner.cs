using System.Diagnostics.CodeAnalysis;
using Gatehouse.Model.Audit;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Tokens;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Cleaning;

/// <summary>Deletes what has expired, in small batches so that no writer waits long. Nothing depends on it but the size of the database: whoever reads a row looks at its end.</summary>
internal sealed partial class Cleaner(IDbContextFactory<GatehouseDb> databases, TimeProvider clock, ILogger<Cleaner> logger) : BackgroundService
{
    private const int Batch = 500;
    private static readonly TimeSpan FirstAfter = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    // Clocks of nodes differ: what one of them may still take for alive stays.
    private static readonly TimeSpan Grace = TimeSpan.FromHours(1);

    // Strangers write these, and large: they go soon.
    private static readonly TimeSpan SmallGrace = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan KeepKeys = TimeSpan.FromDays(30);
    private static readonly TimeSpan UsualRetention = TimeSpan.FromDays(30);
    private static readonly TimeSpan KeepNotifications = TimeSpan.FromDays(365);

    /// <summary>The most decisions about people that are kept, the newest; a flood must not fill the disk before its month is over.</summary>
    internal int MostDecisions { get; init; } = 200_000;

    /// <summary>The most of them about one person, once they are too many: nobody erases what is known of others.</summary>
    internal int MostOfOne { get; init; } = 5000;

    /// <summary>The most decisions kept that let a machine in.</summary>
    internal int MostOfMachines { get; init; } = 200_000;

    /// <summary>The most refusals kept that are about nobody. Strangers write these.</summary>
    internal int MostOfNobody { get; init; } = 50_000;

    /// <summary>Cleans once; how many rows went.</summary>
    public async Task<int> CleanAsync(CancellationToken cancellationToken)
    {
        var end = clock.GetUtcNow() - Grace;
        var gone = clock.GetUtcNow() - SmallGrace;
        var oldest = clock.GetUtcNow() - KeepKeys;
        var unremembered = clock.GetUtcNow() - MfaDemand.Longest;
        var forgotten = clock.GetUtcNow() - KeepNotifications;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var undecided = clock.GetUtcNow() - await RetentionAsync(db, cancellationToken);

        // Codes and tokens fall with their grants too; their own rows are shorter-lived.
        return await DrainAsync(db.FlowPlans.Where(p => p.ExpiresAt < end).OrderBy(p => p.ExpiresAt), cancellationToken)
            + await DrainAsync(db.SpentChallenges.Where(c => c.ExpiresAt < end).OrderBy(c => c.ExpiresAt), cancellationToken)
            + await DrainAsync(db.FlowTokens.Where(t => t.ExpiresAt < end).OrderBy(t => t.ExpiresAt), cancellationToken)
            + await DrainAsync(db.Invitations.Where(i => i.ExpiresAt != null && i.ExpiresAt < end).OrderBy(i => i.ExpiresAt), cancellationToken)
            + await DrainAsync(db.AuthorizationCodes.Where(c => c.ExpiresAt < end).OrderBy(c => c.ExpiresAt), cancellationToken)
            + await DrainAsync(db.DeviceCodes.Where(c => c.ExpiresAt < end).OrderBy(c => c.ExpiresAt), cancellationToken)
            + await DrainAsync(db.PushedRequests.Where(r => r.ExpiresAt < gone).OrderBy(r => r.ExpiresAt), cancellationToken)
            + await DrainAsync(db.UsedProofs.Where(p => p.ExpiresAt < end).OrderBy(p => p.ExpiresAt), cancellationToken)
            + await DrainAsync(db.OAuthTokens.Where(t => t.ExpiresAt < end).OrderBy(t => t.ExpiresAt), cancellationToken)
            + await DrainAsync(db.Grants.Where(g => g.ExpiresAt < end).OrderBy(g => g.ExpiresAt), cancellationToken)
            + await DrainAsync(db.UserConsents.Where(c => c.ExpiresAt != null && c.ExpiresAt < end && !db.Grants.Any(g => g.UserId == c.UserId && g.ConsentId == c.Id)).OrderBy(c => c.Id), cancellationToken)
            + await DrainAsync(db.AuthenticatedSessions.Where(s => s.ExpiresAt < end).OrderBy(s => s.ExpiresAt), cancellationToken)
            + await DrainAsync(
                db.SessionClients.Where(c => c.KeptUntil < end && !db.AuthenticatedSessions.Any(s => s.Uuid == c.SessionUuid)).OrderBy(c => c.KeptUntil), cancellationToken)
            + await DrainAsync(db.LogoutNotices.Where(n => n.ExpiresAt < end).OrderBy(n => n.NextAt), cancellationToken)
            + await DrainAsync(db.OneTimeLinks.Where(l => l.ExpiresAt < end).OrderBy(l => l.Hash), cancellationToken)
            + await DrainAsync(db.BurntCodes.Where(c => c.ExpiresAt < end).OrderBy(c => c.ExpiresAt), cancellationToken)
            + await DrainAsync(db.RememberedProofs.Where(p => p.At < unremembered).OrderBy(p => p.At), cancellationToken)
            + await DrainAsync(db.OneTimePins.Where(p => p.ExpiresAt < end).OrderBy(p => p.ExpiresAt), cancellationToken)
            + await DrainAsync(db.AccessSessions.Where(s => s.ForgetAt < end).OrderBy(s => s.ForgetAt), cancellationToken)
            + await DrainAsync(db.AccessKeys.Where(k => k.ExpiresAt != null && k.ExpiresAt < oldest).OrderBy(k => k.Kid), cancellationToken)
            + await DrainAsync(db.Decisions.Where(d => d.At < undecided).OrderBy(d => d.At), cancellationToken)
            + await DrainAsync(db.ApprovalRequests.Where(r => r.ExpiresAt < end && (r.ApprovedUntil == null || r.ApprovedUntil < end)).OrderBy(r => r.ExpiresAt), cancellationToken)
            + await DrainAsync(db.PolicyTests.Where(t => t.ExpiresAt < end).OrderBy(t => t.ExpiresAt), cancellationToken)
            + await DrainAsync(db.EdgeNodes.Where(n => n.RenewedAt < end).OrderBy(n => n.RenewedAt), cancellationToken) // with what they held
            + await DrainAsync(db.Events.Where(e => e.ExpiresAt < end).OrderBy(e => e.ExpiresAt), cancellationToken)
            + await DrainAsync(db.Reputations.Where(r => r.ExpiresAt < end).OrderBy(r => r.ExpiresAt), cancellationToken)
            + await DrainAsync(db.Notifications.Where(n => n.CreatedAt < forgotten).OrderBy(n => n.CreatedAt), cancellationToken)
            + await DrainAsync(db.ApiTokens.Where(t => t.Intent != TokenIntent.Api && t.ExpiresAt != null && t.ExpiresAt < end).OrderBy(t => t.ExpiresAt), cancellationToken)
            + await CapDecisionsAsync(db, cancellationToken);
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "Cleaning that fails is logged and tried again an hour later; nothing waits for it.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var wait = FirstAfter; ; wait = Every)
        {
            await Task.Delay(wait, clock, stoppingToken);
            try
            {
                var count = await CleanAsync(stoppingToken);
                LogCleaned(count);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                LogFailed(failure);
            }
        }
    }

    private static async Task<TimeSpan> RetentionAsync(GatehouseDb db, CancellationToken cancellationToken) =>
        await db.Organizations.Select(o => (TimeSpan?)o.DecisionRetention).FirstOrDefaultAsync(cancellationToken) ?? UsualRetention;

    // Each kind by itself, so that none is kept at the cost of another.
    private async Task<int> CapDecisionsAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var people = db.Decisions.Where(d => d.Email != null);
        var gone = 0;
        if (await people.CountAsync(cancellationToken) > MostDecisions)
        {
            var many = await people.GroupBy(d => d.Email).Where(g => g.Count() > MostOfOne).Select(g => g.Key).ToListAsync(cancellationToken);
            foreach (var email in many)
            {
                gone += await CapAsync(people.Where(d => d.Email == email), MostOfOne, "one person", cancellationToken);
            }
        }

        return gone + await CapAsync(people, MostDecisions, "people", cancellationToken)
            + await CapAsync(db.Decisions.Where(d => d.Email == null && d.Allowed), MostOfMachines, "machines", cancellationToken)
            + await CapAsync(db.Decisions.Where(d => d.Email == null && !d.Allowed), MostOfNobody, "nobody", cancellationToken);
    }

    private async Task<int> CapAsync(IQueryable<DecisionRecord> kind, int most, string about, CancellationToken cancellationToken)
    {
        if (await kind.OrderByDescending(d => d.At).Select(d => (DateTimeOffset?)d.At).Skip(most).FirstOrDefaultAsync(cancellationToken) is not { } cut)
        {
            return 0;
        }

        var gone = await DrainAsync(kind.Where(d => d.At <= cut).OrderBy(d => d.At), cancellationToken);
        LogCapped(gone, about, most);
        return gone;
    }

    private static async Task<int> DrainAsync<T>(IOrderedQueryable<T> expired, CancellationToken cancellationToken)
    {
        for (var total = 0; ;)
        {
            var gone = await expired.Take(Batch).ExecuteDeleteAsync(cancellationToken);
            total += gone;
            if (gone < Batch)
            {
                return total;
            }
        }
    }

    [LoggerMessage(EventId = 6301, Level = LogLevel.Debug, Message = "{Count} expired rows deleted")]
    private partial void LogCleaned(int count);

    [LoggerMessage(EventId = 6303, Level = LogLevel.Warning, Message = "{Count} access decisions about {About} were deleted before their time was over: no more than {Most} are kept")]
    private partial void LogCapped(int count, string about, int most);

    [LoggerMessage(EventId = 6302, Level = LogLevel.Warning, Message = "Expired rows can't be deleted; trying again in an hour")]
    private partial void LogFailed(Exception failure);
}
