using Gatehouse.Management.Policies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Policies.AccessList>;

namespace Gatehouse.Management.Lists;

/// <summary>An entry as a caller wrote it.</summary>
internal sealed record ListEntry(string Value, string Description);

/// <summary>Adds, changes and removes lists that rules name.</summary>
internal sealed class SaveList(GatehouseDb db, Writer writer, RuleUses uses, TimeProvider clock)
{
    private const int MostLists = 100;

    public Task<Result> CreateAsync(string name, string description, AccessListKind kind, IReadOnlyList<ListEntry> entries, CancellationToken cancellationToken) => writer.RunAsync<AccessList>(
        Topic.Access,
        async () =>
        {
            var now = clock.GetUtcNow();
            if (await db.AccessLists.CountAsync(cancellationToken) >= MostLists)
            {
                return new Result.Refused([new Fault("", $"at most {MostLists} lists are allowed")]);
            }

            var list = new AccessList { Id = Guid.CreateVersion7(now), Name = name, Kind = kind, CreatedAt = now };
            db.AccessLists.Add(list);
            return await ApplyAsync(list, name, description, Add([], kind, entries, now), cancellationToken);
        },
        cancellationToken);

    /// <summary>Renames one, and puts <paramref name="entries"/> in place of its own unless they are null.</summary>
    public Task<Result> ReplaceAsync(Guid id, string name, string description, IReadOnlyList<ListEntry>? entries, CancellationToken cancellationToken) => ChangeAsync(
        id,
        list => ApplyAsync(list, name, description, entries is null ? (list.Items, []) : Add([], list.Kind, entries, clock.GetUtcNow()), cancellationToken),
        cancellationToken);

    /// <summary>Adds and removes entries. What is there already stays as it is; what is not there need not go.</summary>
    public Task<Result> EditAsync(Guid id, IReadOnlyList<ListEntry> append, IReadOnlyList<string> remove, CancellationToken cancellationToken) => ChangeAsync(
        id,
        list =>
        {
            var gone = remove.Select(r => Canonical(list.Kind, r) ?? r).ToHashSet(StringComparer.Ordinal);
            return ApplyAsync(list, list.Name, list.Description, Add(list.Items.Where(i => !gone.Contains(i.Value)), list.Kind, append, clock.GetUtcNow()), cancellationToken);
        },
        cancellationToken);

    /// <summary>Removes a list that nothing names.</summary>
    public Task<Result> DeleteAsync(Guid id, CancellationToken cancellationToken) => ChangeAsync(
        id,
        async list =>
        {
            if (await uses.FindAsync(r => r is Rule.EmailList e && e.Id == id || r is Rule.IpList i && i.Id == id, cancellationToken) is { } use)
            {
                return new Result.InUse(use);
            }

            if ((await db.Policies.AsNoTracking().ToListAsync(cancellationToken)).Find(p => p.ApprovalGroups.Exists(g => g.EmailListId == id)) is { } policy)
            {
                return new Result.InUse($"policy '{policy.Name}' ({policy.Id}) takes its approvers from it");
            }

            db.AccessLists.Remove(list);
            return new Result.Done(list);
        },
        cancellationToken);

    private Task<Result> ChangeAsync(Guid id, Func<AccessList, Task<Result>> change, CancellationToken cancellationToken) => writer.RunAsync<AccessList>(
        Topic.Access,
        async () => await db.AccessLists.SingleOrDefaultAsync(l => l.Id == id, cancellationToken) is { } list ? await change(list) : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(AccessList list, string name, string description, (List<AccessListItem> Items, List<Fault> Faults) read, CancellationToken cancellationToken)
    {
        if (read.Items.Count > AccessList.MostItems)
        {
            read.Faults.Add(new Fault("items", $"a list has at most {AccessList.MostItems} items"));
        }

        if (read.Faults.Count > 0)
        {
            return new Result.Refused(read.Faults);
        }

        list.Name = name;
        list.Description = description;
        list.Items = read.Items;
        list.UpdatedAt = clock.GetUtcNow();
        return await db.AccessLists.AnyAsync(l => l.Name == name && l.Id != list.Id, cancellationToken)
            ? new Result.Taken(new Fault("name", $"a list named '{name}' exists already"))
            : new Result.Done(list);
    }

    private static (List<AccessListItem> Items, List<Fault> Faults) Add(IEnumerable<AccessListItem> held, AccessListKind kind, IReadOnlyList<ListEntry> entries, DateTimeOffset now)
    {
        var items = held.ToList();
        var known = items.Select(i => i.Value).ToHashSet(StringComparer.Ordinal);
        var faults = new List<Fault>();
        foreach (var (index, entry) in entries.Index())
        {
            if (Canonical(kind, entry.Value) is not { } value)
            {
                faults.Add(new Fault($"items.{index}.value", kind == AccessListKind.Email
                    ? "an item of a list of type EMAIL is one plain address, such as ada@example.com"
                    : "an item of a list of type IP is an address or a CIDR range whose host bits are zero, such as 192.0.2.0/24"));
            }
            else if (known.Add(value))
            {
                items.Add(new AccessListItem(value, entry.Description, now));
            }
        }

        return (items, faults);
    }

    private static string? Canonical(AccessListKind kind, string value) => kind == AccessListKind.Email
        ? EmailAddress.Canonical(value)
        : RuleJson.Range(value) is { BaseAddress.IsIPv4MappedToIPv6: false } range ? range.ToString() : null;
}
