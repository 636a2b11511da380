using System.Text;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Settings;
using Gatehouse.Store.Connections;
using Gatehouse.Store.Secrets;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Start;

/// <summary>Makes sure that the root key is the one the database was sealed with. A new key is made only for a database that has never been sealed.</summary>
internal sealed class KeyCheck(IDbContextFactory<GatehouseDb> databases, DatabaseTarget target, RootKey root, ISecretBox box)
{
    private const string CanaryText = "gatehouse root key canary";

    /// <summary>Checks the key; makes it, and the canary, on a first start.</summary>
    /// <exception cref="StoreFaultException">The key is missing, malformed, open to others, or another one.</exception>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await IsSealedAsync(db, cancellationToken))
        {
            return;
        }

        await using var transaction = await Transactions.BeginAloneAsync(db, cancellationToken);
        if (await IsSealedAsync(db, cancellationToken))
        {
            return; // another node was first
        }

        // The key is on disk before anything sealed with it is.
        _ = root.Read() ?? root.Create();
        db.SealedSecrets.Add(new SealedSecret { Name = SettingNames.Canary, Sealed = box.Seal(Encoding.UTF8.GetBytes(CanaryText), SecretPurposes.Canary) });
        db.Settings.Add(new Setting { Name = SettingNames.RootKeyFingerprint, Value = Fingerprint() });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Checks the key; makes nothing.</summary>
    /// <exception cref="StoreFaultException">The key is missing, malformed, open to others, or another one; or the database was never started.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (!await IsSealedAsync(db, cancellationToken))
        {
            throw new StoreFaultException($"The database {target.ShownAs} is empty. 'gatehouse up' sets it up.");
        }
    }

    // False: nothing was ever sealed. True: sealed with our key. Anything else is a fault.
    private async Task<bool> IsSealedAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var canary = await db.SealedSecrets.AsNoTracking().FirstOrDefaultAsync(s => s.Name == SettingNames.Canary, cancellationToken);
        if (canary is null)
        {
            return false;
        }

        if (root.Read() is null)
        {
            throw new StoreFaultException(
                $"The root key is missing: {root.File} does not exist and {RootKey.Variable} is not set, but the secrets in {target.ShownAs} are sealed with key {await SealedWithAsync(db, cancellationToken)}. "
                + "Bring the file back from a backup or from another node, or set the variable to its content. Without that key the sealed secrets are lost.");
        }

        return box.Open(canary.Sealed, SecretPurposes.Canary) is not null
            ? true
            : throw new StoreFaultException(
                $"The root key is another one: {root.ShownAs} holds key {Fingerprint()}, but the secrets in {target.ShownAs} are sealed with key {await SealedWithAsync(db, cancellationToken)}. "
                + "Use the key and the database that belong together. Nothing was changed.");
    }

    private static async Task<string> SealedWithAsync(GatehouseDb db, CancellationToken cancellationToken) =>
        await db.SettingAsync(SettingNames.RootKeyFingerprint, cancellationToken) ?? "unknown";

    // 32 bits of a derived key: enough to tell keys apart, useless to find one.
    private string Fingerprint() => Convert.ToHexStringLower(box.DeriveKey("gatehouse key fingerprint").AsSpan(0, 4));
}
