using Gatehouse.Management.Http;
using Gatehouse.Model.Brands;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Brands;

/// <summary>Which brands a list holds; null means any.</summary>
internal sealed class BrandFilter
{
    public Guid? Id { get; init; }

    public string? Domain { get; init; }

    public bool? IsDefault { get; init; }

    public string? Title { get; init; }

    /// <summary>A flow that the brand names in any place.</summary>
    public IReadOnlyDictionary<string, Guid> Flows { get; init; } = new Dictionary<string, Guid>();

    public Guid? WebCertificate { get; init; }

    public string? Search { get; init; }
}

/// <summary>Reads brands.</summary>
internal sealed class BrandDirectory(GatehouseDb db)
{
    public Task<Brand?> FindAsync(Guid id, CancellationToken cancellationToken) => db.Brands.AsNoTracking().SingleOrDefaultAsync(b => b.Id == id, cancellationToken);

    public Task<Slice<Brand>> ListAsync(BrandFilter filter, Func<IQueryable<Brand>, IQueryable<Brand>> order, Paging paging, CancellationToken cancellationToken)
    {
        var brands = db.Brands.AsNoTracking();
        brands = filter.Id is { } id ? brands.Where(b => b.Id == id) : brands;
        brands = filter.Domain is { } domain ? brands.Where(b => b.Domain == domain) : brands;
        brands = filter.IsDefault is { } isDefault ? brands.Where(b => b.IsDefault == isDefault) : brands;
        brands = filter.Title is { } title ? brands.Where(b => b.Title == title) : brands;
        brands = filter.WebCertificate is { } pair ? brands.Where(b => b.WebCertificateId == pair) : brands;
        brands = filter.Flows.TryGetValue("flow_authentication", out var authentication) ? brands.Where(b => b.AuthenticationFlowId == authentication) : brands;
        brands = filter.Flows.TryGetValue("flow_invalidation", out var invalidation) ? brands.Where(b => b.InvalidationFlowId == invalidation) : brands;
        brands = filter.Flows.TryGetValue("flow_recovery", out var recovery) ? brands.Where(b => b.RecoveryFlowId == recovery) : brands;
        brands = filter.Flows.TryGetValue("flow_unenrollment", out var unenrollment) ? brands.Where(b => b.UnenrollmentFlowId == unenrollment) : brands;
        brands = filter.Flows.TryGetValue("flow_user_settings", out var settings) ? brands.Where(b => b.UserSettingsFlowId == settings) : brands;
        brands = filter.Flows.TryGetValue("flow_device_code", out var device) ? brands.Where(b => b.DeviceCodeFlowId == device) : brands;
        brands = filter.Search is { Length: > 0 } text ? brands.Search(text, b => b.Domain, b => b.Title) : brands;
        return order(brands).SliceAsync(paging, cancellationToken);
    }

    /// <summary>The brand for a host: the one whose domain is the host or ends it, the longest first; else the default one.</summary>
    public async Task<Brand?> OfHostAsync(string host, CancellationToken cancellationToken)
    {
        var brands = await db.Brands.AsNoTracking().ToListAsync(cancellationToken);
        return brands.Where(b => host == b.Domain || host.EndsWith("." + b.Domain, StringComparison.Ordinal)).MaxBy(b => b.Domain.Length) ?? brands.Find(b => b.IsDefault);
    }

    /// <summary>Slugs of these flows.</summary>
    public Task<Dictionary<Guid, string>> SlugsAsync(IReadOnlyCollection<Guid> flows, CancellationToken cancellationToken) =>
        db.Flows.Where(f => flows.Contains(f.Id)).ToDictionaryAsync(f => f.Id, f => f.Slug, cancellationToken);
}
