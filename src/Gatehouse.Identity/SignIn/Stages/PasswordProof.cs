using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Checks somebody's password, and keeps its hash at today's cost.</summary>
internal sealed class PasswordProof(GatehouseDb db, Passwords passwords)
{
    /// <summary>Whether <paramref name="password"/> is the user's. Null is nobody, and takes as long.</summary>
    public async Task<PasswordCheck> CheckAsync(int? userId, string password, CancellationToken cancellationToken)
    {
        var kept = await db.Users.Where(u => u.Id == userId).Select(u => u.PasswordHash).SingleOrDefaultAsync(cancellationToken);
        var check = await passwords.CheckAsync(password, kept, cancellationToken);
        if (check == PasswordCheck.Right && PasswordHash.IsOutdated(kept ?? "") && await passwords.HashAsync(password, cancellationToken) is { } made)
        {
            // Unless it was changed in the meantime; the version stays, since nothing changed for anybody.
            await db.Users.Where(u => u.Id == userId && u.PasswordHash == kept)
                .ExecuteUpdateAsync(u => u.SetProperty(x => x.PasswordHash, made), cancellationToken);
        }

        return check;
    }
}
