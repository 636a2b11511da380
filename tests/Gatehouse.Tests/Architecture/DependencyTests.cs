using System.Reflection;

namespace Gatehouse.Tests.Architecture;

/// <summary>What must never depend on what, and why. Add a row before you add a reference.</summary>
public class DependencyTests
{
    [Theory]
    [InlineData("Gatehouse.Model", "Microsoft.AspNetCore", "the model decides; it does not speak HTTP")]
    [InlineData("Gatehouse.Model", "Microsoft.EntityFrameworkCore", "the model does not know how it is kept")]
    [InlineData("Gatehouse.Model", "Microsoft.IdentityModel", "no package at all")]
    [InlineData("Gatehouse.Model", "Yarp", "no package at all")]
    [InlineData("Gatehouse.Access", "Gatehouse.Store", "the gateway must serve while the database is down")]
    [InlineData("Gatehouse.Access", "Microsoft.EntityFrameworkCore", "no query on the request path")]
    [InlineData("Gatehouse.Access", "Gatehouse.Identity", "they speak OpenID Connect, so they can run apart")]
    [InlineData("Gatehouse.Identity", "Gatehouse.Access", "they speak OpenID Connect, so they can run apart")]
    [InlineData("Gatehouse.Web", "Gatehouse.Store", "pages are shared with roles that have no database")]
    [InlineData("Gatehouse.Web", "Microsoft.EntityFrameworkCore", "pages are shared with roles that have no database")]
    [InlineData("Gatehouse.Store", "Gatehouse.Web", "what is kept does not know how it is shown")]
    [InlineData("Gatehouse.Management", "Gatehouse.Identity", "every write goes through an operation, which exists once")]
    [InlineData("Gatehouse.Management", "Gatehouse.Access", "every write goes through an operation, which exists once")]
    [InlineData("Gatehouse.Access", "Gatehouse.Tunnel", "the gateway asks for an answer; a tunnel is one way to get one")]
    [InlineData("Gatehouse.Tunnel", "Gatehouse.Store", "connectors run where there is no database")]
    [InlineData("Gatehouse.Tunnel", "Microsoft.EntityFrameworkCore", "connectors run where there is no database")]
    [InlineData("Gatehouse.Management", "Gatehouse.Tunnel", "the API knows tunnels, not what they are made of")]
    public void Does_not_reference(string project, string forbidden, string why)
    {
        var references = Assembly.Load(project).GetReferencedAssemblies().Select(a => a.Name!);

        Assert.False(references.Any(name => name.StartsWith(forbidden, StringComparison.Ordinal)), $"{project} -> {forbidden}: {why}");
    }
}
