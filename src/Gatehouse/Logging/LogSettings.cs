using System.Globalization;
using Gatehouse.Verbs;

namespace Gatehouse.Logging;

/// <summary>How much is logged, and how. <c>GATEHOUSE_LOG_LEVEL</c>: trace, debug, info (default), warn, error, none. <c>GATEHOUSE_LOG_FORMAT</c>: text or json.</summary>
/// <param name="Level">For Gatehouse's own events.</param>
/// <param name="Json">Whether lines are JSON objects.</param>
internal sealed record LogSettings(LogLevel Level, bool Json)
{
    /// <summary>Reads the variables; what is not understood goes to <paramref name="faults"/>. Without a word, lines are JSON when a program reads the output.</summary>
    public static LogSettings Read(Shell shell, bool forPrograms, List<string> faults) =>
        new(ReadLevel(shell.Variable("GATEHOUSE_LOG_LEVEL"), faults), ReadFormat(shell.Variable("GATEHOUSE_LOG_FORMAT"), forPrograms, faults));

    /// <summary>Sets logging up. The framework's own events stay at warnings at every level: at lower ones they quote whole URLs, codes and states included.</summary>
    public void Apply(ILoggingBuilder logging, Shell shell)
    {
        logging.ClearProviders();
#pragma warning disable CA2000 // the logger factory disposes its providers
        logging.AddProvider(new LineLoggerProvider(shell.Error, Json, shell.Clock));
#pragma warning restore CA2000
        logging.SetMinimumLevel(LogLevel.Warning);
        logging.AddFilter("Gatehouse", Level);

        // Has nothing to say at warnings, but where it may speak at all, every request gets an activity of its own.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
    }

    private static LogLevel ReadLevel(string? text, List<string> faults)
    {
        switch (text?.ToLowerInvariant())
        {
            case null or "" or "info" or "information":
                return LogLevel.Information;
            case "trace":
                return LogLevel.Trace;
            case "debug":
                return LogLevel.Debug;
            case "warn" or "warning":
                return LogLevel.Warning;
            case "error":
                return LogLevel.Error;
            case "none":
                return LogLevel.None;
            default:
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"GATEHOUSE_LOG_LEVEL is '{LogText.Escape(text)}'; expected trace, debug, info, warn, error or none"));
                return LogLevel.Information;
        }
    }

    private static bool ReadFormat(string? text, bool forPrograms, List<string> faults)
    {
        switch (text?.ToLowerInvariant())
        {
            case null or "":
                return forPrograms;
            case "json":
                return true;
            case "text":
                return false;
            default:
                faults.Add($"GATEHOUSE_LOG_FORMAT is '{LogText.Escape(text)}'; expected text or json");
                return forPrograms;
        }
    }
}
