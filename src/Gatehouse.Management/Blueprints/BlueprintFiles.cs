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
    public IReadOnlyList<BlueprintFile> All() => All(_ => true);

    /// <summary>The files that can be read of those whose names <paramref name="isWanted"/> takes; the others are not opened.</summary>
    public IReadOnlyList<BlueprintFile> All(Predicate<string> isWanted)
    {
        List<BlueprintFile> found = [];
        foreach (var (name, changedAt) in Names().Where(n => isWanted(n.Name)).Take(Most))
        {
            if (Read(name) is { } text)
            {
                try
                {
                    found.Add(new BlueprintFile(name, changedAt, BlueprintText.Read(text)));
                }
                catch (BlueprintFaultException)
                {
                    // Not a blueprint: told when somebody asks for it.
                }
            }
        }

        return found;
    }

    /// <summary>The text of a file; null when there is none of that name that can be read, or it lies outside the folder.</summary>
    public string? Read(string name)
    {
        if (Folder is not { } root || name.Length == 0 || name.Contains('\0', StringComparison.Ordinal) || Path.IsPathRooted(name))
        {
            return null;
        }

        try
        {
            var file = new FileInfo(Path.GetFullPath(Path.Combine(root, name)));
            var isInside = file.FullName.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal) && !HasLink(file, root);
            return isInside && file.Exists && file.Length <= BlueprintText.Longest ? File.ReadAllText(file.FullName) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null; // as if it were not there: the others are
        }
    }

    // What the service may not look into is passed over, and a link is not followed.
    private List<(string Name, DateTimeOffset ChangedAt)> Names()
    {
        if (Folder is not { } root || !Directory.Exists(root))
        {
            return [];
        }

        var everywhere = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
        try
        {
            return [.. new DirectoryInfo(root).EnumerateFiles("*.yaml", everywhere).OrderBy(f => f.FullName, StringComparer.Ordinal)
                .Select(f => (Path.GetRelativePath(root, f.FullName).Replace('\\', '/'), new DateTimeOffset(f.LastWriteTimeUtc)))];
        }
        catch (IOException)
        {
            return []; // somebody is moving the folder
        }
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
