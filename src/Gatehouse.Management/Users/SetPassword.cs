using Gatehouse.Management.Writes;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Users.User>;

namespace Gatehouse.Management.Users;

/// <summary>Gives a user a new password and ends what was opened with the old one.</summary>
internal sealed class SetPassword(GatehouseDb db, Writer writer, EndUserSessions endSessions, TimeProvider clock)
{
    /// <summary>Bounds the work of hashing.</summary>
    public const int Longest = 1024;

    public async Task<Result> RunAsync(int userId, string password, CancellationToken cancellationToken)
    {
        if (password.Length is 0 or > Longest)
        {
            return new Result.Refused([new Fault("password", $"A password has 1 to {Longest} characters.")]);
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

                user.PasswordHash = hash;
                user.PasswordChangedAt = user.UpdatedAt = clock.GetUtcNow();
                await endSessions.PrepareAsync(userId, cancellationToken);
                return new Result.Done(user);
            },
            cancellationToken);
    }
}
