using Gatehouse.Store;

namespace Gatehouse.Management.Blueprints;

/// <summary>A file in the blueprints folder.</summary>
internal sealed record BlueprintFile(string Path, DateTimeOffset ChangedAt, BlueprintText Text);

/// <summary>Reads the folder <c>blueprints</c> inside the data folder: what the operator put there, and nothing outside it.</summary>
internal sealed class BlueprintFiles(IEnumerable<StoreOptions> options)
{
    private const int Most = 500;

    private string? Folder => options.FirstOrDefault() is { } store ? Path.GetFullPath(Path.Combine(store.DataFolder, "blueprints")) : null;

    /// <summary>The files that can be read.</summary>
    public IReadOnlyList<BlueprintFile> All()
    {
        if (Folder is not { } root || !Directory.Exists(root))
        {
            return [];
        }

        List<BlueprintFile> found = [];
        foreach (var file in new DirectoryInfo(root).EnumerateFiles("*.yaml", SearchOption.AllDirectories).OrderBy(f => f.FullName, StringComparer.Ordinal).Take(Most))
        {
            var name = Path.GetRelativePath(root, file.FullName).Replace('\\', '/');
            if (Read(name) is { } text)
            {
                try
                {
                    found.Add(new BlueprintFile(name, new DateTimeOffset(file.LastWriteTimeUtc), BlueprintText.Read(text)));
                }
                catch (BlueprintFaultException)
                {
                    // Not a blueprint: told when somebody asks for it.
                }
            }
        }

        return found;
    }

    /// <summary>The text of a file; null when there is none of that name, or it lies outside the folder.</summary>
    public string? Read(string name)
    {
        if (Folder is not { } root || name.Length == 0 || Path.IsPathRooted(name))
        {
            return null;
        }

        var file = new FileInfo(Path.GetFullPath(Path.Combine(root, name)));
        var isInside = file.FullName.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal) && !HasLink(file, root);
        return isInside && file.Exists && file.Length <= BlueprintText.Longest ? File.ReadAllText(file.FullName) : null;
    }

    // A link would lead out of the folder.
    private static bool HasLink(FileSystemInfo file, string root)
    {
        for (FileSystemInfo? at = file; at is not null && at.FullName.Length > root.Length; at = Directory.GetParent(at.FullName))
        {
            if (at.LinkTarget is not null)
            {
                return true;
            }
        }

        return false;
    }
}
