using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Events;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Apps.App>;

namespace Gatehouse.Management.Apps;

/// <summary>Gives a SaaS application by OpenID Connect another client secret. The one before may go on for a while; what was got with it goes on in any case.</summary>
internal sealed class RotateClientSecret(GatehouseDb db, Writer writer, WriteEvents events, TimeProvider clock)
{
    /// <summary>The longest that two secrets count side by side: a client that has not changed over in a month never will.</summary>
    public static readonly TimeSpan LongestOverlap = TimeSpan.FromDays(30);

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
            if (previousExpiresAt > now + LongestOverlap)
            {
                return new Result.Refused([new Fault("previous_client_secret_expires_at", "the former secret may go on for 30 days at most")]);
            }

            var overlaps = previousExpiresAt > now;
            app.PreviousClientSecretHash = overlaps ? former : null;
            app.PreviousClientSecretExpiresAt = overlaps ? previousExpiresAt : null;
            app.ClientSecretHash = ServiceTokenEntry.HashOf(secret);
            app.UpdatedAt = now;
            var told = new JsonObject { ["model"] = EventRow.Target("gatehouse", "app", app.Id.ToString("N"), app.Name), ["message"] = "The client secret was made anew." };
            told["former_ends_at"] = overlaps ? previousExpiresAt!.Value.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture) : null; // it is later than now
            events.Note(EventActions.SecretRotate, told);
            return new Result.Done(app);
        },
        cancellationToken);
}
