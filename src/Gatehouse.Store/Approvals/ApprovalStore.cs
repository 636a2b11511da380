using Gatehouse.Model.Policies;
using Gatehouse.Store.Connections;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Approvals;

/// <summary>Keeps requests for approval in the database.</summary>
internal sealed class ApprovalStore(IDbContextFactory<GatehouseDb> databases, TimeProvider clock) : IApprovals
{
    private const int Attempts = 5;

    /// <inheritdoc/>
    public async Task<ApprovalRequest?> FindAsync(Guid app, Guid policy, string email, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await FindAsync(db, app, policy, email, cancellationToken);
    }

    private Task<ApprovalRequest?> FindAsync(GatehouseDb db, Guid app, Guid policy, string email, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return db.ApprovalRequests.AsNoTracking()
            .Where(r => r.Email == email && r.AppId == app && r.PolicyId == policy && (r.ApprovedUntil == null ? r.ExpiresAt > now : r.ApprovedUntil > now))
            .OrderByDescending(r => r.CreatedAt)
            .FirstOrDefaultAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<ApprovalRequest?> FindWaitingAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await Waiting(db, id).AsNoTracking().FirstOrDefaultAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<ApprovalRequest?> FindOrAddAsync(ApprovalRequest request, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);

        // Alone: a browser opens several pages of an app at once, and approvers are to be asked once.
        await using var transaction = await Transactions.BeginAloneAsync(db, cancellationToken);
        if (await FindAsync(db, request.AppId, request.PolicyId, request.Email, cancellationToken) is { } known)
        {
            return known;
        }

        db.ApprovalRequests.Add(request);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    /// <inheritdoc/>
    public async Task<ApprovalRequest?> AnswerAsync(Guid id, string approver, TimeSpan? life, Func<IReadOnlyList<Approval>, bool> isEnough, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            if (await Waiting(db, id).FirstOrDefaultAsync(cancellationToken) is not { } request)
            {
                return null;
            }

            Apply(request, approver, life, isEnough);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                return request;
            }
            catch (DbUpdateConcurrencyException)
            {
                // Another approver was first: the next round adds to theirs.
            }
        }

        return null;
    }

    private void Apply(ApprovalRequest request, string approver, TimeSpan? life, Func<IReadOnlyList<Approval>, bool> isEnough)
    {
        var now = clock.GetUtcNow();
        if (life is not { } granted)
        {
            request.RefusedBy = approver;
            return;
        }

        if (!request.Approvals.Exists(a => a.Email == approver))
        {
            request.Approvals = [.. request.Approvals, new Approval(approver, now, (long)granted.TotalSeconds)];
        }

        if (isEnough(request.Approvals))
        {
            request.ApprovedUntil = now + TimeSpan.FromSeconds(request.Approvals.Min(a => a.Seconds));
        }
    }

    private IQueryable<ApprovalRequest> Waiting(GatehouseDb db, Guid id)
    {
        var now = clock.GetUtcNow();
        return db.ApprovalRequests.Where(r => r.Id == id && r.RefusedBy == null && r.ApprovedUntil == null && r.ExpiresAt > now);
    }
}
