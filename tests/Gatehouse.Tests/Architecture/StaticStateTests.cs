using System.Reflection;
using System.Runtime.CompilerServices;

namespace Gatehouse.Tests.Architecture;

/// <summary>State lives in objects that someone made and hands on.</summary>
public class StaticStateTests
{
    [Theory]
    [InlineData("gatehouse")]
    [InlineData("Gatehouse.Access")]
    [InlineData("Gatehouse.Identity")]
    [InlineData("Gatehouse.Management")]
    [InlineData("Gatehouse.Model")]
    [InlineData("Gatehouse.Store")]
    [InlineData("Gatehouse.Tunnel")]
    [InlineData("Gatehouse.Web")]
    public void No_static_field_can_change(string assembly)
    {
        var mutable = Assembly.Load(assembly).GetTypes()
            .Where(t => !IsGenerated(t) && t.Namespace?.StartsWith("Gatehouse.Store.Compiled", StringComparison.Ordinal) != true) // written by dotnet ef
            .SelectMany(t => t.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(f => !f.IsInitOnly && !f.IsLiteral && !IsGenerated(f))
            .Select(f => $"{f.DeclaringType}.{f.Name}");

        Assert.Empty(mutable);
    }

    // Lambdas, source generators (regex, JSON, logging) and the compiler keep caches of their own.
    private static bool IsGenerated(MemberInfo member) =>
        member.GetCustomAttribute<CompilerGeneratedAttribute>() is not null && !member.Name.EndsWith("k__BackingField", StringComparison.Ordinal)
        || member.GetCustomAttribute<System.CodeDom.Compiler.GeneratedCodeAttribute>() is not null
        || (member as Type)?.BaseType?.Name == "JsonSerializerContext"
        || member.DeclaringType is { } outer && IsGenerated(outer);
}
