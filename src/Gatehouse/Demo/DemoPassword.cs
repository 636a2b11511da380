using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Settings;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Demo;

/// <summary>The password of the demo's user: made once, kept sealed, printed at each start until somebody changes it.</summary>
internal sealed class DemoPassword(IDbContextFactory<GatehouseDb> databases, ISecretBox secrets)
{
    /// <summary>A new one: 72 random bits, without letters that look alike.</summary>
    public static string Make() => RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz23456789", 15);

    /// <summary>Keeps the password that <paramref name="user"/> has just been given.</summary>
    public async Task KeepAsync(string user, string password, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var hash = await HashOfAsync(db, user, cancellationToken);
        var kept = secrets.Seal(Encoding.UTF8.GetBytes($"{password}\n{hash}"), SecretPurposes.DemoPassword);
        var row = await db.SealedSecrets.FindAsync([SettingNames.DemoPassword], cancellationToken);
        if (row is null)
        {
            db.SealedSecrets.Add(new SealedSecret { Name = SettingNames.DemoPassword, Sealed = kept });
        }
        else
        {
            row.Sealed = kept;
        }

        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>The password, or null when <paramref name="user"/> has another one by now.</summary>
    public async Task<string?> RecallAsync(string user, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = await db.SealedSecrets.FindAsync([SettingNames.DemoPassword], cancellationToken);
        if (row is null || secrets.Open(row.Sealed, SecretPurposes.DemoPassword) is not { } plain)
        {
            return null;
        }

        var kept = Encoding.UTF8.GetString(plain).Split('\n');
        return kept.Length == 2 && kept[1] == await HashOfAsync(db, user, cancellationToken) ? kept[0] : null;
    }

    private static Task<string?> HashOfAsync(GatehouseDb db, string user, CancellationToken cancellationToken) =>
        db.Users.Where(u => u.UsernameKey == user).Select(u => u.PasswordHash).SingleOrDefaultAsync(cancellationToken);
}
