namespace Gatehouse.Model.Policies;

/// <summary>Keeps who asked to be let in for a time. Each method returns when its change is durable.</summary>
public interface IApprovals
{
    /// <summary>The newest request of <paramref name="email"/> that still counts: approved and not over, refused, or waiting. Null means that they have to ask.</summary>
    Task<ApprovalRequest?> FindAsync(Guid app, Guid policy, string email, CancellationToken cancellationToken);

    /// <summary>The request of this id while it can be answered; null otherwise.</summary>
    Task<ApprovalRequest?> FindWaitingAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Keeps a new request; null when it was kept. When the person has one that still counts, of a visit at the same time, the answer is that one, and nothing is kept.</summary>
    Task<ApprovalRequest?> FindOrAddAsync(ApprovalRequest request, CancellationToken cancellationToken);

    /// <summary>Adds an answer; each approver's first counts. The answer is the request as it is then, null when it can't be answered any more.</summary>
    /// <param name="life">How long it approves for; null refuses.</param>
    /// <param name="isEnough">Whether nobody else has to approve.</param>
    Task<ApprovalRequest?> AnswerAsync(Guid id, string approver, TimeSpan? life, Func<IReadOnlyList<Approval>, bool> isEnough, CancellationToken cancellationToken);
}
