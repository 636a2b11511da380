using System.Buffers.Text;
using System.Text.Json;

namespace Gatehouse.Verbs;

/// <summary>The tokens that <c>gatehouse access login</c> keeps: one for each host, in the person's home, for nobody else to read.</summary>
internal static class AccessTokenFiles
{
    private const int LongestToken = 16 * 1024;

    /// <summary>The token for a host; null when there is none, or its time is over.</summary>
    public static string? Find(Shell shell, string host)
    {
        var file = PathOf(shell, host);
        if (file is null || !File.Exists(file) || new FileInfo(file).Length > LongestToken)
        {
            return null;
        }

        var token = File.ReadAllText(file).Trim();
        return EndOf(token) is { } end && end > shell.Clock.GetUtcNow() ? token : null;
    }

    /// <summary>Keeps a token; where.</summary>
    public static string Keep(Shell shell, string host, string token)
    {
        var file = PathOf(shell, host) ?? throw new IOException("HOME is not set");
        var folder = Directory.CreateDirectory(Path.GetDirectoryName(file)!); // it has one, as made below
        OwnFile.Close(folder);
        var fresh = $"{file}.{Environment.ProcessId}";
        using (var stream = OwnFile.Create(fresh, FileMode.Create))
        using (var writer = new StreamWriter(stream))
        {
            writer.WriteLine(token);
        }

        File.Move(fresh, file, overwrite: true);
        return file;
    }

    /// <summary>When a token says that it ends. Nobody is let in by what is read here.</summary>
    public static DateTimeOffset? EndOf(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3 || !Base64Url.IsValid(parts[1]))
        {
            return null;
        }

        try
        {
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            return claims.RootElement.ValueKind == JsonValueKind.Object && claims.RootElement.TryGetProperty("exp", out var end) && end.TryGetInt64(out var seconds)
                && seconds is > 0 and < 253_402_300_799
                ? DateTimeOffset.FromUnixTimeSeconds(seconds)
                : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // A host holds no slash; a port's colon is no trouble.
    private static string? PathOf(Shell shell, string host) => shell.Variable("HOME") is { Length: > 0 } home ? Path.Combine(home, ".gatehouse", host + "-token") : null;
}
