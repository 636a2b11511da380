using Gatehouse.Management.Writes;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Authenticators;

/// <summary>Renames an authenticator, or removes it. Made they are only by their owners, in a flow.</summary>
internal sealed class ChangeDevice(GatehouseDb db, Writer writer, TimeProvider clock)
{
    /// <summary>Renames one; <paramref name="ownerId"/> null means anybody's.</summary>
    public Task<WriteResult<T>> RenameAsync<T>(int id, int? ownerId, Maybe<string> name, CancellationToken cancellationToken)
        where T : Authenticator => RunAsync<T>(
            id,
            ownerId,
            device =>
            {
                device.Name = name.Or(device.Name);
                device.UpdatedAt = clock.GetUtcNow();
            },
            cancellationToken);

    /// <summary>Removes one; <paramref name="ownerId"/> null means anybody's.</summary>
    public Task<WriteResult<T>> DeleteAsync<T>(int id, int? ownerId, CancellationToken cancellationToken)
        where T : Authenticator => RunAsync<T>(id, ownerId, device => db.Remove(device), cancellationToken);

    private Task<WriteResult<T>> RunAsync<T>(int id, int? ownerId, Action<T> change, CancellationToken cancellationToken)
        where T : Authenticator => writer.RunAsync<T>(
            Topic.Identity,
            async () =>
            {
                if (await db.Set<T>().SingleOrDefaultAsync(d => d.Id == id && (ownerId == null || d.UserId == ownerId), cancellationToken) is not { } device)
                {
                    return new WriteResult<T>.Missing();
                }

                change(device);
                return new WriteResult<T>.Done(device);
            },
            cancellationToken);
}
