using System.Diagnostics;
using Gatehouse.Logging;

namespace Gatehouse.Verbs;

/// <summary>Runs curl with what proves somebody at an app. In a file, since command lines are for everybody to read.</summary>
internal static class AccessCurl
{
    /// <summary>Runs it; the result is curl's exit code.</summary>
    public static async Task<int> RunAsync(Uri url, IReadOnlyList<string> more, IReadOnlyDictionary<string, string> headers, string? ca, Shell shell, CancellationToken cancellationToken)
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            await using (var stream = OwnFile.Create(file, FileMode.CreateNew))
            await using (var writer = new StreamWriter(stream))
            {
                foreach (var (name, value) in headers)
                {
                    await writer.WriteLineAsync($"{name}: {value}");
                }
            }

            // To this app only: curl would take the header along when it is led elsewhere.
            string[] trust = ca is null ? [] : ["--cacert", ca];
            using var curl = Process.Start(new ProcessStartInfo("curl", ["-H", "@" + file, "--max-redirs", "0", .. trust, .. more, url.AbsoluteUri]))
                ?? throw new InvalidOperationException("a new process was asked for");
            await curl.WaitForExitAsync(cancellationToken);
            return curl.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            return shell.Fail($"curl can't be run: {LogText.Escape(fault.Message)}");
        }
        finally
        {
            File.Delete(file);
        }
    }
}
