using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Flows;
using Gatehouse.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>What the executor answers.</summary>
internal abstract record FlowOutcome
{
    private FlowOutcome()
    {
    }

    /// <summary>A challenge.</summary>
    public sealed record Show(Challenge Challenge) : FlowOutcome;

    /// <summary>An answer was taken: ask for the next challenge.</summary>
    public sealed record Again : FlowOutcome;

    /// <summary>No such flow.</summary>
    public sealed record Unknown : FlowOutcome;

    /// <summary>Too much to do right now.</summary>
    public sealed record Busy : FlowOutcome;
}

/// <summary>Walks people through flows: enters stages until one asks, judges the answer, and goes on.</summary>
internal sealed partial class FlowExecutor(
    GatehouseDb db,
    FlowPlans plans,
    FlowAdmission admission,
    FlowPolicies policies,
    FlowFinish finish,
    FlowLinks links,
    BrowserSessions sessions,
    IEnumerable<IStage> stages,
    ILogger<FlowExecutor> logger)
{
    // prompt=consent asks even where the flow has no such stage (authentik injects one, too), or a policy has left it out.
    private static readonly Stage ForcedConsent =
        new() { Id = Guid.Empty, Name = "consent asked for by the client", Type = StageType.Consent, SettingsJson = """{"mode":"always_require"}""" };

    // A client that registered itself is asked about once, whatever the flow says.
    private static readonly Stage FirstConsent =
        new() { Id = Guid.Empty, Name = "consent to a client that registered itself", Type = StageType.Consent, SettingsJson = """{"mode":"permanent"}""" };

    // A brand may name any flow for device codes; one without the stage gets it (authentik adds it to each).
    private static readonly Guid AddedDeviceCode = new("00000000-0000-0000-0000-000000000001");
    private static readonly Stage DeviceCode = new() { Id = AddedDeviceCode, Name = "device code", Type = StageType.DeviceCode };

    /// <summary>Shows the current challenge, or judges <paramref name="answer"/> to it.</summary>
    public async Task<FlowOutcome> RunAsync(HttpContext http, string sessionKey, string slug, FlowQuery query, FlowAnswer? answer, CancellationToken cancellationToken)
    {
        if (await FindAsync(slug, cancellationToken) is not { } flow)
        {
            return new FlowOutcome.Unknown();
        }

        var browser = await sessions.FindAsync(http.Request, cancellationToken);
        var judged = await admission.JudgeAsync(http, flow, query, browser, cancellationToken);
        var run = await BeginAsync(http, flow, query, sessionKey, browser, judged, cancellationToken);
        switch (judged)
        {
            case Admission.Refused { Goes: { } elsewhere } left:
                LogDenied(flow.Slug, left.Reason);
                return new FlowOutcome.Show(new RedirectChallenge(elsewhere) { FlowInfo = FlowFinish.InfoOf(run) });
            case Admission.Refused refused:
                return Deny(run, new StageStep.Deny(refused.Message, refused.Reason));
            case Admission.Skipped:
                return new FlowOutcome.Show(await finish.ChallengeAsync(run, cancellationToken));
            case Admission.Admitted when run.IsBroken:
                return Deny(run, new StageStep.Deny("This link can't be used: it was used already, is too old, or was not copied whole.", "no such flow token, or used, or too old"));
            default:
                return answer is null ? await ShowAsync(run, cancellationToken) : await AnswerAsync(run, answer, cancellationToken);
        }
    }

    private async Task<FlowOutcome> ShowAsync(FlowRun run, CancellationToken cancellationToken)
    {
        var (_, step) = await WalkAsync(run, cancellationToken);
        return await IsOvertakenAsync(run, step, cancellationToken) ? new FlowOutcome.Again() : await EndAsync(run, step, cancellationToken);
    }

    private async Task<FlowOutcome> AnswerAsync(FlowRun run, FlowAnswer answer, CancellationToken cancellationToken)
    {
        var (stage, step) = await WalkAsync(run, cancellationToken);
        if (stage is null || step is not StageStep.Ask asked)
        {
            return await EndAsync(run, step, cancellationToken);
        }

        // What is asked has only just been made, so this can't be an answer to it.
        if (run.MustSave)
        {
            await plans.TrySaveAsync(run.PlanId, run.State, run.Version, cancellationToken);
            return new FlowOutcome.Again();
        }

        if (answer.Component is { } component && component != asked.Challenge.Component)
        {
            return await EndAsync(run, StageAnswers.Fault(asked.Challenge, "component", $"Expected {asked.Challenge.Component}.", "invalid"), cancellationToken);
        }

        var wrongBefore = run.State.WrongPasswords;
        var judged = await StageOf(stage).AnswerAsync(run, stage, asked.Challenge, answer, cancellationToken);
        if (judged is StageStep.Ask { Challenge.ResponseErrors: not null } && InvalidActionOf(run) is { } action && action != "retry")
        {
            return await RestartAsync(run, keepsContext: action == "restart_with_context", cancellationToken);
        }

        if (judged is not (StageStep.Pass or StageStep.Stay))
        {
            var isCounted = (run.State.WrongPasswords == wrongBefore && !run.MustSave) || judged is StageStep.Deny
                || await plans.TrySaveAsync(run.PlanId, run.State, run.Version, cancellationToken);
            return isCounted ? await EndAsync(run, judged, cancellationToken) : new FlowOutcome.Again();
        }

        if (judged is StageStep.Pass)
        {
            run.State.Pass();
        }

        var (next, after) = await WalkAsync(run, cancellationToken);
        if (next is null || after is not StageStep.Ask)
        {
            return await EndAsync(run, after, cancellationToken);
        }

        // Saved or overtaken by the same answer sent twice: either way the page asks what comes next.
        await plans.TrySaveAsync(run.PlanId, run.State, run.Version, cancellationToken);
        return new FlowOutcome.Again();
    }

    // A stage has begun something that its answer needs: kept, unless another look at the page was first.
    private async Task<bool> IsOvertakenAsync(FlowRun run, StageStep? step, CancellationToken cancellationToken) =>
        run.MustSave && step is StageStep.Ask && !await plans.TrySaveAsync(run.PlanId, run.State, run.Version, cancellationToken);

    /// <summary>Enters stages until one does not pass. Without a stage in the result the flow is at its end, or was overtaken (a step of null).</summary>
    private async Task<(Stage? Stage, StageStep? Step)> WalkAsync(FlowRun run, CancellationToken cancellationToken)
    {
        while (Next(run) is { } id)
        {
            var binding = run.Flow.Bindings.Find(b => b.Id == id);
            if (binding is not null && await policies.StageVerdictAsync(run, binding, cancellationToken) is { IsPassing: false } verdict)
            {
                if (verdict.HasFault)
                {
                    // A stage may be what protects the rest: it is left out on a no, never because a rule broke.
                    return (null, new StageStep.Deny("A rule of this step could not be checked. Ask your administrator.", "a policy of a stage faulted: " + string.Join("; ", verdict.Log)));
                }

                run.State.Remaining.RemoveAt(0);
                continue;
            }

            var stage = id == Guid.Empty ? (run.Authorization is { MustConsent: true } ? ForcedConsent : FirstConsent) : id == AddedDeviceCode ? DeviceCode : binding!.Stage!; // the others are bound, and loaded
            var kind = StageOf(stage);
            if (kind.ActsOn(run, stage) && !await TryTakeAsync(run, cancellationToken))
            {
                return (null, null);
            }

            var step = await kind.EnterAsync(run, stage, cancellationToken);
            if (step is not StageStep.Pass)
            {
                return (stage, step);
            }

            run.State.Pass();
        }

        return await TryTakeAsync(run, cancellationToken) ? (null, StageAnswers.Pass) : (null, null);
    }

    // Looked at last, when it is known which stages were left out: consent that has to be asked for is never lost with one of them.
    private static Guid? Next(FlowRun run)
    {
        if (run.State.Remaining.Count == 0 && run is { Authorization: { MustConsent: true } or { IsStranger: true }, State.HasConsented: false })
        {
            run.State.Remaining.Add(Guid.Empty);
        }

        return run.State.Remaining is [var id, ..] ? id : null;
    }

    private async Task<FlowOutcome> EndAsync(FlowRun run, StageStep? step, CancellationToken cancellationToken)
    {
        switch (step)
        {
            case null:
                return new FlowOutcome.Again();
            case StageStep.Busy:
                return new FlowOutcome.Busy();
            case StageStep.Ask asked:
                return new FlowOutcome.Show(asked.Challenge with { FlowInfo = FlowFinish.InfoOf(run) });
            case StageStep.Leave away:
                await plans.ForgetAsync(run.PlanId, cancellationToken);
                return new FlowOutcome.Show(new RedirectChallenge(away.To) { FlowInfo = FlowFinish.InfoOf(run) });
            case StageStep.Deny denied:
                await plans.ForgetAsync(run.PlanId, cancellationToken);
                return Deny(run, denied);
            // What somebody has proved here is no step of somebody else, in whose browser it was.
            case var _ when run is { Authorization: not null, State.UserId: { } id } && id != run.Browser?.User.Id:
                return Deny(run, new StageStep.Deny("Somebody else is signed in. Sign out first.", $"user {id} proved something in the browser of another user, on the way to an application"));
            default:
                return new FlowOutcome.Show(await finish.ChallengeAsync(run, cancellationToken));
        }
    }

    private static string? InvalidActionOf(FlowRun run) =>
        run.State.Remaining is [var id, ..] ? run.Flow.Bindings.Find(b => b.Id == id)?.InvalidResponseAction : null;

    private async Task<FlowOutcome> RestartAsync(FlowRun run, bool keepsContext, CancellationToken cancellationToken)
    {
        if (!keepsContext)
        {
            await plans.ForgetAsync(run.PlanId, cancellationToken);
            return new FlowOutcome.Again();
        }

        run.State.Remaining = await PlanAsync(run.Flow, run.Browser, cancellationToken);
        run.State.Passed = [];
        await plans.TrySaveAsync(run.PlanId, run.State, run.Version, cancellationToken);
        return new FlowOutcome.Again();
    }

    private FlowOutcome.Show Deny(FlowRun run, StageStep.Deny denied)
    {
        LogDenied(run.Flow.Slug, denied.Reason);
        return new FlowOutcome.Show(new AccessDeniedChallenge(run.PendingUser, StageAnswers.Avatar, denied.Message) { FlowInfo = FlowFinish.InfoOf(run) });
    }

    // Whoever takes the row out does what follows; the other of two equal answers finds it gone.
    private async Task<bool> TryTakeAsync(FlowRun run, CancellationToken cancellationToken)
    {
        if (run.Version is not { } version)
        {
            return true;
        }

        run.Version = null;
        return await plans.TryTakeAsync(run.PlanId, version, cancellationToken);
    }

    private IStage StageOf(Stage stage) => stages.First(s => s.Type == stage.Type);

    private Task<Flow?> FindAsync(string slug, CancellationToken cancellationToken) =>
        db.Flows.AsNoTracking().Include(f => f.Bindings).ThenInclude(b => b.Stage).SingleOrDefaultAsync(f => f.Slug == slug, cancellationToken);

    private async Task<FlowRun> BeginAsync(
        HttpContext http, Flow flow, FlowQuery query, string sessionKey, SignedInBrowser? browser, Admission judged, CancellationToken cancellationToken)
    {
        var authorization = (judged as Admission.Admitted)?.Authorization;
        var admitted = judged is Admission.Admitted;
        var found = await plans.FindAsync(FlowPlans.IdOf(sessionKey, flow.Slug, query.Raw), cancellationToken);

        // An administrator took a stage away in between: begin again rather than run half of each.
        var isWhole = found is not null && IsWhole(found.State, flow);
        List<Guid> plan = isWhole || !admitted ? [] : await PlanAsync(flow, browser, cancellationToken);
        var linked = !isWhole && admitted && query.FlowToken is { } token ? await links.RedeemAsync(flow, token, plan, cancellationToken) : null;
        return new FlowRun
        {
            MustSave = linked is not null,
            IsBroken = !isWhole && query.FlowToken is not null && linked is null,
            Http = http,
            Flow = flow,
            Query = query,
            SessionKey = sessionKey,
            Browser = browser,
            Authorization = authorization,
            State = isWhole ? found!.State : linked ?? new FlowState { Remaining = plan }, // isWhole: not null
            Version = found?.Version,
        };
    }

    private static bool IsWhole(FlowState state, Flow flow) =>
        state.Remaining.All(id => id == Guid.Empty || id == AddedDeviceCode || flow.Bindings.Any(b => b.Id == id));

    private async Task<List<Guid>> PlanAsync(Flow flow, SignedInBrowser? browser, CancellationToken cancellationToken)
    {
        var planned = (await policies.PlanAsync(flow, browser, cancellationToken)).ConvertAll(b => b.Id);
        if (flow.Designation == "stage_configuration" && !flow.Bindings.Any(b => b.Stage is { Type: StageType.DeviceCode })
            && await db.Brands.AnyAsync(b => b.DeviceCodeFlowId == flow.Id, cancellationToken))
        {
            planned.Add(AddedDeviceCode);
        }

        return planned;
    }

    [LoggerMessage(EventId = 2206, Level = LogLevel.Information, Message = "Flow {Flow} denied: {Reason}")]
    private partial void LogDenied(string flow, string reason);
}
