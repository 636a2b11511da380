using Gatehouse.Access.SignIn.Approvals;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Mfa;

/// <summary>Whether a person on their way to an app has to prove themselves by a second factor.</summary>
internal sealed class MfaGate(MfaMemory memory, MfaPages pages, TimeProvider clock)
{
    /// <summary>The page that asks; null when nothing has to be asked.</summary>
    public async Task<IResult?> AskAsync(HttpContext context, AccessTable table, Way way, AccessSession session)
    {
        if (IsOpen(way, session))
        {
            return null;
        }

        await memory.RecallAsync(context, session);
        return IsOpen(way, session)
            ? null
            : await pages.ShowAsync(context, table, session, new MfaErrand(way.By.Mfa!.Allowed, way.StateFor(session, clock.GetUtcNow() + MfaStates.Life), way.App)); // not open, so it asks
    }

    private bool IsOpen(Way way, AccessSession session) => way.By.Mfa is not { } demand || (clock.GetUtcNow() is var now && demand.OpenUntil(way.App.App.Id, SessionIdentity.Of(session), now) > now);
}
