using Gatehouse.Management.Http;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Authenticators;

/// <summary>An authenticator with its owner.</summary>
internal sealed record DeviceFacts<T>(T Device, User Owner)
    where T : Authenticator;

/// <summary>Which authenticators a list holds; null means any.</summary>
internal sealed record DeviceFilter(int? OwnerId, string? Name, string? Search);

/// <summary>Reads people's authenticators.</summary>
internal sealed class DeviceDirectory(GatehouseDb db)
{
    /// <summary>All of one person, of every class.</summary>
    public async Task<IReadOnlyList<Authenticator>> AllAsync(int ownerId, CancellationToken cancellationToken) =>
    [
        .. await db.TotpDevices.AsNoTracking().Where(d => d.UserId == ownerId).OrderBy(d => d.Id).ToListAsync(cancellationToken),
        .. await db.StaticDevices.AsNoTracking().Include(d => d.Codes).Where(d => d.UserId == ownerId).OrderBy(d => d.Id).ToListAsync(cancellationToken),
        .. await db.WebAuthnDevices.AsNoTracking().Where(d => d.UserId == ownerId).OrderBy(d => d.Id).ToListAsync(cancellationToken),
    ];

    /// <summary>Part of the list of one class.</summary>
    public async Task<Slice<DeviceFacts<T>>> ListAsync<T>(DeviceFilter filter, Func<IQueryable<T>, IQueryable<T>> order, Paging paging, CancellationToken cancellationToken)
        where T : Authenticator
    {
        var devices = Whole<T>(filter.OwnerId);
        devices = filter.Name is { } name ? devices.Where(d => d.Name == name) : devices;
        devices = filter.Search is { Length: > 0 } text ? devices.Search(text, d => d.Name) : devices;
        var slice = await order(devices).SliceAsync(paging, cancellationToken);
        var ids = slice.Items.Select(d => d.UserId).Distinct().ToList();
        var owners = await db.Users.AsNoTracking().Where(u => ids.Contains(u.Id)).ToDictionaryAsync(u => u.Id, cancellationToken);

        // An owner may go, with the device, between two reads.
        return new Slice<DeviceFacts<T>>([.. slice.Items.Where(d => owners.ContainsKey(d.UserId)).Select(d => new DeviceFacts<T>(d, owners[d.UserId]))], slice.Total);
    }

    /// <summary>One; null when there is none, or it is not the owner's.</summary>
    public async Task<DeviceFacts<T>?> FindAsync<T>(int id, int? ownerId, CancellationToken cancellationToken)
        where T : Authenticator
    {
        var device = await Whole<T>(ownerId).SingleOrDefaultAsync(d => d.Id == id, cancellationToken);
        var owner = device is null ? null : await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == device.UserId, cancellationToken);
        return device is null || owner is null ? null : new DeviceFacts<T>(device, owner);
    }

    private IQueryable<T> Whole<T>(int? ownerId)
        where T : Authenticator
    {
        var devices = db.Set<T>().AsNoTracking();
        devices = typeof(T) == typeof(StaticDevice) ? devices.Include(nameof(StaticDevice.Codes)) : devices;
        return ownerId is { } owner ? devices.Where(d => d.UserId == owner) : devices;
    }
}
