using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Gatehouse.Tests.Architecture;

/// <summary>docs/architecture.md says what the project files say.</summary>
public partial class ArchitecturePageTests
{
    [Fact]
    public void Draws_the_graph_of_the_project_files()
    {
        var drawn = Arrow().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "architecture.md")))
            .ToDictionary(m => m.Groups["from"].Value, m => Names(m.Groups["to"].Value));
        var actual = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .ToDictionary(
                Short,
                p => (IEnumerable<string>)XDocument.Load(p).Descendants("ProjectReference").Select(r => Short(r.Attribute("Include")!.Value)).Order());

        Assert.Equal(actual.Keys.Order(), drawn.Keys.Order());
        Assert.All(actual, p => Assert.Equal(p.Value, drawn[p.Key]));
    }

    [Fact]
    public void Every_decision_is_numbered_without_gaps_and_says_what_would_change_it()
    {
        var decisions = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", "adr"), "*.md").Order().ToList();

        Assert.Equal(Enumerable.Range(1, decisions.Count).Select(n => n.ToString("0000", System.Globalization.CultureInfo.InvariantCulture)), decisions.Select(d => Path.GetFileName(d)[..4]));
        Assert.All(decisions, d => Assert.Contains("What would change our mind", File.ReadAllText(d), StringComparison.Ordinal));
    }

    [Fact]
    public void Every_package_of_the_product_has_its_line_in_the_decision_on_dependencies()
    {
        var page = File.ReadAllText(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", "adr"), "*-dependencies.md").Single());
        var used = Directory.EnumerateFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories)
            .Append(Path.Combine(Repository.Root, "Directory.Build.props"))
            .SelectMany(p => XDocument.Load(p).Descendants("PackageReference").Select(r => r.Attribute("Include")!.Value))
            .Distinct();

        Assert.All(used, package => Assert.Contains($"| {package} |", page, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Names(string text) => text == "nothing" ? [] : text.Split(", ").Order();

    private static string Short(string project) => Path.GetFileNameWithoutExtension(project).Replace("Gatehouse.", "", StringComparison.Ordinal);

    [GeneratedRegex(@"^    (?<from>\w+) +-> (?<to>[\w, ]+)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Arrow();
}
