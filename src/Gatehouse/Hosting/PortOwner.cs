using System.Globalization;
using Gatehouse.Logging;

namespace Gatehouse.Hosting;

/// <summary>Finds who listens on a port, as far as /proc tells this user.</summary>
internal static class PortOwner
{
    private const string Listening = "0A";

    /// <summary>"pid 12 (nginx)", or null when it can't be told.</summary>
    public static string? Find(int port, string proc = "/proc")
    {
        var sockets = Sockets(Path.Combine(proc, "net/tcp"), port).Concat(Sockets(Path.Combine(proc, "net/tcp6"), port))
            .Select(inode => $"socket:[{inode}]").ToHashSet(StringComparer.Ordinal);
        if (sockets.Count == 0 || !Directory.Exists(proc))
        {
            return null;
        }

        foreach (var process in Directory.EnumerateDirectories(proc))
        {
            if (int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Holds(process, sockets))
            {
                return $"pid {pid} ({CommandOf(process)})";
            }
        }

        return null;
    }

    // Columns of proc_net_tcp(5): slot, local address:port in hex, remote, state, queues, timer, retransmits, uid, timeout, inode.
    private static IEnumerable<string> Sockets(string table, int port)
    {
        if (!File.Exists(table))
        {
            yield break;
        }

        var suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        foreach (var line in File.ReadLines(table).Skip(1))
        {
            var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (columns.Length > 9 && columns[3] == Listening && columns[1].EndsWith(suffix, StringComparison.Ordinal))
            {
                yield return columns[9];
            }
        }
    }

    private static bool Holds(string process, HashSet<string> sockets)
    {
        try
        {
            return Directory.EnumerateFiles(Path.Combine(process, "fd"))
                .Any(fd => new FileInfo(fd).LinkTarget is { } target && sockets.Contains(target));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false; // it ended while we looked, or it is another user's
        }
    }

    private static string CommandOf(string process)
    {
        try
        {
            return LogText.Escape(File.ReadAllText(Path.Combine(process, "comm")).TrimEnd('\n'));
        }
        catch (IOException)
        {
            return "ended just now";
        }
    }
}
