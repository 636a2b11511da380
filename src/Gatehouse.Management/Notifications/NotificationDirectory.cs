using Gatehouse.Management.Http;
using Gatehouse.Model.Events;
using Gatehouse.Model.Notifications;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Notifications;

/// <summary>A notification with what it is about, while that is kept.</summary>
internal sealed record NotificationFacts(Notification Notification, Event? Event);

/// <summary>Which notifications a list holds; null means any.</summary>
internal sealed class NotificationFilter
{
    public Severity? Severity { get; init; }

    public bool? IsSeen { get; init; }

    public Guid? EventId { get; init; }

    public string? Body { get; init; }

    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Whose; of others there is nothing to see.</summary>
    public int? UserId { get; init; }

    public string? Search { get; init; }
}

/// <summary>Reads rules, transports and notifications; of the last everybody has their own only.</summary>
internal sealed class NotificationDirectory(GatehouseDb db)
{
    public Task<NotificationTransport?> TransportAsync(Guid id, CancellationToken cancellationToken) =>
        db.NotificationTransports.AsNoTracking().SingleOrDefaultAsync(t => t.Id == id, cancellationToken);

    public async Task<Slice<NotificationTransport>> TransportsAsync(
        TransportMode? mode, bool? sendsOnce, string? name, Func<NotificationTransport, bool>? fits, string? search, Func<IQueryable<NotificationTransport>, IQueryable<NotificationTransport>> order, Paging paging, CancellationToken cancellationToken)
    {
        var transports = db.NotificationTransports.AsNoTracking();
        transports = mode is { } wanted ? transports.Where(t => t.Mode == wanted) : transports;
        transports = sendsOnce is { } once ? transports.Where(t => t.SendsOnce == once) : transports;
        transports = name is not null ? transports.Where(t => t.Name == name) : transports;
        transports = search is { Length: > 0 } text ? transports.Search(text, t => t.Name) : transports;
        if (fits is not null)
        {
            // URLs are sealed, and transports few: those that fit are named to the database.
            var fitting = (await transports.ToListAsync(cancellationToken)).Where(fits).Select(t => t.Id).ToList();
            transports = transports.Where(t => fitting.Contains(t.Id));
        }

        return await order(transports).SliceAsync(paging, cancellationToken);
    }

    public Task<WebhookMapping?> MappingAsync(Guid id, CancellationToken cancellationToken) =>
        db.WebhookMappings.AsNoTracking().SingleOrDefaultAsync(m => m.Id == id, cancellationToken);

    public Task<Slice<WebhookMapping>> MappingsAsync(
        string? name, string? search, Func<IQueryable<WebhookMapping>, IQueryable<WebhookMapping>> order, Paging paging, CancellationToken cancellationToken)
    {
        var mappings = db.WebhookMappings.AsNoTracking();
        mappings = name is not null ? mappings.Where(m => m.Name == name) : mappings;
        mappings = search is { Length: > 0 } text ? mappings.Search(text, m => m.Name) : mappings;
        return order(mappings).SliceAsync(paging, cancellationToken);
    }

    public Task<NotificationRule?> RuleAsync(Guid id, CancellationToken cancellationToken) =>
        db.NotificationRules.AsNoTracking().SingleOrDefaultAsync(r => r.Id == id, cancellationToken);

    public Task<Slice<NotificationRule>> RulesAsync(
        Severity? severity, string? groupName, string? name, string? search, Func<IQueryable<NotificationRule>, IQueryable<NotificationRule>> order, Paging paging, CancellationToken cancellationToken)
    {
        var rules = db.NotificationRules.AsNoTracking();
        rules = severity is { } wanted ? rules.Where(r => r.Severity == wanted) : rules;
        rules = groupName is not null ? rules.Where(r => db.Groups.Any(g => g.Id == r.GroupId && g.Name == groupName)) : rules;
        rules = name is not null ? rules.Where(r => r.Name == name) : rules;
        rules = search is { Length: > 0 } text ? rules.Search(text, r => r.Name) : rules;
        return order(rules).SliceAsync(paging, cancellationToken);
    }

    public async Task<NotificationFacts?> FindAsync(int userId, Guid id, CancellationToken cancellationToken) =>
        await db.Notifications.AsNoTracking().SingleOrDefaultAsync(n => n.Id == id && n.UserId == userId, cancellationToken) is { } found
            ? new NotificationFacts(found, await db.Events.AsNoTracking().SingleOrDefaultAsync(e => e.Id == found.EventId, cancellationToken))
            : null;

    public async Task<Slice<NotificationFacts>> ListAsync(
        int userId, NotificationFilter filter, Func<IQueryable<Notification>, IQueryable<Notification>> order, Paging paging, CancellationToken cancellationToken)
    {
        var notifications = db.Notifications.AsNoTracking().Where(n => n.UserId == userId);
        notifications = filter.Severity is { } severity ? notifications.Where(n => n.Severity == severity) : notifications;
        notifications = filter.IsSeen is { } isSeen ? notifications.Where(n => n.IsSeen == isSeen) : notifications;
        notifications = filter.EventId is { } about ? notifications.Where(n => n.EventId == about) : notifications;
        notifications = filter.Body is { } body ? notifications.Where(n => n.Body == body) : notifications;
        notifications = filter.CreatedAt is { } created ? notifications.Where(n => n.CreatedAt == created) : notifications;
        notifications = filter.UserId is { } user ? notifications.Where(n => n.UserId == user) : notifications;
        notifications = filter.Search is { Length: > 0 } text ? notifications.Search(text, n => n.Body) : notifications;
        var slice = await order(notifications).SliceAsync(paging, cancellationToken);
        var ids = slice.Items.Select(n => n.EventId).OfType<Guid>().ToList();
        var events = await db.Events.AsNoTracking().Where(e => ids.Contains(e.Id)).ToDictionaryAsync(e => e.Id, cancellationToken);
        return new Slice<NotificationFacts>(
            [.. slice.Items.Select(n => new NotificationFacts(n, n.EventId is { } id ? events.GetValueOrDefault(id) : null))], slice.Total);
    }

    /// <summary>Marks one of theirs, or all (null). False: there is no such notification.</summary>
    public async Task<bool> MarkAsync(int userId, Guid? id, bool isSeen, CancellationToken cancellationToken) =>
        await db.Notifications.Where(n => n.UserId == userId && (id == null || n.Id == id))
            .ExecuteUpdateAsync(n => n.SetProperty(x => x.IsSeen, isSeen), cancellationToken) > 0 || id is null;

    /// <summary>Removes one of theirs. False: there is no such notification.</summary>
    public async Task<bool> RemoveAsync(int userId, Guid id, CancellationToken cancellationToken) =>
        await db.Notifications.Where(n => n.UserId == userId && n.Id == id).ExecuteDeleteAsync(cancellationToken) > 0;
}
