using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Users.User>;

namespace Gatehouse.Management.Users;

/// <summary>Gives a user a new password and ends what was opened with the old one.</summary>
internal sealed class SetPassword(GatehouseDb db, Writer writer, EndUserSessions endSessions, IPasswordRules rules, TimeProvider clock)
{
    /// <summary>Bounds the work of hashing.</summary>
    public const int Longest = 1024;

    public async Task<Result> RunAsync(int userId, string password, CancellationToken cancellationToken)
    {
        if (password.Length is 0 or > Longest)
        {
            return new Result.Refused([new Fault("password", $"A password has 1 to {Longest} characters.")]);
        }

        if (await rules.FaultsAsync(new NewPassword(password) { UserId = userId }, cancellationToken) is { Count: > 0 } broken)
        {
            return new Result.Refused([.. broken.Select(b => new Fault("password", b))]);
        }

        var hash = PasswordHash.Make(password); // slow on purpose: before the turn is taken
        return await writer.RunAsync<User>(
            Topic.Identity,
            async () =>
            {
                if (await db.Users.SingleOrDefaultAsync(u => u.Id == userId, cancellationToken) is not { } user)
                {
                    return new Result.Missing();
                }

                await PasswordPast.KeepAsync(db, userId, user.PasswordHash, clock.GetUtcNow(), cancellationToken);
                user.PasswordHash = hash;
                user.PasswordChangedAt = user.UpdatedAt = clock.GetUtcNow();
                await endSessions.PrepareAsync(userId, cancellationToken);
                return new Result.Done(user);
            },
            cancellationToken);
    }
}
