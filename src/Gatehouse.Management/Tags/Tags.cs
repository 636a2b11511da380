using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Apps.AppTag>;

namespace Gatehouse.Management.Tags;

/// <summary>A tag and how many apps have it.</summary>
internal sealed record TagFacts(AppTag Tag, int AppCount);

/// <summary>Reads tags.</summary>
internal sealed class TagDirectory(GatehouseDb db)
{
    public async Task<TagFacts?> FindAsync(string name, CancellationToken cancellationToken) =>
        await db.AppTags.AsNoTracking().SingleOrDefaultAsync(t => t.Name == name, cancellationToken) is { } tag ? (await DescribeAsync([tag], cancellationToken))[0] : null;

    public async Task<Slice<TagFacts>> ListAsync(Paging paging, CancellationToken cancellationToken)
    {
        var slice = await db.AppTags.AsNoTracking().OrderBy(t => t.Name).SliceAsync(paging, cancellationToken);
        return new Slice<TagFacts>(await DescribeAsync(slice.Items, cancellationToken), slice.Total);
    }

    private async Task<IReadOnlyList<TagFacts>> DescribeAsync(IReadOnlyList<AppTag> tags, CancellationToken cancellationToken)
    {
        var used = (await db.Apps.Select(a => a.Tags).ToListAsync(cancellationToken)).SelectMany(t => t).CountBy(t => t).ToDictionary();
        return [.. tags.Select(t => new TagFacts(t, used.GetValueOrDefault(t.Name)))];
    }
}

/// <summary>Adds, renames and removes tags. Apps follow.</summary>
internal sealed class SaveTag(GatehouseDb db, Writer writer, TimeProvider clock)
{
    public Task<Result> CreateAsync(string name, CancellationToken cancellationToken) => writer.RunAsync<AppTag>(
        Topic.Access,
        async () =>
        {
            if (await db.AppTags.AnyAsync(t => t.Name == name, cancellationToken))
            {
                return new Result.Taken(new Fault("name", $"a tag named '{name}' exists already"));
            }

            var now = clock.GetUtcNow();
            var tag = new AppTag { Name = name, CreatedAt = now, UpdatedAt = now };
            db.AppTags.Add(tag);
            return new Result.Done(tag);
        },
        cancellationToken);

    public Task<Result> RenameAsync(string name, string wanted, CancellationToken cancellationToken) => ChangeAsync(
        name,
        async tag =>
        {
            if (wanted == name)
            {
                tag.UpdatedAt = clock.GetUtcNow();
                return new Result.Done(tag);
            }

            if (await db.AppTags.AnyAsync(t => t.Name == wanted, cancellationToken))
            {
                return new Result.Taken(new Fault("name", $"a tag named '{wanted}' exists already"));
            }

            var renamed = new AppTag { Name = wanted, CreatedAt = tag.CreatedAt, UpdatedAt = clock.GetUtcNow() };
            db.AppTags.Remove(tag);
            db.AppTags.Add(renamed);
            await RetagAsync(name, wanted, cancellationToken);
            return new Result.Done(renamed);
        },
        cancellationToken);

    public Task<Result> DeleteAsync(string name, CancellationToken cancellationToken) => ChangeAsync(
        name,
        async tag =>
        {
            db.AppTags.Remove(tag);
            await RetagAsync(name, null, cancellationToken);
            return new Result.Done(tag);
        },
        cancellationToken);

    private Task<Result> ChangeAsync(string name, Func<AppTag, Task<Result>> change, CancellationToken cancellationToken) => writer.RunAsync<AppTag>(
        Topic.Access,
        async () => await db.AppTags.SingleOrDefaultAsync(t => t.Name == name, cancellationToken) is { } tag ? await change(tag) : new Result.Missing(),
        cancellationToken);

    private async Task RetagAsync(string name, string? wanted, CancellationToken cancellationToken)
    {
        foreach (var app in (await db.Apps.ToListAsync(cancellationToken)).Where(a => a.Tags.Contains(name)))
        {
            app.Tags = [.. app.Tags.Where(t => t != name).Concat(wanted is null ? [] : [wanted]).Order(StringComparer.Ordinal)];
        }
    }
}
