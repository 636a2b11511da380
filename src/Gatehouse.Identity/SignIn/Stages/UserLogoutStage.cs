using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Flows;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Ends the session, and has the browser load what applications want loaded then.</summary>
internal sealed partial class UserLogoutStage(BrowserSessions sessions, FrontChannel frontChannel, ILogger<UserLogoutStage> logger) : IStage
{
    /// <inheritdoc/>
    public StageType Type => StageType.UserLogout;

    /// <inheritdoc/>
    public bool ActsOnEntry => true;

    /// <inheritdoc/>
    public async Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken)
    {
        if (run.Browser is { } browser)
        {
            var ended = await sessions.EndAsync(run.Http, browser.Session, cancellationToken);
            run.Browser = null;
            LogSignedOut(browser.User.Id, browser.Session.Uuid);
            if (await frontChannel.FramesAsync(ended, cancellationToken) is { Count: > 0 } frames)
            {
                return new StageStep.Ask(new IframeLogoutChallenge([.. frames.Select(f => new LogoutUrl(f.Url, f.ClientName))]));
            }
        }

        return StageAnswers.Pass;
    }

    /// <summary>The frames were made by this very call, so nobody has loaded them yet: the real answer finds nobody signed in, and passes.</summary>
    public Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken) =>
        Task.FromResult<StageStep>(new StageStep.Ask(asked));

    [LoggerMessage(EventId = 2205, Level = LogLevel.Information, Message = "User {UserId} signed out, session {Session}")]
    private partial void LogSignedOut(int userId, Guid session);
}
