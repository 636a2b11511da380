using Gatehouse.Management.Policies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Settings.Organization>;

namespace Gatehouse.Management.Settings;

/// <summary>What a caller says about the organization. Absent fields stay as they are.</summary>
internal sealed class OrganizationFields
{
    public Maybe<string> Name { get; init; }

    public Maybe<TimeSpan> SessionDuration { get; init; }

    public Maybe<bool> DenyUnmatchedRequests { get; init; }

    public Maybe<bool> StrictServiceTokens { get; init; }

    public Maybe<bool> AutoRedirectToIdentity { get; init; }

    public Maybe<TimeSpan> DecisionRetention { get; init; }

    public Maybe<Guid?> IdentityDeniedPage { get; init; }

    public Maybe<Guid?> ForbiddenPage { get; init; }

    public Maybe<string> LoginHeader { get; init; }

    public Maybe<string> LoginFooter { get; init; }

    public Maybe<string?> LoginBackground { get; init; }

    public Maybe<string?> LoginTextColor { get; init; }

    public Maybe<string?> LoginLogo { get; init; }

    public Maybe<OrganizationMfa?> Mfa { get; init; }

    public Maybe<bool> MfaRequiredForAllApps { get; init; }
}

/// <summary>Reads and changes the settings of the Access tenant.</summary>
internal sealed class SaveOrganization(GatehouseDb db, Writer writer, TimeProvider clock)
{
    private static readonly TimeSpan ShortestSession = TimeSpan.FromMinutes(15);

    /// <summary>The settings; null before the first start was finished.</summary>
    public Task<Organization?> FindAsync(CancellationToken cancellationToken) => db.Organizations.AsNoTracking().SingleOrDefaultAsync(cancellationToken);

    public Task<Result> UpdateAsync(OrganizationFields fields, CancellationToken cancellationToken) => writer.RunAsync<Organization>(
        Topic.Access,
        async () =>
        {
            if (await db.Organizations.SingleOrDefaultAsync(cancellationToken) is not { } organization)
            {
                return new Result.Missing();
            }

            if (fields.SessionDuration.Is(out var duration) && (duration < ShortestSession || duration > PolicyDraft.LongestSession))
            {
                return new Result.Refused([new Fault("session_duration", "session duration must be between 15m and 744h")]);
            }

            if (fields.DecisionRetention.Is(out var retention) && (retention < TimeSpan.FromDays(1) || retention > TimeSpan.FromDays(400)))
            {
                return new Result.Refused([new Fault("access_log_retention", "access_log_retention must be between 24h and 9600h")]);
            }

            if (await PageFaultAsync(fields, cancellationToken) is { } fault)
            {
                return new Result.Refused([fault]);
            }

            if (await MfaFaultAsync(fields, organization, cancellationToken) is { } factor)
            {
                return new Result.Refused([factor]);
            }

            organization.Mfa = fields.Mfa.Or(organization.Mfa);
            organization.MfaRequiredForAllApps = fields.MfaRequiredForAllApps.Or(organization.MfaRequiredForAllApps);
            organization.AutoRedirectToIdentity = fields.AutoRedirectToIdentity.Or(organization.AutoRedirectToIdentity);
            organization.DecisionRetention = fields.DecisionRetention.Or(organization.DecisionRetention);
            organization.IdentityDeniedPage = fields.IdentityDeniedPage.Or(organization.IdentityDeniedPage);
            organization.ForbiddenPage = fields.ForbiddenPage.Or(organization.ForbiddenPage);
            organization.LoginHeader = fields.LoginHeader.Or(organization.LoginHeader);
            organization.LoginFooter = fields.LoginFooter.Or(organization.LoginFooter);
            organization.LoginBackground = fields.LoginBackground.Or(organization.LoginBackground);
            organization.LoginTextColor = fields.LoginTextColor.Or(organization.LoginTextColor);
            organization.LoginLogo = fields.LoginLogo.Or(organization.LoginLogo);
            organization.Name = fields.Name.Or(organization.Name);
            organization.SessionDuration = fields.SessionDuration.Or(organization.SessionDuration);
            organization.DenyUnmatchedRequests = fields.DenyUnmatchedRequests.Or(organization.DenyUnmatchedRequests);
            organization.StrictServiceTokens = fields.StrictServiceTokens.Or(organization.StrictServiceTokens);
            organization.UpdatedAt = clock.GetUtcNow();
            return new Result.Done(organization);
        },
        cancellationToken);

    // What apps and policies ask for must go on to be had, or nobody could enter them.
    private async Task<Fault?> MfaFaultAsync(OrganizationFields fields, Organization organization, CancellationToken cancellationToken)
    {
        var factors = fields.Mfa.Or(organization.Mfa)?.Allowed ?? MfaMethods.None;
        if (fields.MfaRequiredForAllApps.Or(organization.MfaRequiredForAllApps) && factors == MfaMethods.None)
        {
            return new Fault("mfa_required_for_all_apps", "mfa_required_for_all_apps needs at least one of mfa_config.allowed_authenticators");
        }

        if (!fields.Mfa.Is(out _))
        {
            return null;
        }

        var apps = await db.Apps.AsNoTracking().Where(a => a.Mfa != null).Select(a => new { a.Name, a.Mfa }).ToListAsync(cancellationToken);
        var policies = await db.Policies.AsNoTracking().Where(p => p.Mfa != null).Select(p => new { p.Name, p.Mfa }).ToListAsync(cancellationToken);
        return apps.Find(a => RuleBook.MfaFault(a.Mfa, factors) is not null) is { } app ? new Fault("mfa_config", $"application '{app.Name}' asks for a second factor that this takes away; change its mfa_config first")
            : policies.Find(p => RuleBook.MfaFault(p.Mfa, factors) is not null) is { } policy ? new Fault("mfa_config", $"policy '{policy.Name}' asks for a second factor that this takes away; change its mfa_config first")
            : null;
    }

    private async Task<Fault?> PageFaultAsync(OrganizationFields fields, CancellationToken cancellationToken)
    {
        foreach (var (wanted, kind, name) in ((Guid?, CustomPageKind, string)[])[(fields.IdentityDeniedPage.Or(null), CustomPageKind.IdentityDenied, "identity_denied"), (fields.ForbiddenPage.Or(null), CustomPageKind.Forbidden, "forbidden")])
        {
            if (wanted is { } id && !await db.CustomPages.AnyAsync(p => p.Id == id && p.Kind == kind, cancellationToken))
            {
                return new Fault("custom_pages." + name, $"there is no custom page {id} of type {name}");
            }
        }

        return null;
    }
}
