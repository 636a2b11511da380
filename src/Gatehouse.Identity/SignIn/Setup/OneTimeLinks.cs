using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Events;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Gatehouse.Store.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Setup;

/// <summary>Links that let one person in once: the first administrator, or whoever recovers from the machine itself.</summary>
public sealed class OneTimeLinks(IDbContextFactory<GatehouseDb> databases, PublicUrls urls, TimeProvider clock)
{
    /// <summary>Purpose of the link for the first administrator. Refused for ever once set-up is done.</summary>
    public const string Setup = "setup";

    /// <summary>Purpose of a link that sets a new password.</summary>
    public const string Recovery = "recovery";

    /// <summary>How long links last unless somebody has a reason.</summary>
    public static readonly TimeSpan DefaultLife = TimeSpan.FromMinutes(30);

    private const int TokenLength = 64;

    /// <summary>Makes a link and returns its URL. Only the hash of its token is kept.</summary>
    /// <param name="purpose"><see cref="Setup"/> or <see cref="Recovery"/>.</param>
    public async Task<string> CreateAsync(string purpose, int userId, TimeSpan life, CancellationToken cancellationToken)
    {
        if (purpose is not (Setup or Recovery))
        {
            throw new ArgumentException($"'{purpose}' is no purpose of a link", nameof(purpose));
        }

        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenLength / 2));
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        db.OneTimeLinks.Add(new OneTimeLink { Hash = Hash(token), Purpose = purpose, UserId = userId, ExpiresAt = clock.GetUtcNow() + life });
        await db.SaveChangesAsync(cancellationToken);
        return $"{urls.Identity}/setup/{token}";
    }

    /// <summary>The link of this token and its user, or null when it can't be used (any more).</summary>
    internal async Task<UsableLink?> FindAsync(string token, CancellationToken cancellationToken)
    {
        if (token.Length != TokenLength)
        {
            return null;
        }

        var now = clock.GetUtcNow();
        var hash = Hash(token);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var found = await (
            from link in db.OneTimeLinks.AsNoTracking()
            join user in db.Users.AsNoTracking() on link.UserId equals user.Id
            where link.Hash == hash && link.UsedAt == null && link.ExpiresAt > now && user.IsActive
            select new { link, user }).SingleOrDefaultAsync(cancellationToken);
        return found is null || (found.link.Purpose == Setup && await SetupState.IsDoneAsync(db, cancellationToken))
            ? null
            : new UsableLink(found.link, found.user);
    }

    /// <summary>
    /// Uses the link up, gives its user the password, and ends their sessions and other links, in one transaction.
    /// The user as they are now; null for all callers but the first.
    /// </summary>
    /// <param name="email">Canonical address; null leaves the user's as it is.</param>
    /// <param name="eventOf">The event that is saved with it.</param>
    internal async Task<User?> TryRedeemAsync(UsableLink usable, string? email, string passwordHash, Func<User, Event> eventOf, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // The user's row first, as sign-in does: whoever holds it has the user's sessions and links to themselves.
        var users = db.Users.Where(u => u.Id == usable.User.Id && u.IsActive);
        var before = await users.Select(u => u.PasswordHash).SingleOrDefaultAsync(cancellationToken);
        var changed = await users.ExecuteUpdateAsync(
            u => u.SetProperty(x => x.PasswordHash, passwordHash)
                .SetProperty(x => x.PasswordChangedAt, now)
                .SetProperty(x => x.UpdatedAt, now)
                .SetProperty(x => x.Email, x => email ?? x.Email)
                .SetProperty(x => x.IsEmailUnproven, x => email == null && x.IsEmailUnproven) // who sets the house up knows
                .SetProperty(x => x.Version, x => x.Version + 1),
            cancellationToken);
        if (changed != 1 || !await TryUseUpAsync(db, usable.Link, now, cancellationToken))
        {
            return null; // nothing is committed
        }

        await PasswordPast.KeepAsync(db, usable.User.Id, before, now, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await SessionEnd.RunForUserAsync(db, usable.User.Id, null, now, cancellationToken);
        var user = await users.AsNoTracking().SingleAsync(cancellationToken);
        db.Events.Add(eventOf(user));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return user;
    }

    // A link that somebody else may hold must not undo the new password.
    private static async Task<bool> TryUseUpAsync(GatehouseDb db, OneTimeLink link, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var unused = db.OneTimeLinks.Where(l => l.UserId == link.UserId && l.UsedAt == null);
        if (await unused.Where(l => l.Hash == link.Hash && l.ExpiresAt > now).ExecuteUpdateAsync(l => l.SetProperty(x => x.UsedAt, now), cancellationToken) != 1
            || (link.Purpose == Setup && !await SetupState.TryCloseAsync(db, cancellationToken)))
        {
            return false;
        }

        await unused.ExecuteUpdateAsync(l => l.SetProperty(x => x.UsedAt, now), cancellationToken);
        return true;
    }

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}

/// <summary>A link that could be used when it was looked at.</summary>
internal sealed record UsableLink(OneTimeLink Link, User User);

/// <summary>Whether the first administrator was set up. A row of its own: it must not depend on that user still being there.</summary>
internal static class SetupState
{
    /// <summary>Whether set-up is over.</summary>
    public static Task<bool> IsDoneAsync(GatehouseDb db, CancellationToken cancellationToken) =>
        db.Settings.AsNoTracking().AnyAsync(s => s.Name == SettingNames.SetupDone, cancellationToken);

    /// <summary>Ends set-up within the caller's transaction: true for one caller ever.</summary>
    public static async Task<bool> TryCloseAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        if (await IsDoneAsync(db, cancellationToken))
        {
            return false;
        }

        db.Settings.Add(new Setting { Name = SettingNames.SetupDone, Value = "true" });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException fault) when (UniqueViolation.Is(fault))
        {
            db.ChangeTracker.Clear();
            return false; // another node was first; the caller rolls back
        }
    }
}
