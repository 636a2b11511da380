using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Gatehouse.Tests.Store;

public class CompiledModelTests
{
    [Fact]
    public void Is_the_one_the_maps_describe()
    {
        using var sqlite = new SqliteDb(new DbContextOptionsBuilder<SqliteDb>().UseSqlite("Data Source=:memory:").Options);
        using var postgres = new PostgresDb(new DbContextOptionsBuilder<PostgresDb>().UseNpgsql("Host=localhost").Options);
        Assert.All<GatehouseDb>([sqlite, postgres], db =>
        {
            Assert.IsType<RuntimeModel>(db.Model, exactMatch: false); // compiled, not built at start
            Assert.Equal(Describe(db.GetService<IDesignTimeModel>().Model), Describe(db.Model)); // else run tools/model.sh
        });
    }

    // What decides how rows are read and written.
    private static List<string> Describe(IModel model) => [.. model.GetEntityTypes().SelectMany(Describe).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Describe(IEntityType type)
    {
        foreach (var property in type.GetProperties())
        {
            yield return $"{type.Name}.{property.Name}: {property.ClrType} {property.GetColumnName()} {property.GetColumnType()} "
                + $"{property.IsNullable} {property.IsConcurrencyToken} {property.ValueGenerated} {property.GetMaxLength()} {property.GetTypeMapping().Converter?.ProviderClrType}";
        }

        foreach (var key in type.GetKeys())
        {
            yield return $"{type.Name} key {string.Join(',', key.Properties.Select(p => p.Name))} {key.IsPrimaryKey()}";
        }

        foreach (var index in type.GetIndexes())
        {
            yield return $"{type.Name} index {string.Join(',', index.Properties.Select(p => p.Name))} {index.IsUnique}";
        }

        foreach (var foreign in type.GetForeignKeys())
        {
            yield return $"{type.Name} to {foreign.PrincipalEntityType.Name} {string.Join(',', foreign.Properties.Select(p => p.Name))} {foreign.DeleteBehavior}";
        }

        foreach (var navigation in type.GetNavigations())
        {
            yield return $"{type.Name} navigation {navigation.Name} {navigation.TargetEntityType.Name} {navigation.IsCollection}";
        }
    }
}
