using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace Gatehouse.Hosting;

/// <summary>
/// Begins <c>connect</c> anew, in the same process, with settings that the runtime reads from the environment alone, before any code of ours: less
/// memory to allocate in before a collection (otherwise as much as the processor's cache holds, 32 MB for a connector that holds three), and no
/// watching of code for how it is used, which in a connector costs more than it brings.
/// </summary>
internal static class LeanRuntime
{
    private const string Room = "DOTNET_GCgen0size";
    private const string Profiling = "DOTNET_TieredPGO";

    private static readonly byte[] Itself = "/proc/self/exe\0"u8.ToArray();

    /// <summary>Comes back when there is nothing to change, or it can't be: then all is as it was, but larger.</summary>
    public static void Enter(string[] args)
    {
        if (!OperatingSystem.IsLinux() || !IsFor(args, Environment.GetEnvironmentVariable))
        {
            return;
        }

        try
        {
            var arguments = Texts(File.ReadAllBytes("/proc/self/cmdline"));
            var variables = Texts(File.ReadAllBytes("/proc/self/environ"));
            _ = Execute(Itself, Pointers(arguments), Pointers([.. variables, .. Added(Environment.GetEnvironmentVariable).Select(Encoding.ASCII.GetBytes)]));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or EntryPointNotFoundException or DllNotFoundException)
        {
            // As it was.
        }
    }

    /// <summary>Whether it is worth it: once, for connectors, and where nobody chose otherwise.</summary>
    internal static bool IsFor(string[] args, Func<string, string?> variable) => args is ["connect", ..] && variable(Room) is null && variable("COMPlus_GCgen0size") is null;

    /// <summary>The variables that make it so.</summary>
    internal static IEnumerable<string> Added(Func<string, string?> variable) =>
        variable(Profiling) is null ? [Room + "=200000", Profiling + "=0"] : [Room + "=200000"]; // 2 MiB, in hexadecimal

    /// <summary>What the system tells as texts that each end with a NUL.</summary>
    internal static List<byte[]> Texts(byte[] ended)
    {
        var texts = new List<byte[]>();
        for (int at = 0, end; at < ended.Length; at = end + 1)
        {
            end = Array.IndexOf(ended, (byte)0, at);
            end = end < 0 ? ended.Length : end;
            texts.Add(ended[at..end]);
        }

        return texts;
    }

    private static nint[] Pointers(IEnumerable<byte[]> texts) => [.. texts.Select(Copy), 0];

    // Never freed: what comes next has a memory of its own.
    private static nint Copy(byte[] text)
    {
        var at = Marshal.AllocHGlobal(text.Length + 1);
        Marshal.Copy(text, 0, at, text.Length);
        Marshal.WriteByte(at, text.Length, 0);
        return at;
    }

    [DllImport("libc", EntryPoint = "execve")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "A generated stub would need unsafe code in the whole project, for one call.")]
    private static extern int Execute(byte[] file, nint[] arguments, nint[] variables);
}
