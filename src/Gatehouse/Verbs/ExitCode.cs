namespace Gatehouse.Verbs;

/// <summary>What the process says to the shell.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Tried and failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line was wrong; nothing was tried.</summary>
    public const int Usage = 2;
}
