using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Gatehouse.Hosting;

/// <summary>Gives memory back to the machine when a burst of work is over. The runtime would keep it for the next one, which on a small server may be tomorrow.</summary>
internal sealed class MemoryKeeper(TimeProvider clock) : BackgroundService
{
    private const long Burst = 64L << 20;
    private const long Quiet = 8L << 20;
    private const long Grown = 8L << 20;
    private const long ManyMethods = 300;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    private readonly MappedFiles files = new();
    private long seen;
    private long sinceReturned = Burst; // a start is a burst, too
    private long compiled;
    private long? settled = 0; // pages of files in use some time after the last were given back; null until then

    /// <summary>Whether enough was allocated since the last time to be worth it, and hardly anything since the last look.</summary>
    internal bool IsDue(long allocated)
    {
        var now = allocated - seen;
        seen = allocated;
        sinceReturned += now;
        if (sinceReturned < Burst || now > Quiet)
        {
            return false;
        }

        sinceReturned = 0;
        return true;
    }

    /// <summary>
    /// Whether many more pages of files are held than the work before needed. Under load, too: what was compiled ahead is compiled again for how it
    /// is used, and its pages are not touched any more.
    /// </summary>
    internal bool HaveFilesGrown(long resident)
    {
        settled ??= resident;
        if (resident - settled < Grown)
        {
            return false;
        }

        settled = null;
        return true;
    }

    /// <summary>
    /// Whether much was compiled since the last time. It was for how it is used: the code that was compiled ahead, whose pages it replaces, is not
    /// run any more, and what the compiler needed meanwhile is free.
    /// </summary>
    internal bool IsCompiled(long methods)
    {
        if (methods - compiled < ManyMethods)
        {
            return false;
        }

        compiled = methods;
        return true;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var isCompiled = IsCompiled(System.Runtime.JitInfo.GetCompiledMethodCount());
            if (IsDue(GC.GetTotalAllocatedBytes()))
            {
                Return();
                files.LetGo(0);
                settled = null;
            }
            else if (isCompiled)
            {
                Trim();
                files.LetGo(0);
                settled = null;
            }
            else if (files.IsNew)
            {
                files.Look();
            }
            else if (HaveFilesGrown(MappedFiles.Resident()))
            {
                files.LetGo(0);
            }
        }
    }

    private static void Return()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Trim();
    }

    private static void Trim()
    {
        try
        {
            _ = TrimNative(0); // OpenSSL's buffers of closed connections, the compiler's notes
        }
        catch (EntryPointNotFoundException)
        {
            // Only glibc keeps what is freed; other C libraries have nothing to trim.
        }
    }

    [DllImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "A generated stub would need unsafe code in the whole project, for one number.")]
    private static extern int TrimNative(nuint pad);
}
