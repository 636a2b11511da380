using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Gatehouse.Store.Secrets;

/// <summary>The key that everything sealed depends on: 32 bytes, kept outside the database in a file that only its owner can read, or in the environment.</summary>
internal sealed partial class RootKey(StoreOptions options)
{
    /// <summary>The environment variable that holds the key in place of the file.</summary>
    public const string Variable = "GATEHOUSE_SECRET_KEY";

    private const int Size = 32;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The file.</summary>
    public string File { get; } = Path.Combine(Path.GetFullPath(options.DataFolder), "root.key");

    /// <summary>Where the key in use comes from, for messages.</summary>
    public string ShownAs => options.SecretKey is null ? File : Variable;

    /// <summary>The key, or null when there is none yet.</summary>
    /// <exception cref="StoreFaultException">It can't be read, is malformed, or others may read it.</exception>
    public byte[]? Read()
    {
        if (options.SecretKey is { } given)
        {
            return Decode(given);
        }

        if (!System.IO.File.Exists(File))
        {
            return null;
        }

        if (!OperatingSystem.IsWindows() && (System.IO.File.GetUnixFileMode(File) & ~(OwnerOnly | UnixFileMode.UserExecute)) is var open && open != 0)
        {
            throw new StoreFaultException($"{File} is open to others than its owner ({open}); expected mode 0600. Run: chmod 600 '{File}'");
        }

        try
        {
            return Decode(System.IO.File.ReadAllText(File));
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new StoreFaultException($"{File} can't be read: {denied.Message} Run Gatehouse as the user who owns it.", denied);
        }
    }

    /// <summary>Makes the file with a fresh key, durably. When another process was faster, its key is the one.</summary>
    public byte[] Create()
    {
        var key = RandomNumberGenerator.GetBytes(Size);
        var folder = Path.GetDirectoryName(File)!; // a full path to a file has a folder
        var draft = Path.Combine(folder, $"root.key.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}");
        var create = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            create.UnixCreateMode = OwnerOnly;
        }

        using (var stream = new FileStream(draft, create))
        {
            stream.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(key) + "\n"));
            stream.Flush(flushToDisk: true);
        }

        var isOurs = TryName(draft, File);
        System.IO.File.Delete(draft);
        if (!isOurs)
        {
            return Read() ?? throw new IOException($"{File} could not be made");
        }

        SyncFolder(folder);
        return key;
    }

    // A hard link is made whole or not at all; File.Move looks first and renames then, so two could both win.
    private static bool TryName(string draft, string file)
    {
        if (!OperatingSystem.IsWindows())
        {
            return Link(draft, file) == 0;
        }

        try
        {
            System.IO.File.Copy(draft, file, overwrite: false);
            return true;
        }
        catch (IOException) when (System.IO.File.Exists(file))
        {
            return false;
        }
    }

    private byte[] Decode(string text)
    {
        var key = new byte[Size + 2];
        return Convert.TryFromBase64String(text.Trim(), key, out var length) && length == Size
            ? key[..Size]
            : throw new StoreFaultException($"{ShownAs} holds no key: expected the base64 of {Size} bytes, found {text.Trim().Length} characters that are not. To make one: openssl rand -base64 {Size}");
    }

    // The name of a new file is durable only when its folder was written too.
    private static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Open(folder, 0);
        if (descriptor < 0)
        {
            throw new IOException($"{folder} can't be opened to be synced: error {Marshal.GetLastPInvokeError()}");
        }

        var failed = Sync(descriptor) != 0;
        _ = Close(descriptor);
        if (failed)
        {
            throw new IOException($"{folder} can't be synced to disk");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Link(string existing, string made);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
