using Gatehouse.Model.Users;
using Gatehouse.Store;

namespace Gatehouse.Identity.SignIn.Users;

/// <summary>What to think of an address that its owner wrote.</summary>
internal static class OwnAddress
{
    /// <summary>Marks a changed address as unproven. One of who may do everything is not: they could set anybody's.</summary>
    public static async Task MarkAsync(GatehouseDb db, Superusers superusers, User user, CancellationToken cancellationToken)
    {
        if (db.Entry(user).Property(u => u.Email).IsModified)
        {
            user.IsEmailUnproven = user.Email.Length > 0 && !await superusers.HoldAsync(user.Id, cancellationToken);
        }
    }
}
