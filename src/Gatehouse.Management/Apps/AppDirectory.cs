using Gatehouse.Management.Http;
using Gatehouse.Model.Apps;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Apps;

/// <summary>Which apps a list holds; null means any.</summary>
internal sealed class AppFilter
{
    public string? Name { get; init; }

    public string? Domain { get; init; }

    public string? Aud { get; init; }

    public string? Search { get; init; }

    public AppType? Type { get; init; }

    /// <summary>Name and domain are compared whole, not as parts.</summary>
    public bool Exact { get; init; }
}

/// <summary>Reads apps with their policies.</summary>
internal sealed class AppDirectory(GatehouseDb db)
{
    /// <summary>The app with this id, or with this AUD tag.</summary>
    public async Task<App?> FindAsync(string idOrAud, CancellationToken cancellationToken) =>
        Guid.TryParseExact(idOrAud, "D", out var id) ? await WithPolicies().SingleOrDefaultAsync(a => a.Id == id, cancellationToken)
        : idOrAud.Length == 64 ? await WithPolicies().SingleOrDefaultAsync(a => a.Aud == idOrAud, cancellationToken)
        : null;

    /// <summary>A page of apps. Filtered here, since an app's domains stand in one column; there are hundreds of apps at most.</summary>
    public async Task<Slice<App>> ListAsync(AppFilter filter, Paging paging, CancellationToken cancellationToken)
    {
        var apps = await WithPolicies().OrderBy(a => a.CreatedAt).ThenBy(a => a.Id).AsSplitQuery().ToListAsync(cancellationToken);
        var found = apps
            .Where(a => filter.Type is null || a.Type == filter.Type)
            .Where(a => filter.Aud is null || a.Aud == filter.Aud)
            .Where(a => filter.Name is null || Fits(a.Name, filter.Name, filter.Exact))
            .Where(a => filter.Domain is null || Addresses(a).Any(d => Fits(d, filter.Domain, filter.Exact)))
            .Where(a => filter.Search is null || Addresses(a).Append(a.Name).Append(a.Aud).Any(t => Fits(t, filter.Search, exact: false)))
            .ToList();
        return new Slice<App>([.. found.Skip((int)Math.Min(paging.Skip, int.MaxValue)).Take(paging.Size)], found.Count);
    }

    /// <summary>Certificate of the key that Access signs with, PEM.</summary>
    public async Task<string> SigningCertificateAsync(CancellationToken cancellationToken) =>
        await db.AccessKeys.Where(k => k.ExpiresAt == null).OrderByDescending(k => k.CreatedAt).Select(k => k.CertificatePem).FirstOrDefaultAsync(cancellationToken) ?? "";

    private IQueryable<App> WithPolicies() => db.Apps.AsNoTracking().Include(a => a.Policies).ThenInclude(l => l.Policy);

    private static IEnumerable<string> Addresses(App app) => app.BookmarkUrl is { } url ? app.Domains.Append(url) : app.Domains;

    private static bool Fits(string text, string wanted, bool exact) =>
        exact ? text.Equals(wanted, StringComparison.OrdinalIgnoreCase) : text.Contains(wanted, StringComparison.OrdinalIgnoreCase);
}
