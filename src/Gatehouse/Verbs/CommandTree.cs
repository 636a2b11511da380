using System.CommandLine;
using System.CommandLine.Invocation;

namespace Gatehouse.Verbs;

/// <summary>All verbs. Parses the words given and runs the verb they name.</summary>
internal static class CommandTree
{
    /// <summary>Runs <paramref name="args"/>; the result is the exit code.</summary>
    public static async Task<int> RunAsync(
        string[] args, TextWriter output, TextWriter error, Func<string, string?> variable, TimeProvider clock)
    {
        var shell = new Shell(output, error, variable, clock);
        var root = new RootCommand("Gatehouse: single sign-on and access rules in front of what you run yourself.")
        {
            UpVerb.Create(shell),
            ConnectVerb.Create(shell),
            AccessVerb.Create(shell),
            ExplainVerb.Create(shell),
            PolicyVerb.Create(shell),
            RecoverVerb.Create(shell),
            VersionVerb.Create(shell),
        };
        foreach (var version in root.Options.OfType<VersionOption>().ToList())
        {
            root.Options.Remove(version); // one way to ask: the verb
        }

        // No response files, no bundling: a token or a path beginning with '@' means itself.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        if (parsed.Action is ParseErrorAction wrong)
        {
            wrong.ShowHelp = true;
            await parsed.InvokeAsync(Configuration(error, error), CancellationToken.None);
            return ExitCode.Usage;
        }

        return await parsed.InvokeAsync(Configuration(output, error), CancellationToken.None);
    }

    // Signals are the host's business, and an unexpected exception should show itself whole.
    private static InvocationConfiguration Configuration(TextWriter output, TextWriter error) =>
        new() { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
}
