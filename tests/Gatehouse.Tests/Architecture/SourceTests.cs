using System.Text.RegularExpressions;

namespace Gatehouse.Tests.Architecture;

/// <summary>Habits that a reader depends on, held by looking at the sources.</summary>
public partial class SourceTests
{
    private const int Longest = 400;

    private static readonly string[] Folders = ["src", "tests"];
    private static readonly string[] Kinds = ["*.cs", "*.razor", "*.js", "*.mjs", "*.css"];

    [Fact]
    public void No_file_is_longer_than_400_lines()
    {
        var tooLong = Sources().Select(f => (File: Relative(f), Lines: File.ReadLines(f).Count())).Where(f => f.Lines > Longest);

        Assert.Empty(tooLong);
    }

    // Operators filter and alert by them.
    [Fact]
    public void No_two_log_messages_have_one_event_id()
    {
        var twice = Sources().Where(f => f.EndsWith(".cs", StringComparison.Ordinal) && Relative(f).StartsWith("src/", StringComparison.Ordinal))
            .SelectMany(f => LogEvent().Matches(File.ReadAllText(f)).Select(m => (Id: m.Groups["id"].Value, File: Relative(f))))
            .GroupBy(e => e.Id)
            .Where(g => g.Count() > 1)
            .Select(g => $"{g.Key}: {string.Join(", ", g.Select(e => e.File))}");

        Assert.Empty(twice);
    }

    [Fact]
    public void Every_public_type_says_what_it_is()
    {
        var mute = new List<string>();
        foreach (var file in Sources().Where(f => f.EndsWith(".cs", StringComparison.Ordinal) && Relative(f).StartsWith("src/", StringComparison.Ordinal)))
        {
            var lines = File.ReadAllLines(file);
            for (var i = 0; i < lines.Length; i++)
            {
                if (PublicType().Match(lines[i]) is { Success: true } type && !HasSummary(lines, i))
                {
                    mute.Add($"{Relative(file)}: {type.Groups["name"].Value}");
                }
            }
        }

        Assert.Empty(mute);
    }

    [Fact]
    public void Nothing_speaks_of_the_place_it_was_written_in()
    {
        var found = Sources().Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Repository.Root, "*.md"))
            .Where(f => !f.EndsWith("SourceTests.cs", StringComparison.Ordinal) && Workplace().IsMatch(File.ReadAllText(f)))
            .Select(Relative);

        Assert.Empty(found);
    }

    [Fact]
    public void The_connector_holds_no_code_of_the_edge()
    {
        var found = Sources()
            .Where(f => Relative(f).StartsWith("src/Gatehouse.Tunnel/Connector/", StringComparison.Ordinal) && File.ReadAllText(f).Contains("Tunnel.Edge", StringComparison.Ordinal))
            .Select(Relative);

        Assert.Empty(found);
    }

    [Fact]
    public void Clocks_are_handed_in()
    {
        // The banned-symbol list holds the types; this holds what it can't see.
        var found = Sources()
            .Where(f => Relative(f).StartsWith("src/", StringComparison.Ordinal) && RealClock().IsMatch(File.ReadAllText(f)))
            .Select(Relative);

        Assert.Empty(found);
    }

    [Fact]
    public void L04_secrets_are_compared_in_fixed_time()
    {
        var found = Sources()
            .Where(f => Relative(f).StartsWith("src/", StringComparison.Ordinal) && !Relative(f).Contains("/Compiled/", StringComparison.Ordinal))
            .SelectMany(f => File.ReadLines(f).Select((text, at) => (Place: $"{Relative(f)}:{at + 1}", Text: text)))
            .Where(line => QuickCompare().IsMatch(line.Text))
            .Select(line => line.Place + line.Text);

        Assert.Empty(found);
    }

    private static bool HasSummary(string[] lines, int at)
    {
        for (var i = at - 1; i >= 0 && lines[i].TrimStart() is ['/', '/', '/', ..] or ['[', ..]; i--)
        {
            if (lines[i].Contains("<summary>", StringComparison.Ordinal) || lines[i].Contains("<inheritdoc", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<string> Sources() =>
        Folders
            .SelectMany(folder => Kinds.SelectMany(kind => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), kind, SearchOption.AllDirectories)))
            .Where(f => !Relative(f).Split('/').Any(part => part is "Migrations" or "Compiled" or "node_modules" or "obj" or "bin"));

    private static string Relative(string file) => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/');

    [GeneratedRegex(@"EventId = (?<id>\d+)")]
    private static partial Regex LogEvent();

    [GeneratedRegex(@"^\s*public (?:(?:static|sealed|abstract|readonly|partial|ref) )*(?:class|record|struct|interface|enum|record struct|record class) (?<name>\w+)", RegexOptions.CultureInvariant)]
    private static partial Regex PublicType();

    [GeneratedRegex(@"/work/|/root/\.|\bsubagent|\bAI-generated\b|shared/(design|contracts|security|bench|guides)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Workplace();

    [GeneratedRegex(@"\bStopwatch\b|\bEnvironment\.TickCount|\bThread\.Sleep\b|\.GetAwaiter\(\)\.GetResult\(\)|\basync void\b", RegexOptions.CultureInvariant)]
    private static partial Regex RealClock();

    // Bytes that prove something, told from keys of a database row, which only find it.
    [GeneratedRegex(@"(?i)(secret|mac|signature|password|digest|proof)\w*(\.Span|\.AsSpan\(\))?\.SequenceEqual\(|string\.Equals\(\w*(secret|signature|password|token)\w*,|\b\w*(secret|signature)\s*(==|!=)\s*(?!null|""|\w*\.Empty)\w")]
    private static partial Regex QuickCompare();
}
