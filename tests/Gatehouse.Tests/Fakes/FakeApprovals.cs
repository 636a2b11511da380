using Gatehouse.Model.Policies;

namespace Gatehouse.Tests.Fakes;

/// <summary>Requests for approval in memory, with the promises of the real ones.</summary>
internal sealed class FakeApprovals(TimeProvider clock) : IApprovals
{
    public List<ApprovalRequest> All { get; } = [];

    public Task<ApprovalRequest?> FindAsync(Guid app, Guid policy, string email, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return Task.FromResult(All.Where(r => r.AppId == app && r.PolicyId == policy && r.Email == email && (r.ApprovedUntil ?? r.ExpiresAt) > now).MaxBy(r => r.CreatedAt));
    }

    public Task<ApprovalRequest?> FindWaitingAsync(Guid id, CancellationToken cancellationToken) =>
        Task.FromResult(All.Find(r => r.Id == id && r.RefusedBy is null && r.ApprovedUntil is null && r.ExpiresAt > clock.GetUtcNow()));

    public async Task<ApprovalRequest?> FindOrAddAsync(ApprovalRequest request, CancellationToken cancellationToken)
    {
        if (await FindAsync(request.AppId, request.PolicyId, request.Email, cancellationToken) is { } known)
        {
            return known;
        }

        All.Add(request);
        return null;
    }

    public async Task<ApprovalRequest?> AnswerAsync(Guid id, string approver, TimeSpan? life, Func<IReadOnlyList<Approval>, bool> isEnough, CancellationToken cancellationToken)
    {
        if (await FindWaitingAsync(id, cancellationToken) is not { } request)
        {
            return null;
        }

        if (life is not { } granted)
        {
            request.RefusedBy = approver;
            return request;
        }

        request.Approvals.Add(new Approval(approver, clock.GetUtcNow(), (long)granted.TotalSeconds));
        request.ApprovedUntil = isEnough(request.Approvals) ? clock.GetUtcNow() + granted : null;
        return request;
    }
}
