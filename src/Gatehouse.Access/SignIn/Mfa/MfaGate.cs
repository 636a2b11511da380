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
        if (!Asks(way, session))
        {
            return null;
        }

        await memory.RecallAsync(context, session);
        return !Asks(way, session)
            ? null
            : await pages.ShowAsync(context, table, session, new MfaErrand(way.By.Mfa!.Allowed, way.StateFor(session, clock.GetUtcNow() + MfaStates.Life), way.App)); // it asks
    }

    private bool Asks(Way way, AccessSession session) => way.By.AsksFactor(way.App.App.Id, SessionIdentity.Of(session), way.BegunAt, clock.GetUtcNow());
}
