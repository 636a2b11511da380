using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Mfa.Setup;

/// <summary>Adds an authenticator together with its event: once, however often its enrolment is finished at the same time.</summary>
internal sealed class NewDevices(GatehouseDb db, MfaEvents events)
{
    /// <summary>False when a unique index holds one already.</summary>
    public async Task<bool> TryAddAsync(FlowRun run, User user, Authenticator device, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        try
        {
            db.Add(device);
            await db.SaveChangesAsync(cancellationToken);
            db.Events.Add(events.Enrolled(run, user, device)); // which names it by its number
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException fault) when (UniqueViolation.Is(fault))
        {
            return false;
        }
        finally
        {
            db.ChangeTracker.Clear();
        }

        // Two sets of codes in two drawers: nobody remembers which is good.
        if (device is StaticDevice)
        {
            await db.StaticDevices.Where(d => d.UserId == user.Id && d.Id != device.Id).ExecuteDeleteAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        events.Written();
        return true;
    }
}
