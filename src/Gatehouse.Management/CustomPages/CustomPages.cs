using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Apps.CustomPage>;

namespace Gatehouse.Management.CustomPages;

/// <summary>A custom page and how many apps show it.</summary>
internal sealed record PageFacts(CustomPage Page, int AppCount);

/// <summary>Reads custom pages.</summary>
internal sealed class CustomPageDirectory(GatehouseDb db)
{
    public async Task<PageFacts?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        await db.CustomPages.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, cancellationToken) is { } page ? (await DescribeAsync([page], cancellationToken))[0] : null;

    public async Task<Slice<PageFacts>> ListAsync(Paging paging, CancellationToken cancellationToken)
    {
        var slice = await db.CustomPages.AsNoTracking().OrderBy(p => p.CreatedAt).ThenBy(p => p.Id).SliceAsync(paging, cancellationToken);
        return new Slice<PageFacts>(await DescribeAsync(slice.Items, cancellationToken), slice.Total);
    }

    private async Task<IReadOnlyList<PageFacts>> DescribeAsync(IReadOnlyList<CustomPage> pages, CancellationToken cancellationToken)
    {
        var used = (await db.Apps.Select(a => a.CustomPages).ToListAsync(cancellationToken)).SelectMany(p => p).CountBy(p => p).ToDictionary();
        return [.. pages.Select(p => new PageFacts(p, used.GetValueOrDefault(p.Id)))];
    }
}

/// <summary>Adds, changes and removes custom pages.</summary>
internal sealed class SaveCustomPage(GatehouseDb db, Writer writer, TimeProvider clock)
{
    public Task<Result> CreateAsync(string name, CustomPageKind kind, string html, CancellationToken cancellationToken) => writer.RunAsync<CustomPage>(
        Topic.Access,
        () =>
        {
            var now = clock.GetUtcNow();
            var page = new CustomPage { Id = Guid.CreateVersion7(now), Name = name, Kind = kind, Html = html, CreatedAt = now, UpdatedAt = now };
            db.CustomPages.Add(page);
            return Task.FromResult<Result>(new Result.Done(page));
        },
        cancellationToken);

    public Task<Result> ReplaceAsync(Guid id, string name, CustomPageKind kind, string html, CancellationToken cancellationToken) => ChangeAsync(
        id,
        async page =>
        {
            if (page.Kind != kind && await UseAsync(id, cancellationToken) is { } use)
            {
                return new Result.InUse(use);
            }

            (page.Name, page.Kind, page.Html, page.UpdatedAt) = (name, kind, html, clock.GetUtcNow());
            return new Result.Done(page);
        },
        cancellationToken);

    public Task<Result> DeleteAsync(Guid id, CancellationToken cancellationToken) => ChangeAsync(
        id,
        async page =>
        {
            if (await UseAsync(id, cancellationToken) is { } use)
            {
                return new Result.InUse(use);
            }

            db.CustomPages.Remove(page);
            return new Result.Done(page);
        },
        cancellationToken);

    private Task<Result> ChangeAsync(Guid id, Func<CustomPage, Task<Result>> change, CancellationToken cancellationToken) => writer.RunAsync<CustomPage>(
        Topic.Access,
        async () => await db.CustomPages.SingleOrDefaultAsync(p => p.Id == id, cancellationToken) is { } page ? await change(page) : new Result.Missing(),
        cancellationToken);

    private async Task<string?> UseAsync(Guid id, CancellationToken cancellationToken) =>
        (await db.Apps.AsNoTracking().ToListAsync(cancellationToken)).Find(a => a.CustomPages.Contains(id)) is { } app ? $"application '{app.Name}' shows it"
        : await db.Organizations.AnyAsync(o => o.ForbiddenPage == id || o.IdentityDeniedPage == id, cancellationToken) ? "the organization shows it"
        : null;
}
