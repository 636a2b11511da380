using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Flows;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Ends the session.</summary>
internal sealed partial class UserLogoutStage(BrowserSessions sessions, ILogger<UserLogoutStage> logger) : IStage
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
            await sessions.EndAsync(run.Http, browser.Session, cancellationToken);
            run.Browser = null;
            LogSignedOut(browser.User.Id, browser.Session.Uuid);
        }

        return StageAnswers.Pass;
    }

    /// <inheritdoc/>
    public Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken) =>
        Task.FromResult(StageAnswers.Pass);

    [LoggerMessage(EventId = 2205, Level = LogLevel.Information, Message = "User {UserId} signed out, session {Session}")]
    private partial void LogSignedOut(int userId, Guid session);
}
