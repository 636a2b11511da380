using Gatehouse.Model.Dns;
using Gatehouse.Model.Tunnels;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Maps;

/// <summary>How tunnels and DNS records are kept.</summary>
internal static class TunnelMaps
{
    public static void Apply(ModelBuilder model)
    {
        model.Entity<Tunnel>(tunnel =>
        {
            tunnel.ToTable("tunnels");
            tunnel.Property(t => t.Name).HasMaxLength(Tunnel.LongestName);
            tunnel.HasIndex(t => t.Name).IsUnique().HasFilter("\"DeletedAt\" IS NULL");
            tunnel.Property(t => t.Version).IsConcurrencyToken();
        });
        model.Entity<TunnelConfiguration>(configuration =>
        {
            configuration.ToTable("tunnel_configurations").HasKey(c => c.TunnelId);
            configuration.HasOne<Tunnel>().WithOne().HasForeignKey<TunnelConfiguration>(c => c.TunnelId).OnDelete(DeleteBehavior.Cascade);
            configuration.Property(c => c.Version).IsConcurrencyToken();
        });
        model.Entity<EdgeNode>(node => node.ToTable("edge_nodes"));
        model.Entity<HeldConnection>(connection =>
        {
            connection.ToTable("held_connections");
            connection.HasOne<EdgeNode>().WithMany().HasForeignKey(c => c.NodeId).OnDelete(DeleteBehavior.Cascade);
            connection.HasIndex(c => c.TunnelId);
            connection.Property(c => c.Features).AsJson();
        });
        model.Entity<DnsRecord>(record =>
        {
            record.ToTable("dns_records");
            record.Property(r => r.Name).HasMaxLength(255);
            record.Property(r => r.Type).HasMaxLength(10);
            record.HasIndex(r => r.Name);
            record.Ignore(r => r.TunnelId);
            record.Property(r => r.Version).IsConcurrencyToken();
        });
    }
}
