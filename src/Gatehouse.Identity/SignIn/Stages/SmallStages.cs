using System.Diagnostics;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Stages;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Ends a flow without success.</summary>
internal sealed class DenyStage : IStage
{
    /// <inheritdoc/>
    public StageType Type => StageType.Deny;

    /// <inheritdoc/>
    public bool ActsOnEntry => false;

    /// <inheritdoc/>
    public Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken)
    {
        var message = stage.Setting(DenySettings.Message);
        return Task.FromResult<StageStep>(new StageStep.Deny(message.Length > 0 ? message : "Access denied.", $"the stage {stage.Name} denies"));
    }

    /// <inheritdoc/>
    public Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken) =>
        EnterAsync(run, stage, cancellationToken);
}

/// <summary>Asks for a click; for trying flows.</summary>
internal sealed class DummyStage : IStage
{
    /// <inheritdoc/>
    public StageType Type => StageType.Dummy;

    /// <inheritdoc/>
    public bool ActsOnEntry => false;

    /// <inheritdoc/>
    public Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken) => Task.FromResult<StageStep>(new StageStep.Ask(
        stage.Setting(DummySettings.ThrowError) ? new FlowErrorChallenge(run.Http.TraceIdentifier) : new DummyChallenge(stage.Name)));

    /// <inheritdoc/>
    public Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken) =>
        Task.FromResult(asked is FlowErrorChallenge ? new StageStep.Ask(asked) : StageAnswers.Unnamed(asked, answer) ?? StageAnswers.Pass);
}

/// <summary>Leads to a URL, or on into another flow.</summary>
internal sealed class RedirectStage(GatehouseDb db, FlowPlans plans) : IStage
{
    /// <inheritdoc/>
    public StageType Type => StageType.Redirect;

    /// <inheritdoc/>
    public bool ActsOnEntry => true;

    /// <inheritdoc/>
    public async Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken)
    {
        if (stage.Setting(RedirectSettings.Mode) == "static")
        {
            var target = stage.Setting(RedirectSettings.Target);
            return target.Length > 0 ? new StageStep.Leave(target) : Nowhere(stage);
        }

        var id = stage.Setting(RedirectSettings.Flow);
        if (await db.Flows.AsNoTracking().Include(f => f.Bindings).SingleOrDefaultAsync(f => f.Id == id, cancellationToken) is not { } flow)
        {
            return Nowhere(stage);
        }

        var name = FlowPlans.IdOf(run.SessionKey, flow.Slug, run.Query.Raw);
        await plans.ForgetAsync(name, cancellationToken);
        if (stage.Setting(RedirectSettings.KeepContext))
        {
            run.State.Remaining = [.. flow.Bindings.OrderBy(b => b.Order).ThenBy(b => b.Id).Select(b => b.Id)];
            await plans.TrySaveAsync(name, run.State, null, cancellationToken);
        }

        return new StageStep.Leave($"/if/flow/{flow.Slug}/" + (run.Query.Raw.Length > 0 ? "?" + run.Query.Raw : ""));
    }

    /// <inheritdoc/>
    public Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken) =>
        throw new UnreachableException("a stage that leads on asks nothing");

    private static StageStep.Deny Nowhere(Stage stage) => new("This step leads nowhere. Ask your administrator.", $"the stage {stage.Name} has no target");
}
