using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Gatehouse.Hosting;

/// <summary>The data folder of a running Gatehouse, held against a second one.</summary>
internal sealed class DataFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private const int SharingViolation = unchecked((int)0x80070020);
    private const int WouldBlockLinux = 11;
    private const int WouldBlockBsd = 35; // macOS too

    private readonly FileStream held;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        this.held = held;
    }

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>Whether others could write to it until now: keys and data may have been exchanged.</summary>
    public bool WasOpenToOthers { get; private init; }

    /// <summary>Where the local CA's certificate is written.</summary>
    public string AuthorityFile => System.IO.Path.Combine(Path, "ca.pem");

    /// <summary>Makes the folder when it is missing and takes the lock. The kernel lets go of the lock when the process ends in any way.</summary>
    /// <exception cref="IOException">The folder can't be made or written.</exception>
    /// <exception cref="UnauthorizedAccessException">Neither.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The folder made here owns the lock; the caller disposes it.")]
    public static OpenResult Open(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path); // inherits the rights of its parent
        }
        else if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, OwnerOnly);
        }

        var wasOpen = CloseToOthers(path);
        var lockFile = System.IO.Path.Combine(path, "gatehouse.lock");
        var pidFile = System.IO.Path.Combine(path, "gatehouse.pid");
        FileStream held;
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB): the file's existence says nothing, the lock does.
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OwnersFile;
            }

            held = new FileStream(lockFile, options);
        }
        catch (IOException failure) when (IsHeld(failure))
        {
            return new OpenResult.AlreadyRuns(PidIn(pidFile));
        }

        // Whoever can open the lock can hold it, and nothing starts any more.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(held.SafeFileHandle, OwnersFile);
        }

        // A file of its own: while the lock is held nobody else can open the locked file to read it.
        File.WriteAllText(pidFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        return new OpenResult.Opened(new DataFolder(path, held) { WasOpenToOthers = wasOpen });
    }

    /// <inheritdoc/>
    public void Dispose() => held.Dispose();

    // Who can write here can exchange the root key.
    private static bool CloseToOthers(string path)
    {
        if (OperatingSystem.IsWindows() || File.GetUnixFileMode(path) is var mode && (mode & OthersWrite) == 0)
        {
            return false;
        }

        try
        {
            File.SetUnixFileMode(path, mode & ~OthersWrite);
            return true;
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new UnauthorizedAccessException($"others may write to the data folder {path}, and its mode can't be changed: run chmod go-w as its owner, or choose a folder inside it", fault);
        }
    }

    // Elsewhere .NET hands out the errno of flock: EWOULDBLOCK. Anything else, such as a full disk, is no second process.
    private static bool IsHeld(IOException failure) =>
        failure.HResult == (OperatingSystem.IsWindows() ? SharingViolation : OperatingSystem.IsLinux() ? WouldBlockLinux : WouldBlockBsd);

    private static int? PidIn(string file) =>
        File.Exists(file) && int.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;

    /// <summary>How opening went.</summary>
    internal abstract record OpenResult
    {
        private OpenResult()
        {
        }

        /// <summary>It is ours until disposed.</summary>
        internal sealed record Opened(DataFolder Folder) : OpenResult;

        /// <summary>Another process holds it; its pid is null in the instant before it is written.</summary>
        internal sealed record AlreadyRuns(int? Pid) : OpenResult;
    }
}
