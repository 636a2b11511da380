using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Gatehouse.Hosting;

/// <summary>A private part of a file in memory, as <c>/proc/self/smaps</c> tells of it.</summary>
internal readonly record struct Mapping(nuint Start, nuint Length, string File, bool IsWritable);

/// <summary>
/// Lets go of the pages of our own files that start-up touched; what only a start needs does not count as ours any more. Pages nobody can write
/// stay in the system's page cache, from where what is still in use comes back at once. Pages that may be written, nearly all of them import
/// cells nobody uses, are the system's to take: it keeps what was written, reads the rest again when asked, and does so only for the owner of the file.
/// </summary>
internal sealed class MappedFiles
{
    private const int DontNeed = 4; // MADV_DONTNEED: drops what was written, too, so only for what can't be
    private const int PageOut = 21; // MADV_PAGEOUT: drops only what the file still has

    private HashSet<Mapping> known = [];

    /// <summary>Whether nobody has looked yet.</summary>
    public bool IsNew => known.Count == 0;

    /// <summary>How many bytes of files are held now. On a system that does not tell: 0.</summary>
    public static long Resident()
    {
        try
        {
            return OperatingSystem.IsLinux() ? ResidentIn(File.ReadLines("/proc/self/status")) : 0;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>Notes what is mapped. On a system that does not tell: nothing.</summary>
    public void Look()
    {
        try
        {
            known = OperatingSystem.IsLinux() ? Returnable(File.ReadLines("/proc/self/smaps")).ToHashSet() : [];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            known = []; // no /proc here, or not for us
        }
    }

    /// <summary>
    /// Lets go of what was mapped at the last look already, and looks: a file that is being loaded at this moment is left alone. Parts that are
    /// smaller than <paramref name="least"/> bytes stay. The result is how many parts there were.
    /// </summary>
    public int LetGo(long least)
    {
        var before = known;
        Look();
        var parts = 0;
        foreach (var mapping in known.Where(m => (long)m.Length >= least && before.Contains(m)))
        {
            _ = Advise(mapping.Start, mapping.Length, mapping.IsWritable ? PageOut : DontNeed); // what the system refuses stays as it is
            parts++;
        }

        return parts;
    }

    /// <summary>The private parts of files that may be written, and of the others those without a single page of their own.</summary>
    internal static IEnumerable<Mapping> Returnable(IEnumerable<string> smaps)
    {
        Mapping? current = null;
        foreach (var line in smaps)
        {
            if (TryReadHead(line, out var mapping))
            {
                current = mapping;
            }
            else if (current is { } candidate && line.StartsWith("Anonymous:", StringComparison.Ordinal))
            {
                if (candidate.IsWritable || line.AsSpan("Anonymous:".Length).Trim() is "0 kB")
                {
                    yield return candidate;
                }

                current = null;
            }
        }
    }

    /// <summary>What the line <c>RssFile:    74068 kB</c> says, in bytes.</summary>
    internal static long ResidentIn(IEnumerable<string> status) =>
        status.FirstOrDefault(line => line.StartsWith("RssFile:", StringComparison.Ordinal)) is { } line
        && long.TryParse(line.AsSpan("RssFile:".Length).TrimEnd("kB "), CultureInfo.InvariantCulture, out var kilobytes) ? kilobytes * 1024 : 0;

    // 7f12a4e00000-7f12a4e5c000 r-xp 00001000 fe:00 1234    /path/of/the file.dll
    private static bool TryReadHead(string line, out Mapping? mapping)
    {
        mapping = null;
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        var dash = line.IndexOf('-', StringComparison.Ordinal);
        if (dash <= 0 || dash > space || !TryHex(line.AsSpan(0, dash), out var start) || !TryHex(line.AsSpan(dash + 1, space - dash - 1), out var end))
        {
            return false;
        }

        var slash = line.IndexOf('/', StringComparison.Ordinal);
        if (end > start && slash > 0 && line.AsSpan(space + 1, 4) is "r-xp" or "r--p" or "rw-p")
        {
            mapping = new Mapping(start, end - start, line[slash..], line[space + 2] == 'w');
        }

        return true;
    }

    private static bool TryHex(ReadOnlySpan<char> text, out nuint value) => nuint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);

    [DllImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [SuppressMessage("Interoperability", "SYSLIB1054", Justification = "A generated stub would need unsafe code in the whole project, for three numbers.")]
    private static extern int Advise(nuint start, nuint length, int advice);
}
