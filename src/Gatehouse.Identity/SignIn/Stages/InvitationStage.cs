using System.Text.Json;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Invitations;
using Gatehouse.Model.Stages;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Lets people with an invitation go on. Looks at its end itself; it is used up when the user is made, so a failed try burns none.</summary>
internal sealed class InvitationStage(GatehouseDb db, TimeProvider clock) : IStage
{
    /// <inheritdoc/>
    public StageType Type => StageType.Invitation;

    /// <inheritdoc/>
    public bool ActsOnEntry => false;

    /// <inheritdoc/>
    public async Task<StageStep> EnterAsync(FlowRun run, Stage stage, CancellationToken cancellationToken)
    {
        if (await FindAsync(run, cancellationToken) is { } invitation)
        {
            run.State.InvitationId = invitation.Id;
            run.State.Fixed = FixedBy(invitation);
            return StageAnswers.Pass;
        }

        return stage.Setting(InvitationSettings.ContinueWithout)
            ? StageAnswers.Pass
            : new StageStep.Deny("You need an invitation that is still good to go on here. Ask whoever sent it for a new one.", "no invitation, or it is used, expired or for another flow");
    }

    /// <inheritdoc/>
    public Task<StageStep> AnswerAsync(FlowRun run, Stage stage, Challenge asked, FlowAnswer answer, CancellationToken cancellationToken) =>
        EnterAsync(run, stage, cancellationToken);

    private async Task<Invitation?> FindAsync(FlowRun run, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(run.Query.InvitationToken, out var id))
        {
            return null;
        }

        var now = clock.GetUtcNow();
        return await db.Invitations.AsNoTracking().SingleOrDefaultAsync(
            i => i.Id == id && (i.ExpiresAt == null || i.ExpiresAt > now) && (i.FlowId == null || i.FlowId == run.Flow.Id), cancellationToken);
    }

    private static Dictionary<string, JsonElement> FixedBy(Invitation invitation)
    {
        using var document = JsonDocument.Parse(invitation.FixedDataJson);
        return document.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.Clone(), StringComparer.Ordinal);
    }
}
