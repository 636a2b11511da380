using Gatehouse.Model.Users;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Maps;

/// <summary>How users and groups are kept.</summary>
internal static class UserMaps
{
    public static void Apply(ModelBuilder model)
    {
        model.Entity<User>(user =>
        {
            user.ToTable("users");
            user.Property(u => u.Id).ValueGeneratedOnAdd();
            user.HasIndex(u => u.Uuid).IsUnique();
            user.Property(u => u.Username).HasMaxLength(150);
            user.Property(u => u.UsernameKey).HasMaxLength(150);
            user.HasIndex(u => u.UsernameKey).IsUnique();
            user.HasIndex(u => u.Email);
            user.Property(u => u.Version).IsConcurrencyToken();
        });
        model.Entity<Group>(group =>
        {
            group.ToTable("groups");
            group.Property(g => g.Name).HasMaxLength(255);
            group.HasIndex(g => g.Name).IsUnique();
            group.HasIndex(g => g.Number).IsUnique();
            group.Property(g => g.Version).IsConcurrencyToken();
            group.HasMany(g => g.Parents).WithOne().HasForeignKey(p => p.ChildId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<GroupMember>(member =>
        {
            member.ToTable("group_members").HasKey(m => new { m.GroupId, m.UserId });
            member.HasOne(m => m.Group).WithMany(g => g.Members).HasForeignKey(m => m.GroupId).OnDelete(DeleteBehavior.Cascade);
            member.HasOne(m => m.User).WithMany(u => u.Groups).HasForeignKey(m => m.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<GroupParent>(parent =>
        {
            parent.ToTable("group_parents").HasKey(p => new { p.ChildId, p.ParentId });
            parent.HasOne<Group>().WithMany().HasForeignKey(p => p.ParentId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
