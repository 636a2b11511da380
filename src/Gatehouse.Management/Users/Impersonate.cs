using System.Text.Json.Nodes;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Sessions.AuthenticatedSession>;

namespace Gatehouse.Management.Users;

/// <summary>Lets an administrator's browser session act as somebody else, and ends that. Both are events; what was granted meanwhile ends with it.</summary>
internal sealed class Impersonate(GatehouseDb db, Writer writer, WriteEvents events, ISnapshot<SystemSettings> settings, TimeProvider clock)
{
    /// <summary>Begins. Refused on <c>non_field_errors</c> where it is turned off, for themselves, and for who can't sign in.</summary>
    public Task<Result> BeginAsync(ApiCaller caller, int userId, string reason, CancellationToken cancellationToken) => writer.RunAsync<AuthenticatedSession>(
        Topic.Identity,
        async () =>
        {
            if (!settings.Current.AllowsImpersonation || caller.SessionId is not { } session || userId == caller.UserId)
            {
                return Refused("non_field_errors", "Impersonation is turned off, needs a browser session, and is of somebody else.");
            }

            if (settings.Current.ImpersonationNeedsReason && string.IsNullOrWhiteSpace(reason))
            {
                return Refused("reason", "This field may not be blank.");
            }

            var found = await db.AuthenticatedSessions.SingleOrDefaultAsync(s => s.Uuid == session, cancellationToken);
            var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == userId && u.IsActive, cancellationToken);
            if (found is null || user is null)
            {
                return new Result.Missing();
            }

            await RevokeAsync(found, cancellationToken); // of whom they impersonated until now
            found.ImpersonatedUserId = userId;
            var details = WriteEvents.About(user);
            details["reason"] = reason;
            events.Note(EventActions.ImpersonationStarted, details);
            return new Result.Done(found);
        },
        cancellationToken);

    /// <summary>Ends it; nothing to end is no fault.</summary>
    public Task<Result> EndAsync(ApiCaller caller, CancellationToken cancellationToken) => writer.RunAsync<AuthenticatedSession>(
        Topic.Identity,
        async () =>
        {
            var session = caller.SessionId;
            if (await db.AuthenticatedSessions.SingleOrDefaultAsync(s => s.Uuid == session, cancellationToken) is not { } found)
            {
                return new Result.Missing();
            }

            if (found.ImpersonatedUserId is not null)
            {
                found.ImpersonatedUserId = null;
                await RevokeAsync(found, cancellationToken);
                events.Note(EventActions.ImpersonationEnded, new JsonObject());
            }

            return new Result.Done(found);
        },
        cancellationToken);

    // All of the session that are not its own person's, whoever they were.
    private async Task RevokeAsync(AuthenticatedSession session, CancellationToken cancellationToken)
    {
        foreach (var grant in await db.Grants.Where(g => g.SessionId == session.Id && g.UserId != session.UserId && g.RevokedAt == null).ToListAsync(cancellationToken))
        {
            grant.RevokedAt = clock.GetUtcNow();
        }
    }

    private static Result.Refused Refused(string field, string text) => new([new Fault(field, text)]);
}
