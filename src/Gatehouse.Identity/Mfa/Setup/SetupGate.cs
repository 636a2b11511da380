using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Mfa.Setup;

/// <summary>Whether somebody may enrol an authenticator.</summary>
internal abstract record SetupAdmission
{
    private SetupAdmission()
    {
    }

    /// <summary>They may: for this user and no other.</summary>
    public sealed record Admitted(User User) : SetupAdmission;

    /// <summary>They may not, or not yet.</summary>
    public sealed record Turned(StageStep Step) : SetupAdmission;
}

/// <summary>Decides it: people who signed in a moment ago, or who are about to and have no authenticator yet.</summary>
internal sealed class SetupGate(GatehouseDb db, Devices devices, TimeProvider clock)
{
    /// <summary>Judges who runs the flow.</summary>
    public async Task<SetupAdmission> JudgeAsync(FlowRun run, CancellationToken cancellationToken)
    {
        if (run.State is { Identifier: null, UserId: null } && run.Browser is { } browser)
        {
            return browser.IsImpersonating ? Deny("an administrator who impersonates somebody enrols nothing for them")
                : RecentSignIn.Has(browser, clock) ? new SetupAdmission.Admitted(browser.User)
                : SignInAgain(run);
        }

        // Whoever only typed a name has proved nothing.
        if (run.State is not { UserId: { } id, Amr: [_, ..] })
        {
            return Deny("an authenticator can't be set up before somebody has proved who they are");
        }

        // With the password alone, nobody may put an authenticator of their own beside the one that they can't use.
        if (!run.State.Amr.Contains("mfa") && !run.State.Mfa.IsPasskeyVerified && await devices.HasAnyAsync(id, cancellationToken))
        {
            return new SetupAdmission.Turned(StageAnswers.Pass);
        }

        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == id, cancellationToken);
        return user is not null && BrowserSessions.MaySignIn(user) ? new SetupAdmission.Admitted(user) : Deny("the user was deactivated or deleted in between");
    }

    private static SetupAdmission.Turned Deny(string reason) => new(new StageStep.Deny("An authenticator can't be set up like this. Sign in first.", reason));

    private static SetupAdmission.Turned SignInAgain(FlowRun run) =>
        new(new StageStep.Ask(new RedirectChallenge(RecentSignIn.Link($"/if/flow/{run.Flow.Slug}/?{run.Query.Raw}"))));
}
