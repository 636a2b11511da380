using Gatehouse.Model.Flows;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Stages;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>Where other flows are that a page leads to: enrolment, recovery, sign-in without a password.</summary>
internal sealed class FlowPlaces(GatehouseDb db, IMailSender mail)
{
    /// <summary>The page of a flow, with <c>next</c> going along; null when there is none.</summary>
    public async Task<string?> UrlAsync(FlowRun run, Guid? flowId, CancellationToken cancellationToken) =>
        flowId is { } id && await db.Flows.Where(f => f.Id == id).Select(f => f.Slug).SingleOrDefaultAsync(cancellationToken) is { } slug
            ? $"/if/flow/{slug}/" + (run.Query.Next is { } next ? $"?next={Uri.EscapeDataString(next)}" : "")
            : null;

    /// <summary>Where a forgotten password is set anew; null when there is no such flow, or when it would send mail that nobody can send.</summary>
    public async Task<string?> RecoveryAsync(FlowRun run, Stage identification, CancellationToken cancellationToken)
    {
        if (identification.Setting(IdentificationSettings.RecoveryFlow) is not { } id)
        {
            return null;
        }

        if (!mail.IsSetUp)
        {
            var stages = await db.FlowStageBindings.Where(b => b.FlowId == id && b.Stage!.Type == StageType.Email).Select(b => b.Stage).ToListAsync(cancellationToken); // translated to SQL
            if (stages.OfType<Stage>().Any(s => s.Setting(EmailSettings.UseGlobal)))
            {
                return null;
            }
        }

        return await UrlAsync(run, id, cancellationToken);
    }

    /// <summary>The same, as the flow's own identification stage has it.</summary>
    public async Task<string?> RecoveryAsync(FlowRun run, CancellationToken cancellationToken) =>
        run.Flow.Bindings.Select(b => b.Stage).OfType<Stage>().FirstOrDefault(s => s.Type == StageType.Identification) is { } identification
            ? await RecoveryAsync(run, identification, cancellationToken)
            : null;
}
