using Gatehouse.Model.Settings;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Maps;

/// <summary>How settings of the installation are kept.</summary>
internal static class SettingMaps
{
    public static void Apply(ModelBuilder model)
    {
        model.Entity<Organization>(organization =>
        {
            organization.ToTable("organizations");
            organization.Property(o => o.Mfa).AsJson();
            organization.Property(o => o.Version).IsConcurrencyToken();
        });
        model.Entity<Setting>().ToTable("settings").HasKey(s => s.Name);
        model.Entity<SealedSecret>().ToTable("sealed_secrets").HasKey(s => s.Name);
        model.Entity<Revision>().ToTable("revisions").HasKey(r => r.Topic);
    }
}
