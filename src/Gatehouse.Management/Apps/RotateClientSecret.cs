using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Apps.App>;

namespace Gatehouse.Management.Apps;

/// <summary>Gives a SaaS application by OpenID Connect another client secret. The one before may go on for a while; what was got with it goes on in any case.</summary>
internal sealed class RotateClientSecret(GatehouseDb db, Writer writer, TimeProvider clock)
{
    /// <summary>Keeps the hash of <paramref name="secret"/>. The secret before counts until <paramref name="previousExpiresAt"/>; null, or a time that is over, means no more.</summary>
    public Task<Result> RunAsync(Guid id, string secret, DateTimeOffset? previousExpiresAt, CancellationToken cancellationToken) => writer.RunAsync<App>(
        Topic.Access,
        async () =>
        {
            if (await db.Apps.SingleOrDefaultAsync(a => a.Id == id, cancellationToken) is not { } app)
            {
                return new Result.Missing();
            }

            if (app.ClientSecretHash is not { } former)
            {
                return new Result.Refused([new Fault("id", "only SaaS applications with auth_type oidc have a client secret")]);
            }

            var now = clock.GetUtcNow();
            var overlaps = previousExpiresAt > now;
            app.PreviousClientSecretHash = overlaps ? former : null;
            app.PreviousClientSecretExpiresAt = overlaps ? previousExpiresAt : null;
            app.ClientSecretHash = ServiceTokenEntry.HashOf(secret);
            app.UpdatedAt = now;
            return new Result.Done(app);
        },
        cancellationToken);
}
