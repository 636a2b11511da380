using System.Diagnostics;
using System.Globalization;

namespace Gatehouse.SystemTests;

/// <summary>What a command said.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error);

/// <summary>Runs the binary with words.</summary>
internal static class Command
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>Runs it to its end.</summary>
    public static Task<CommandResult> RunAsync(params string[] words) => RunAsync(new Dictionary<string, string>(), words);

    /// <summary>Runs it to its end with environment variables.</summary>
    public static async Task<CommandResult> RunAsync(IReadOnlyDictionary<string, string> variables, params string[] words)
    {
        using var process = Start(words, variables);
        using var limit = new CancellationTokenSource(Longest);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return new CommandResult(process.ExitCode, await output, await error);
    }

    /// <summary>Starts it with its output redirected and none of this process's own settings.</summary>
    public static Process Start(IReadOnlyList<string> words, IReadOnlyDictionary<string, string> variables)
    {
        // Whoever is started by nohup ignores SIGINT, and so would all that we start; env becomes the program.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", GatehouseProcess.Binary, .. words]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("GATEHOUSE_", StringComparison.Ordinal) || k.StartsWith("AUTHENTIK_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("it did not start");
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Sends a signal.</summary>
    public static async Task SignalAsync(string signal, int pid)
    {
        using var kill = Process.Start("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(CancellationToken.None);
        Assert.Equal(0, kill.ExitCode);
    }
}
