using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Gatehouse.Store.Queues;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Proofs;

/// <summary>Remembers signed proofs in the database, so that none counts twice on any node or after a restart.</summary>
internal sealed class UsedProofs(GroupCommit commits)
{
    /// <summary>True for the first who shows it. <paramref name="key"/> tells signers apart: a <c>jti</c> is unique to one of them only.</summary>
    public async Task<bool> TryUseAsync(string kind, string key, string jti, DateTimeOffset freshUntil, CancellationToken cancellationToken)
    {
        var proof = new UsedProof { Hash = Digest.Of($"{kind}\n{key.Length}\n{key}{jti}"), ExpiresAt = freshUntil };
        try
        {
            return await commits.RunAsync(
                async (db, stopping) =>
                {
                    if (await db.UsedProofs.AnyAsync(p => p.Hash == proof.Hash, stopping) || db.UsedProofs.Local.Any(p => p.Hash == proof.Hash))
                    {
                        return false;
                    }

                    db.UsedProofs.Add(new UsedProof { Hash = proof.Hash, ExpiresAt = proof.ExpiresAt });
                    return true;
                },
                cancellationToken);
        }
        catch (DbUpdateException failure) when (UniqueViolation.Is(failure))
        {
            return false; // another node was first
        }
    }
}
