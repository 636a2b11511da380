using System.CommandLine;

namespace Gatehouse.Verbs;

/// <summary>Flags that more than one verb takes, and how a flag falls back to its environment variable.</summary>
internal static class Flags
{
    /// <summary>Where data is kept unless told otherwise.</summary>
    public const string DefaultData = "gatehouse-data";

    /// <summary>A flag with a value. Its variable is <c>GATEHOUSE_</c> and its name in capitals.</summary>
    public static Option<string?> Text(string name, string valueName, string description) =>
        new(name) { HelpName = valueName, Description = $"{description} [{VariableOf(name)}]", Arity = ArgumentArity.ExactlyOne };

    /// <summary>A flag that is there or not.</summary>
    public static Option<bool> Switch(string name, string description) =>
        new(name) { Description = $"{description} [{VariableOf(name)}]", Arity = ArgumentArity.Zero };

    /// <summary>The data folder.</summary>
    public static Option<string?> Data() => Text("--data", "DIR", $"Folder that holds all data. Default: ./{DefaultData}");

    /// <summary>The database.</summary>
    public static Option<string?> Database() =>
        Text("--database", "URL", "postgres://user:password@host/name; without it SQLite in the data folder. Prefer the variable: a flag shows in the process list");

    /// <summary>Output for programs.</summary>
    public static Option<bool> Json() => Switch("--json", "Write JSON to standard output");

    /// <summary>The value from the command line, else from the variable; null when neither says anything.</summary>
    public static string? Read(ParseResult parsed, Option<string?> flag, Shell shell) =>
        parsed.GetValue(flag) ?? NotEmpty(shell.Variable(VariableOf(flag.Name)));

    /// <summary>Whether the switch is on, by flag or variable. A value that is neither yes nor no goes to <paramref name="faults"/>.</summary>
    public static bool Read(ParseResult parsed, Option<bool> flag, Shell shell, List<string> faults)
    {
        if (parsed.GetValue(flag))
        {
            return true;
        }

        var name = VariableOf(flag.Name);
        switch (NotEmpty(shell.Variable(name))?.ToLowerInvariant())
        {
            case null or "0" or "false" or "no":
                return false;
            case "1" or "true" or "yes":
                return true;
            default:
                faults.Add($"{name} is neither yes nor no; expected 1, true, yes, 0, false or no");
                return false;
        }
    }

    /// <summary>Checks a database URL as far as its scheme. Its text may hold a password, so it is not repeated.</summary>
    public static string? DatabaseOf(string? url, List<string> faults)
    {
        if (url is not null
            && !url.StartsWith("postgres://", StringComparison.Ordinal)
            && !url.StartsWith("postgresql://", StringComparison.Ordinal))
        {
            faults.Add("--database is not a PostgreSQL URL; expected postgres://user:password@host:port/name, or nothing for SQLite");
        }

        return url;
    }

    private static string VariableOf(string flag) => "GATEHOUSE_" + flag.TrimStart('-').Replace('-', '_').ToUpperInvariant();

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
