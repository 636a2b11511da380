using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Flows;
using Gatehouse.Web.Http;

namespace Gatehouse.Identity.Oidc.Device;

/// <summary>Takes the code that a device shows, and leads on to the page that says which device it is and what it asks for.</summary>
internal sealed class DeviceCodeStage(DeviceRequests devices, Guesses guesses) : IStage
{
    private static readonly DeviceCodeChallenge Question = new();

    /// <inheritdoc/>
    public StageType Type => StageType.DeviceCode;

    /// <inheritdoc/>
    public bool ActsOnEntry => false;

    /// <inheritdoc/>
    public Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken) => run switch
    {
        { Browser: null } => Task.FromResult<StageStep>(new StageStep.Deny("Sign in first.", "a device code stage, but nobody is signed in")),
        { Query.DeviceCode: { } code } => JudgeAsync(run, code, cancellationToken),
        _ => Task.FromResult<StageStep>(new StageStep.Ask(Question)),
    };

    /// <inheritdoc/>
    public Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken) =>
        asked is not DeviceCodeChallenge ? Task.FromResult<StageStep>(new StageStep.Ask(asked)) // it leads on already
        : StageAnswers.Missing(asked, answer, "code") is { } missing ? Task.FromResult(missing)
        : JudgeAsync(run, answer.Text("code")!, cancellationToken); // not missing

    private async Task<StageStep> JudgeAsync(FlowRun run, string typed, CancellationToken cancellationToken)
    {
        var browser = run.Browser!; // seen by EnterAsync
        var address = ClientAddress.Of(run.Http);

        // Codes are short, so guesses get slow; a person who mistypes a few times does not notice.
        var guess = Guess.Of($"device code by user {browser.User.Uuid}", address);
        if (guesses.Begin(guess) is { } wait)
        {
            return StageAnswers.Fault(Question, "code", $"Too many wrong codes. Try again in {Math.Ceiling(wait.TotalSeconds)} seconds.", "throttled");
        }

        if (await devices.FindTypedAsync(typed, cancellationToken) is not { } device)
        {
            return StageAnswers.Fault(Question, "code", "This code is wrong, or has expired.", "invalid");
        }

        // No guess, but no pardon for the wrong ones before it either: codes of one's own are free.
        guesses.TakeBack(guess);
        var verdict = await devices.JudgeAsync(device, browser, run.Http, cancellationToken);
        if (!verdict.IsPassing)
        {
            return new StageStep.Deny(
                verdict.Messages.Count > 0 ? string.Join(' ', verdict.Messages) : $"You may not use {device.Application.Name}.", "the application's policies deny the user");
        }

        return await devices.ConsentPageAsync(device, browser, cancellationToken) is { } page
            ? new StageStep.Ask(new RedirectChallenge(page))
            : new StageStep.Deny("This application is not set up completely.", "the provider's authorization flow does not exist");
    }
}
