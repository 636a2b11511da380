using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Authenticators.WebAuthn;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Gatehouse.Store.Maps;

/// <summary>How people's authenticators are kept. All fall with their user.</summary>
internal static class AuthenticatorMaps
{
    public static void Apply(ModelBuilder model)
    {
        model.Entity<TotpDevice>(device =>
        {
            Share(device, "totp_devices");
            device.HasIndex(d => d.EnrolmentId).IsUnique();
        });
        model.Entity<StaticDevice>(device =>
        {
            Share(device, "static_devices");
            device.HasIndex(d => d.EnrolmentId).IsUnique();
            device.HasMany(d => d.Codes).WithOne().HasForeignKey(c => c.DeviceId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<StaticCode>().ToTable("static_codes").HasKey(c => new { c.DeviceId, c.Hash });
        model.Entity<WebAuthnDevice>(device =>
        {
            Share(device, "webauthn_devices");
            ShareCredential(device);
        });
        model.Entity<SpentChallenge>(spent =>
        {
            spent.ToTable("spent_challenges");
            spent.HasIndex(s => s.ExpiresAt);
        });
    }

    /// <summary>The authenticators of people whom Access knows.</summary>
    public static void ApplyAccess(ModelBuilder model)
    {
        model.Entity<AccessTotp>(app =>
        {
            ShareAccess(app, "access_totps");
            app.HasIndex(a => a.UserId).IsUnique();
        });
        model.Entity<AccessCredential>(credential =>
        {
            ShareAccess(credential, "access_credentials");
            ShareCredential(credential);
            credential.HasIndex(c => c.UserId);
        });
        model.Entity<RememberedProof>(proof =>
        {
            proof.ToTable("remembered_proofs").HasKey(p => new { p.DeviceHash, p.UserId, p.Method });
            proof.Property(p => p.DeviceHash).HasMaxLength(64);
            proof.HasIndex(p => p.At);
            proof.HasIndex(p => p.UserId);
            proof.HasIndex(p => p.AuthenticatorId);
            proof.HasOne<AccessUser>().WithMany().HasForeignKey(p => p.UserId).OnDelete(DeleteBehavior.Cascade);
        });
    }

    private static void ShareCredential<T>(EntityTypeBuilder<T> credential)
        where T : class, IWebAuthnCredential
    {
        credential.Property(nameof(IWebAuthnCredential.CredentialId)).HasMaxLength(1364); // 1,023 bytes
        credential.HasIndex(nameof(IWebAuthnCredential.CredentialId)).IsUnique();
        credential.Property<List<string>>(nameof(IWebAuthnCredential.Transports)).AsJson();
    }

    private static void ShareAccess<T>(EntityTypeBuilder<T> authenticator, string table)
        where T : AccessAuthenticator
    {
        authenticator.ToTable(table);
        authenticator.Property(a => a.Name).HasMaxLength(64);
        authenticator.HasOne<AccessUser>().WithMany().HasForeignKey(a => a.UserId).OnDelete(DeleteBehavior.Cascade);
    }

    private static void Share<T>(EntityTypeBuilder<T> device, string table)
        where T : Authenticator
    {
        device.ToTable(table);
        device.Property(d => d.Id).ValueGeneratedOnAdd();
        device.Property(d => d.Name).HasMaxLength(200);
        device.Property(d => d.Version).IsConcurrencyToken();
        device.HasIndex(d => d.UserId);
        device.HasOne<User>().WithMany().HasForeignKey(d => d.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
