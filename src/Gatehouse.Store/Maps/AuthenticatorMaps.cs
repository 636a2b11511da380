using Gatehouse.Model.Authenticators;
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
            device.Property(d => d.CredentialId).HasMaxLength(1364); // 1,023 bytes
            device.HasIndex(d => d.CredentialId).IsUnique();
            device.Property(d => d.Transports).AsJson();
        });
        model.Entity<SpentChallenge>(spent =>
        {
            spent.ToTable("spent_challenges");
            spent.HasIndex(s => s.ExpiresAt);
        });
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
