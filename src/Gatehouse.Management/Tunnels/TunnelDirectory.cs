using Gatehouse.Management.Http;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Tunnels;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Tunnels;

/// <summary>Which tunnels are asked for; null means any.</summary>
internal sealed record TunnelFilter(string? Name, string? IncludePrefix, string? ExcludePrefix, Guid? Id, bool? IsDeleted);

/// <summary>Reads tunnels.</summary>
internal sealed class TunnelDirectory(GatehouseDb db, ISecretBox box)
{
    public Task<Tunnel?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        db.Tunnels.AsNoTracking().SingleOrDefaultAsync(t => t.Id == id, cancellationToken);

    public Task<TunnelConfiguration?> ConfigurationAsync(Guid id, CancellationToken cancellationToken) =>
        db.TunnelConfigurations.AsNoTracking().SingleOrDefaultAsync(c => c.TunnelId == id, cancellationToken);

    public Task<Slice<Tunnel>> ListAsync(TunnelFilter filter, Paging paging, CancellationToken cancellationToken)
    {
        var tunnels = db.Tunnels.AsNoTracking();
        tunnels = filter.Name is { } name ? tunnels.Where(t => t.Name == name) : tunnels;
        tunnels = filter.IncludePrefix is { } prefix ? tunnels.Where(t => t.Name.StartsWith(prefix)) : tunnels;
        tunnels = filter.ExcludePrefix is { } other ? tunnels.Where(t => !t.Name.StartsWith(other)) : tunnels;
        tunnels = filter.Id is { } id ? tunnels.Where(t => t.Id == id) : tunnels;
        tunnels = filter.IsDeleted is { } deleted ? tunnels.Where(t => (t.DeletedAt != null) == deleted) : tunnels;
        return tunnels.OrderBy(t => t.CreatedAt).ThenBy(t => t.Id).SliceAsync(paging, cancellationToken);
    }

    /// <summary>What connectors of a tunnel bring.</summary>
    /// <exception cref="InvalidDataException">The secret was sealed with another root key.</exception>
    public async Task<TunnelCredentials> CredentialsAsync(Tunnel tunnel, CancellationToken cancellationToken) => new()
    {
        AccountTag = await db.Organizations.Select(o => o.Id).SingleAsync(cancellationToken),
        TunnelId = tunnel.Id,
        Secret = box.Open(tunnel.SealedSecret, SecretPurposes.TunnelSecret) ?? throw new InvalidDataException($"the secret of tunnel {tunnel.Id} does not open with the root key"),
    };
}
