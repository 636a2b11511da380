namespace Gatehouse.Verbs;

/// <summary>Files that hold what only their owner may read.</summary>
internal static class OwnFile
{
    private const UnixFileMode ReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Creates a file for nobody else.</summary>
    public static FileStream Create(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = ReadWrite;
        }

        return new FileStream(path, options);
    }

    /// <summary>Closes a folder to everybody else.</summary>
    public static void Close(DirectoryInfo folder)
    {
        if (!OperatingSystem.IsWindows())
        {
            folder.UnixFileMode = ReadWrite | UnixFileMode.UserExecute;
        }
    }
}
