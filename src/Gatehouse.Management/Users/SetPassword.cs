using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Users.User>;

namespace Gatehouse.Management.Users;

/// <summary>Gives a user a new password and ends what was opened with the old one.</summary>
internal sealed class SetPassword(GatehouseDb db, Writer writer, WriteEvents events, EndUserSessions endSessions, IPasswordRules rules, PasswordsAhead ahead, TimeProvider clock)
{
    /// <summary>Bounds the work of hashing.</summary>
    public const int Longest = 1024;

    /// <summary>Sets it. <paramref name="keptSession"/> is the browser session of whoever asks, which stays; null when they brought a token.</summary>
    public async Task<Result> RunAsync(int userId, string password, Guid? keptSession, CancellationToken cancellationToken)
    {
        if (password.Length is 0 or > Longest)
        {
            return new Result.Refused([new Fault("password", $"A password has 1 to {Longest} characters.")]);
        }

        if (await rules.FaultsAsync(new NewPassword(password) { UserId = userId }, cancellationToken) is { Count: > 0 } broken)
        {
            return new Result.Refused([.. broken.Select(b => new Fault("password", b))]);
        }

        return await SaveAsync(userId, ahead.Take(password), keptSession, cancellationToken); // slow on purpose: before the turn is taken
    }

    /// <summary>Takes over a hash from elsewhere: one of ours, or Django's PBKDF2. Rules for passwords can't be asked.</summary>
    public async Task<Result> TakeHashAsync(int userId, string hash, Guid? keptSession, CancellationToken cancellationToken) => PasswordHash.CanVerify(hash)
        ? await SaveAsync(userId, hash, keptSession, cancellationToken)
        : new Result.Refused([new Fault("password", "This hash can't be read; expected pbkdf2_sha256$iterations$salt$hash as Django writes it.")]);

    private Task<Result> SaveAsync(int userId, string hash, Guid? keptSession, CancellationToken cancellationToken) => writer.RunAsync<User>(
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
            await endSessions.PrepareAsync(userId, keptSession, cancellationToken);
            foreach (var link in await db.OneTimeLinks.Where(l => l.UserId == userId && l.UsedAt == null).ToListAsync(cancellationToken))
            {
                link.UsedAt = clock.GetUtcNow(); // one that was sent before must not undo it
            }

            events.Note(EventActions.PasswordSet, WriteEvents.About(user));
            return new Result.Done(user);
        },
        cancellationToken);
}
