using Gatehouse.Model.Bindings;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Bindings;

/// <summary>Keeps the passwords that a user had, for the policy against using them again.</summary>
public static class PasswordPast
{
    /// <summary>How many are kept of a user.</summary>
    public const int Most = 10;

    /// <summary>Notes that <paramref name="replaced"/> is no longer the password; saved with the caller's change. The oldest go.</summary>
    public static async Task KeepAsync(GatehouseDb db, int userId, string? replaced, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (replaced is null)
        {
            return;
        }

        var kept = await db.PastPasswords.Where(p => p.UserId == userId).OrderByDescending(p => p.ReplacedAt).ToListAsync(cancellationToken);
        db.PastPasswords.RemoveRange(kept.Skip(Most - 1));
        db.PastPasswords.Add(new PastPassword { Id = Guid.CreateVersion7(now), UserId = userId, Hash = replaced, ReplacedAt = now });
    }
}
