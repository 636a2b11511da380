using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace Gatehouse.Management.Writes;

/// <summary>Writes down what a write changes, in the same transaction: neither stands without the other.</summary>
internal sealed class WriteEvents(GatehouseDb db, IEventRows rows, Actor actor)
{
    private readonly List<NewEvent> noted = [];

    /// <summary>Adds an event of its own to the write that is being prepared (a password was set, a key was made anew).</summary>
    public void Note(string action, JsonObject details) => noted.Add(actor.Event(action, details));

    /// <summary>A user as the object of an event.</summary>
    public static JsonObject About(User user) =>
        new() { ["model"] = EventRow.Target("authentik_core", "user", user.Id.ToString(CultureInfo.InvariantCulture), user.Username) };

    /// <summary>Forgets what was noted: the write is prepared anew.</summary>
    public void Forget() => noted.Clear();

    /// <summary>What is about to be saved. Integer keys are known only afterwards.</summary>
    public IReadOnlyList<Change> Collect()
    {
        db.ChangeTracker.DetectChanges();
        var changes = db.ChangeTracker.Entries().Where(e => e.State is EntityState.Added or EntityState.Modified or EntityState.Deleted).ToList();
        var told = changes.Where(ModelNames.IsTold).Select(e => new Change(e, ActionOf(e.State))).ToList();

        // Memberships are part of their group.
        foreach (var id in changes.Select(e => e.Entity switch { GroupMember m => (Guid?)m.GroupId, GroupParent p => p.ChildId, _ => null }).OfType<Guid>().Distinct())
        {
            var group = db.ChangeTracker.Entries<Group>().FirstOrDefault(g => g.Entity.Id == id);
            if (group is not null && told.TrueForAll(c => c.Entry.Entity != group.Entity))
            {
                told.Add(new Change(group, EventActions.ModelUpdated));
            }
        }

        return told;
    }

    /// <summary>Adds the rows, to be saved with the change.</summary>
    public void Add(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            var (app, model) = ModelNames.Of(change.Entry);
            db.Events.Add(rows.RowOf(actor.Event(
                change.Action, new JsonObject { ["model"] = EventRow.Target(app, model, ModelNames.KeyOf(change.Entry), ModelNames.TitleOf(change.Entry)) })));
        }

        db.Events.AddRange(noted.Select(rows.RowOf));
        noted.Clear();
    }

    /// <summary>To be called when the transaction was committed.</summary>
    public void Written() => rows.Written();

    private static string ActionOf(EntityState state) => state switch
    {
        EntityState.Added => EventActions.ModelCreated,
        EntityState.Deleted => EventActions.ModelDeleted,
        _ => EventActions.ModelUpdated,
    };

    /// <summary>A row that changes, and how.</summary>
    public sealed record Change(EntityEntry Entry, string Action);
}
