using Gatehouse.Management.Tokens;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Gatehouse.Store.Sessions;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<int>;

namespace Gatehouse.Management.Sessions;

/// <summary>Ends sessions of browsers, and with them what was granted in them: every code and token is dead at once. Browsers forget the second factors of these people that they remember.</summary>
internal sealed class EndSessions(GatehouseDb db, Writer writer, TimeProvider clock)
{
    /// <summary>Ends one that the caller may see.</summary>
    public Task<Result> RunAsync(ApiCaller caller, Guid id, CancellationToken cancellationToken) => writer.RunAsync<int>(
        Topic.Identity,
        async () =>
        {
            if (await db.AuthenticatedSessions.SingleOrDefaultAsync(s => s.Uuid == id && (caller.IsSuperuser || s.UserId == caller.UserId), cancellationToken) is not { } found)
            {
                return new Result.Missing();
            }

            writer.Also(() => SessionEnd.ForgetMfaAsync(db, [found.UserId], cancellationToken));
            return await EndAsync([found], cancellationToken);
        },
        cancellationToken);

    /// <summary>Ends all of these users; how many there were.</summary>
    public Task<Result> RunAsync(IReadOnlyList<int> userIds, CancellationToken cancellationToken) => writer.RunAsync<int>(
        Topic.Identity,
        async () =>
        {
            // Also where no session is left: a browser may remember a second factor for longer.
            writer.Also(() => SessionEnd.ForgetMfaAsync(db, userIds, cancellationToken));
            return await EndAsync(await db.AuthenticatedSessions.Where(s => userIds.Contains(s.UserId)).ToListAsync(cancellationToken), cancellationToken);
        },
        cancellationToken);

    private async Task<Result> EndAsync(List<AuthenticatedSession> sessions, CancellationToken cancellationToken)
    {
        await SessionEnd.PrepareAsync(db, sessions, clock.GetUtcNow(), cancellationToken);
        return new Result.Done(sessions.Count);
    }
}
