namespace Gatehouse.Verbs;

/// <summary>What a verb may touch of the world around the process.</summary>
/// <param name="Output">For what was asked for.</param>
/// <param name="Error">For what went wrong, and for logs.</param>
/// <param name="Variable">Reads an environment variable; null means unset.</param>
internal sealed record Shell(TextWriter Output, TextWriter Error, Func<string, string?> Variable, TimeProvider Clock)
{
    /// <summary>Says why nothing was done, and gives the exit code for it.</summary>
    public int Fail(string message)
    {
        Error.WriteLine("gatehouse: " + message);
        return ExitCode.Failed;
    }

    /// <summary>Says what was wrong with the words given, and gives the exit code for it.</summary>
    public int Misused(IEnumerable<string> faults, string verb)
    {
        foreach (var fault in faults)
        {
            Error.WriteLine("gatehouse: " + fault);
        }

        Error.WriteLine($"Run 'gatehouse {verb} --help' for what it takes.");
        return ExitCode.Usage;
    }
}
