using System.Globalization;
using System.Security.Cryptography;
using Gatehouse.Model.Brands;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store.Connections;
using Gatehouse.Store.Secrets;
using Gatehouse.Store.Snapshots;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Seeds;

/// <summary>Lays what every installation begins with, once, and what later builds added to it. Rows that an administrator deletes later stay deleted.</summary>
internal sealed class FirstSeeds(IDbContextFactory<GatehouseDb> databases, ISecretBox box, TimeProvider clock)
{
    /// <summary>Name of the key pair that guides choose as signing key.</summary>
    public const string SigningKeyName = "authentik Self-signed Certificate";

    /// <summary>Group whose members may do everything.</summary>
    public const string AdminsGroup = "authentik Admins";

    /// <summary>The first administrator.</summary>
    public const string AdminUser = "akadmin";

    /// <summary>Lays the seeds in one transaction; one cheap query when they are there.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        switch (await VersionAsync(db, cancellationToken))
        {
            case >= LaterSeeds.Latest:
                return;
            case 0:
                await LayAsync(db, cancellationToken);
                return;
            default:
                await AddToAsync(db, cancellationToken);
                return;
        }
    }

    private async Task LayAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        // Both take their time: made at once, and before the lock.
        var access = Task.Run(() => SelfSignedKey.Make("Gatehouse Access", clock), cancellationToken);
        var identity = Task.Run(() => SelfSignedKey.Make(SigningKeyName, clock), cancellationToken);
        await Task.WhenAll(access, identity);

        await using var transaction = await Transactions.BeginAloneAsync(db, cancellationToken);
        if (await VersionAsync(db, cancellationToken) > 0)
        {
            return; // another node was first
        }

        AddAccess(db, await access);
        AddIdentity(db, await identity);
        db.Settings.Add(new Setting { Name = SettingNames.InstallId, Value = RandomId() });
        db.Settings.Add(new Setting { Name = SettingNames.Seeds, Value = LaterSeeds.Latest.ToString(CultureInfo.InvariantCulture) });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task AddToAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        await using var transaction = await Transactions.BeginAloneAsync(db, cancellationToken);
        var version = await VersionAsync(db, cancellationToken);
        await LaterSeeds.LayAsync(db, version, clock.GetUtcNow(), cancellationToken); // none when another node was first
        var recorded = await db.Settings.SingleAsync(s => s.Name == SettingNames.Seeds, cancellationToken);
        recorded.Value = LaterSeeds.Latest.ToString(CultureInfo.InvariantCulture);
        await db.SaveChangesAsync(cancellationToken);
        await Revisions.BumpAsync(db, Topic.Identity, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<int> VersionAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var laid = await db.SettingAsync(SettingNames.Seeds, cancellationToken);
        return laid is null ? 0 : int.Parse(laid, CultureInfo.InvariantCulture);
    }

    private static string RandomId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private void AddAccess(GatehouseDb db, SelfSignedKey key)
    {
        var now = clock.GetUtcNow();
        db.Organizations.Add(new Organization { Id = RandomId(), Name = "Gatehouse", CreatedAt = now, UpdatedAt = now });
        db.AccessKeys.Add(new AccessKey
        {
            Kid = key.Kid,
            CertificatePem = key.CertificatePem,
            SealedPrivateKey = box.Seal(key.PrivateKey, SecretPurposes.AccessKeyPrivateKey),
            CreatedAt = now,
        });
    }

    private void AddIdentity(GatehouseDb db, SelfSignedKey key)
    {
        var now = clock.GetUtcNow();
        db.KeyPairs.Add(new KeyPair
        {
            Id = Guid.CreateVersion7(now),
            Name = SigningKeyName,
            Kid = key.Kid,
            CertificatePem = key.CertificatePem,
            SealedPrivateKey = box.Seal(key.PrivateKey, SecretPurposes.KeyPairPrivateKey),
            CreatedAt = now,
        });
        var admins = new Group { Id = Guid.CreateVersion7(now), Number = 1, Name = AdminsGroup, IsSuperuser = true };
        db.Groups.Add(admins);
        db.Users.Add(new User
        {
            Uuid = Guid.CreateVersion7(now),
            Username = AdminUser,
            UsernameKey = AdminUser,
            Name = "authentik Default Admin",
            Email = "root@example.com",
            CreatedAt = now,
            UpdatedAt = now,
            Groups = [new GroupMember { GroupId = admins.Id, UserId = 0 }], // the user's key is filled in when it is made
        });
        NotificationSeeds.Add(db, now, admins.Id);
        ScopeSeeds.Add(db, now);
        FlowSeeds.Add(db, now);
        Guid? FlowId(string slug) => db.Flows.Local.First(f => f.Slug == slug).Id;
        db.Brands.Add(new Brand
        {
            Id = Guid.CreateVersion7(now),
            Domain = "authentik-default",
            IsDefault = true,
            AuthenticationFlowId = FlowId(FlowSeeds.Authentication),
            InvalidationFlowId = FlowId(FlowSeeds.Invalidation),
            RecoveryFlowId = FlowId(SelfServiceSeeds.Recovery),
            DeviceCodeFlowId = FlowId(FlowSeeds.DeviceCode),
            UserSettingsFlowId = FlowId(SelfServiceSeeds.UserSettings),
        });
        PolicySeeds.Add(db, now);
    }
}
