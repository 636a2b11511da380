namespace Gatehouse.Tests.Architecture;

/// <summary>Where the sources are. Not [CallerFilePath]: a deterministic build maps it to /_/.</summary>
internal static class Repository
{
    /// <summary>The folder that holds Gatehouse.slnx.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Gatehouse.slnx")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("not under the repository");
        }

        return folder.FullName;
    }
}
