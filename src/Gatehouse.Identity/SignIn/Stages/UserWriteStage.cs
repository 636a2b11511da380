using Gatehouse.Identity.Mfa;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Users;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Stages;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Web.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Writes what was answered into a user, new or known. Whoever is known must have shown that they are it.</summary>
internal sealed partial class UserWriteStage(GatehouseDb db, WriteUser write, Superusers superusers, Guesses guesses, TimeProvider clock, ILogger<UserWriteStage> logger) : IStage
{
    /// <inheritdoc/>
    public StageType Type => StageType.UserWrite;

    /// <inheritdoc/>
    public bool ActsOnEntry => true;

    /// <inheritdoc/>
    public async Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken)
    {
        if (run.State is { Data.Count: 0, Fixed.Count: 0, NewPasswordHash: null })
        {
            return new StageStep.Deny("There is nothing to write. Start again.", "a write stage without answers before it");
        }

        // An open browser is not enough to take an account over, as on the user's own page; whoever was asked for a proof in this run has given one.
        if (run.IsProvenByBrowserAlone && !RecentSignIn.Has(run.Browser!, clock)) // alone by it, so it is there
        {
            return new StageStep.Leave(RecentSignIn.Link($"/if/flow/{run.Flow.Slug}/?{run.Query.Raw}"));
        }

        var mode = stage.Setting(UserWriteSettings.CreationMode);
        var isNobody = run.PendingUserId is null && run.State.Identifier is null;
        var result = mode == UserWriteSettings.Always || (mode == UserWriteSettings.WhenRequired && isNobody)
            ? await CreateAsync(run, stage, cancellationToken)
            : await ChangeAsync(run, cancellationToken);
        return result switch
        {
            WriteUserResult.Written written => Take(run, written.User),
            WriteUserResult.Refused refused => new StageStep.Deny(refused.Message, refused.Reason),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <inheritdoc/>
    public Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken) =>
        throw new System.Diagnostics.UnreachableException("a write stage asks nothing");

    private async Task<WriteUserResult> CreateAsync(FlowRun run, Stage stage, CancellationToken cancellationToken)
    {
        var group = stage.Setting(UserWriteSettings.Group);
        if (group is { } id && (!await db.Groups.AnyAsync(g => g.Id == id, cancellationToken) || await superusers.GrantAsync([id], cancellationToken)))
        {
            return new WriteUserResult.Refused("This flow is not set up right. Ask your administrator.", "the group of new users is gone, or its members may do everything");
        }

        var path = stage.Setting(UserWriteSettings.Path);
        return await write.CreateAsync(run, new NewUserTerms(
            IsActive: !stage.Setting(UserWriteSettings.Inactive),
            group,
            Path: path.Length > 0 ? path : "users",
            stage.Setting(UserWriteSettings.UserType) switch
            {
                "internal" => UserType.Internal,
                "service_account" => UserType.ServiceAccount,
                _ => UserType.External,
            }), cancellationToken);
    }

    private Task<WriteUserResult> ChangeAsync(FlowRun run, CancellationToken cancellationToken) => run.PendingUserId is { } id && run.IsProven
        ? write.ChangeAsync(run, id, cancellationToken)
        : Task.FromResult<WriteUserResult>(new WriteUserResult.Refused("Start again: it is not known whose account this is.", "a write stage, but nobody has proved who they are"));

    // From here on the run is about this user, who has just chosen their password or was made here.
    private StageStep Take(FlowRun run, User user)
    {
        LogWritten(user.Id);
        var state = run.State;
        if (state.NewPasswordHash is not null)
        {
            if (!state.Amr.Contains("pwd"))
            {
                state.Amr.Add("pwd");
            }

            ForgetGuesses(run, user);
        }

        state.UserId = user.Id;
        state.Identifier = user.Username;
        state.PasswordMark = PasswordProof.MarkOf(user.PasswordHash);
        state.NewPasswordHash = null;
        state.Data = [];
        state.Fixed = [];
        state.InvitationId = null;
        if (run.Browser is { } browser && browser.User.Id == user.Id)
        {
            run.Browser = browser with { User = user };
        }

        return StageAnswers.Pass;
    }

    // Who forgot their password has guessed at it before they asked for a new one, which must work at once.
    // Not by their address: it may be written as somebody else's, whose guesses are still counted.
    private void ForgetGuesses(FlowRun run, User user)
    {
        var address = ClientAddress.Of(run.Http);
        foreach (var name in (string?[])[run.State.Identifier, user.Username])
        {
            if (!string.IsNullOrEmpty(name))
            {
                guesses.Forget(Guess.Of(name, address));
            }
        }
    }

    [LoggerMessage(EventId = 2240, Level = LogLevel.Information, Message = "User {UserId} was written by a flow")]
    private partial void LogWritten(int userId);
}
