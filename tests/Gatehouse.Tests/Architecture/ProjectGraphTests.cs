using System.Xml.Linq;

namespace Gatehouse.Tests.Architecture;

/// <summary>The whole project graph. A new arrow is a decision: add it here in the same commit, with its ADR.</summary>
public class ProjectGraphTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Gatehouse"] = ["Gatehouse.Access", "Gatehouse.Identity", "Gatehouse.Management", "Gatehouse.Model", "Gatehouse.Store", "Gatehouse.Tunnel", "Gatehouse.Web"],
        ["Gatehouse.Model"] = [],
        ["Gatehouse.Store"] = ["Gatehouse.Model"],
        ["Gatehouse.Web"] = ["Gatehouse.Model"],
        ["Gatehouse.Identity"] = ["Gatehouse.Model", "Gatehouse.Store", "Gatehouse.Web"],
        ["Gatehouse.Access"] = ["Gatehouse.Model", "Gatehouse.Web"],
        ["Gatehouse.Tunnel"] = ["Gatehouse.Model"],
        ["Gatehouse.Management"] = ["Gatehouse.Model", "Gatehouse.Store", "Gatehouse.Web"],
    };

    [Fact]
    public void Is_exactly_the_one_drawn_in_the_architecture_page()
    {
        var actual = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .ToDictionary(p => Path.GetFileNameWithoutExtension(p), References);

        Assert.Equal(Allowed.Keys.Order(), actual.Keys.Order());
        Assert.All(actual, p => Assert.Equal(Allowed[p.Key].Order(), p.Value));
    }

    private static IEnumerable<string> References(string project) =>
        XDocument.Load(project).Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value))
            .Order();
}
