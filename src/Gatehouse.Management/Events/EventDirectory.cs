using Gatehouse.Management.Http;
using Gatehouse.Model.Events;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Events;

/// <summary>Which events a list holds; null means any.</summary>
internal sealed class EventFilter
{
    /// <summary>A part of the action's name.</summary>
    public string? Action { get; init; }

    public IReadOnlyList<string> Actions { get; init; } = [];

    public string? Username { get; init; }

    public string? ClientIp { get; init; }

    public string? TargetKey { get; init; }

    public string? TargetModel { get; init; }

    public string? TargetApp { get; init; }

    public string? AuthorizedKey { get; init; }

    /// <summary>Whether a brand or an endpoint device is asked for: no event is about one here.</summary>
    public bool NamesWhatNoneHas { get; init; }

    public string? Search { get; init; }
}

/// <summary>How many events of an action there were from an instant on.</summary>
internal sealed record EventCount(string Action, DateTimeOffset At, int Count);

/// <summary>Reads events, and counts them.</summary>
internal sealed class EventDirectory(GatehouseDb db, TimeProvider clock)
{
    // Counting reads a column or two of this many rows at most.
    private const int MostCounted = 500_000;

    public Task<Event?> FindAsync(Guid id, CancellationToken cancellationToken) => db.Events.AsNoTracking().SingleOrDefaultAsync(e => e.Id == id, cancellationToken);

    public Task<Slice<Event>> ListAsync(EventFilter filter, Func<IQueryable<Event>, IQueryable<Event>> order, Paging paging, CancellationToken cancellationToken) =>
        order(Apply(filter)).SliceAsync(paging, cancellationToken);

    /// <summary>Counts by action and time, in buckets of six hours over a week and wider ones over more.</summary>
    public async Task<IReadOnlyList<EventCount>> VolumeAsync(EventFilter filter, int days, CancellationToken cancellationToken)
    {
        var bucket = TimeSpan.FromHours(Math.Max(6, days * 24 / 28)).Ticks;
        var from = clock.GetUtcNow().AddDays(-days);
        var rows = await Apply(filter).Where(e => e.CreatedAt >= from).OrderByDescending(e => e.CreatedAt).Take(MostCounted)
            .Select(e => new { e.Action, e.CreatedAt }).ToListAsync(cancellationToken);
        return
        [
            .. rows.GroupBy(r => (r.Action, At: r.CreatedAt.UtcTicks / bucket * bucket))
                .OrderBy(g => g.Key.At).ThenBy(g => g.Key.Action, StringComparer.Ordinal)
                .Select(g => new EventCount(g.Key.Action, new DateTimeOffset(g.Key.At, TimeSpan.Zero), g.Count())),
        ];
    }

    /// <summary>The applications most authorized: their newest event, how many there were, and of how many people.</summary>
    public async Task<IReadOnlyList<(Event Newest, int Count, int Users)>> TopAsync(EventFilter filter, int most, CancellationToken cancellationToken)
    {
        var top = await Apply(filter).Where(e => e.AuthorizedKey != null)
            .GroupBy(e => e.AuthorizedKey)
            .Select(g => new { Key = g.Key, Count = g.Count(), Users = g.Select(e => e.UserId).Distinct().Count() })
            .OrderByDescending(g => g.Count).Take(most).ToListAsync(cancellationToken);
        List<(Event Newest, int Count, int Users)> found = [];
        foreach (var row in top)
        {
            var newest = await db.Events.AsNoTracking().Where(e => e.AuthorizedKey == row.Key).OrderByDescending(e => e.CreatedAt).FirstOrDefaultAsync(cancellationToken);
            if (newest is not null)
            {
                found.Add((newest, row.Count, row.Users));
            }
        }

        return found;
    }

    private IQueryable<Event> Apply(EventFilter filter)
    {
        var events = db.Events.AsNoTracking();
        events = filter.Action is { Length: > 0 } part ? events.Search(part, e => e.Action) : events;
        events = filter.Actions.Count > 0 ? events.Where(e => filter.Actions.Contains(e.Action)) : events;
        events = filter.Username is { } username ? events.Where(e => e.Username == username) : events;
        events = filter.ClientIp is { } address ? events.Where(e => e.ClientIp == address) : events;
        events = filter.TargetKey is { } key ? events.Where(e => e.TargetKey == key) : events;
        events = filter.TargetModel is { } model ? events.Where(e => e.TargetModel == model) : events;
        events = filter.TargetApp is { } app ? events.Where(e => e.TargetApp == app) : events;
        events = filter.AuthorizedKey is { } authorized ? events.Where(e => e.AuthorizedKey == authorized) : events;
        events = filter.NamesWhatNoneHas ? events.Where(_ => false) : events;
        return filter.Search is { Length: > 0 } text
            ? events.Search(text, e => e.Action, e => e.Username, e => e.App, e => e.ContextJson, e => e.ClientIp ?? "") : events;
    }
}
