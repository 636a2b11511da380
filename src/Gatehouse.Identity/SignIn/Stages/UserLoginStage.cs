using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Starts the session of whoever has proved who they are.</summary>
internal sealed partial class UserLoginStage(GatehouseDb db, BrowserSessions sessions, ILogger<UserLoginStage> logger) : IStage
{
    /// <inheritdoc/>
    public StageType Type => StageType.UserLogin;

    /// <inheritdoc/>
    public bool ActsOnEntry => true;

    /// <inheritdoc/>
    public async Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken)
    {
        // A flow that an administrator put together without a password stage lets nobody in.
        if (run.State is not { UserId: { } id, Amr: [_, ..] })
        {
            return new StageStep.Deny("Nobody could be signed in.", "a login stage, but nobody has proved who they are");
        }

        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == id, cancellationToken);
        if (user is null || !BrowserSessions.MaySignIn(user))
        {
            return new StageStep.Deny("This account can't sign in. Ask your administrator.", "the user was deactivated or deleted in between");
        }

        return (run.State.PasswordMark is not { } mark || mark == PasswordProof.MarkOf(user.PasswordHash))
            && await TryStartAsync(run, new StageSettings(stage), user, cancellationToken)
            ? StageAnswers.Pass
            : new StageStep.Deny("Your account was changed while you signed in. Start again.", "the password was changed or the user deactivated in between");
    }

    /// <inheritdoc/>
    public Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken) =>
        Task.FromResult(StageAnswers.Pass);

    private async Task<bool> TryStartAsync(FlowRun run, StageSettings settings, User user, CancellationToken cancellationToken)
    {
        var life = settings.Period("session_duration", "seconds=0");
        if (await sessions.StartAsync(run.Http, user, run.State.Amr, life > TimeSpan.Zero ? life : null, cancellationToken) is not { } session)
        {
            return false;
        }

        if (settings.Flag("terminate_other_sessions", false))
        {
            await sessions.EndOthersAsync(user.Id, session.Id, cancellationToken);
        }

        run.Browser = new SignedInBrowser(user, session);
        run.SessionKey = session.Id;
        LogSignedIn(user.Id, session.Uuid);
        return true;
    }

    [LoggerMessage(EventId = 2204, Level = LogLevel.Information, Message = "User {UserId} signed in, session {Session}")]
    private partial void LogSignedIn(int userId, Guid session);
}
