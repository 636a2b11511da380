using Gatehouse.Model.Hosts;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn.Approvals;

/// <summary>Takes requests for approval, and tells those who may answer by mail. The link in it is sealed for one approver: their mailbox is their proof.</summary>
internal sealed partial class ApprovalDesk(IApprovals approvals, IMailSender mail, SealedStates states, PublicUrls urls, TimeProvider clock, ILogger<ApprovalDesk> logger)
{
    private const int MostApprovers = 50;
    private static readonly TimeSpan RequestLife = TimeSpan.FromHours(24);

    /// <summary>Whether approvers can be told.</summary>
    public bool CanAsk => mail.IsSetUp;

    /// <summary>Those who may approve, <paramref name="requester"/> left out: nobody lets themselves in.</summary>
    public static IReadOnlyList<string> Approvers(ApprovalGroup group, RuleScope scope, string requester) =>
    [
        .. group.Emails
            .Concat(group.EmailListId is { } id && scope.Lists.TryGetValue(id, out var list) ? list.Emails ?? [] : [])
            .Distinct(StringComparer.Ordinal)
            .Where(e => e != requester),
    ];

    /// <summary>Whether each group has given as many approvals as it needs.</summary>
    public static bool IsEnough(CompiledPolicy policy, RuleScope scope, string requester, IReadOnlyList<Approval> given) =>
        policy.ApprovalGroups.All(g => Approvers(g, scope, requester) is var approvers && given.Count(a => approvers.Contains(a.Email)) >= g.Needed);

    /// <summary>The person's request as it stands; the first time it is made, and approvers are told.</summary>
    public async Task<ApprovalRequest> FindOrAskAsync(AccessTable table, Way way, string email, string purpose, CancellationToken cancellationToken)
    {
        if (await approvals.FindAsync(way.App.App.Id, way.By.Id, email, cancellationToken) is { } known)
        {
            return known;
        }

        var now = clock.GetUtcNow();
        var request = new ApprovalRequest
        {
            Id = Guid.CreateVersion7(now),
            AppId = way.App.App.Id,
            PolicyId = way.By.Id,
            Email = email,
            Purpose = purpose,
            CreatedAt = now,
            ExpiresAt = now + RequestLife,
        };
        if (await approvals.FindOrAddAsync(request, cancellationToken) is { } other)
        {
            return other; // another visit was first, and has told them
        }

        await TellAsync(table, way, request, CancellationToken.None); // it is asked for by now, whether the browser waits or not
        return request;
    }

    private async Task TellAsync(AccessTable table, Way way, ApprovalRequest request, CancellationToken cancellationToken)
    {
        var approvers = way.By.ApprovalGroups.SelectMany(g => Approvers(g, way.App.Scope, request.Email)).Distinct(StringComparer.Ordinal).Take(MostApprovers).ToList();
        if (!mail.IsSetUp || approvers.Count == 0)
        {
            LogNobodyTold(request.Id, approvers.Count);
            return;
        }

        foreach (var (approver, result) in approvers.Zip(await Task.WhenAll(approvers.Select(a => mail.SendAsync(Compose(table, way, request, a), cancellationToken)))))
        {
            if (result is MailResult.Failed failed)
            {
                LogNotTold(request.Id, approver, failed.Reason);
            }
        }
    }

    private Mail Compose(AccessTable table, Way way, ApprovalRequest request, string approver)
    {
        var state = states.Seal(new ApproverState { RequestId = request.Id, Approver = approver, ExpiresAt = request.ExpiresAt });
        return ApprovalMail.Compose(approver, request.Email, way.App.App.Name, request.Purpose, table.Organization.Name, $"{urls.Access}/cdn-cgi/access/approve?state={state}");
    }

    [LoggerMessage(EventId = 3230, Level = LogLevel.Warning, Message = "Nobody was told of approval request {Id}: mail is not set up, or its policy has no approver besides who asks ({Approvers})")]
    private partial void LogNobodyTold(Guid id, int approvers);

    [LoggerMessage(EventId = 3231, Level = LogLevel.Warning, Message = "Approver {Approver} could not be told of request {Id}: {Reason}")]
    private partial void LogNotTold(Guid id, string approver, string reason);
}
