using Gatehouse.Management.Writes;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Tokens;

/// <summary>Gives a user a bearer token of the APIs under a name, or a new key to one that they have.</summary>
internal sealed class IssueApiToken(GatehouseDb db)
{
    /// <summary>Prepares the change, to be saved with its cause. A token never changes its owner.</summary>
    public async Task<Fault?> PrepareAsync(string identifier, int userId, string keyHash, CancellationToken cancellationToken)
    {
        var token = await db.ApiTokens.SingleOrDefaultAsync(t => t.Identifier == identifier, cancellationToken);
        if (token is not null && (token.UserId != userId || token.Intent != TokenIntent.Api))
        {
            return new Fault("identifier", $"a token named '{identifier}' exists for another user or use");
        }

        if (await db.ApiTokens.AnyAsync(t => t.KeyHash == keyHash && t.Identifier != identifier, cancellationToken))
        {
            return new Fault("key", "another token has this key already");
        }

        if (token is null)
        {
            db.ApiTokens.Add(new ApiToken { Id = Guid.CreateVersion7(), Identifier = identifier, UserId = userId, Intent = TokenIntent.Api, KeyHash = keyHash });
        }
        else
        {
            token.KeyHash = keyHash;
            token.ExpiresAt = null;
        }

        return null;
    }
}
