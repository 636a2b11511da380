using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Mfa.Setup;

/// <summary>Adds a device once, however often its enrolment is finished at the same time.</summary>
internal static class NewRows
{
    /// <summary>False when a unique index holds one already.</summary>
    public static async Task<bool> TryAddAsync<T>(GatehouseDb db, T row, CancellationToken cancellationToken)
        where T : class
    {
        db.Add(row);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException fault) when (UniqueViolation.Is(fault))
        {
            return false;
        }
        finally
        {
            db.ChangeTracker.Clear();
        }
    }
}
