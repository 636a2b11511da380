using System.Diagnostics.CodeAnalysis;
using Gatehouse.Model.Policies;

namespace Gatehouse.Model.Apps;

/// <summary>A host and path that an app covers, as Cloudflare writes it: <c>app.example.com</c>, <c>*.example.com/admin</c>, <c>example.com/a*</c>.</summary>
public sealed class DomainPattern
{
    private readonly string[] hostLabels;
    private readonly string[] pathParts;
    private readonly string[] foldedParts;

    private DomainPattern(string text, string host, string path)
    {
        Text = text;
        Host = host;
        Path = path;
        HasHostWildcard = host.Contains('*', StringComparison.Ordinal);
        hostLabels = host.Split('.');
        pathParts = path.Split('*');
        foldedParts = path.ToLowerInvariant().Split('*');
    }

    /// <summary>As written, host in lower case.</summary>
    public string Text { get; }

    /// <summary>The host part; at most one wildcard in a label.</summary>
    public string Host { get; }

    /// <summary>The path part without a trailing slash; empty means every path.</summary>
    public string Path { get; }

    /// <summary>Whether the host holds a wildcard.</summary>
    public bool HasHostWildcard { get; }

    /// <summary>Reads a pattern. <paramref name="fault"/> says what was found and what was expected.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out DomainPattern? pattern, [NotNullWhen(false)] out string? fault)
    {
        pattern = null;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var host = (slash < 0 ? text : text[..slash]).ToLowerInvariant();
        var path = slash < 0 ? "" : text[slash..].TrimEnd('/');
        if (path == "/*")
        {
            // Below the root is everything; leaving out the root itself would surprise whoever wrote this.
            path = "";
        }

        fault = HostFault(text, host) ?? PathFault(path);
        if (fault is null)
        {
            pattern = new DomainPattern(host + path, host, path);
        }

        return fault is null;
    }

    /// <summary>Whether the host part covers <paramref name="host"/>, which is in lower case. A wildcard stands for characters of one label.</summary>
    public bool CoversHost(string host)
    {
        if (!HasHostWildcard)
        {
            return host == Host;
        }

        var at = 0;
        foreach (var range in host.AsSpan().Split('.'))
        {
            if (at == hostLabels.Length || !CoversLabel(hostLabels[at++], host.AsSpan(range)))
            {
                return false;
            }
        }

        return at == hostLabels.Length;
    }

    /// <summary>Whether the path part covers a plain reading.</summary>
    public bool CoversPlain(string path) => CoversPath(pathParts, path);

    /// <summary>Whether the path part covers a deep (folded) reading.</summary>
    public bool CoversDeep(string path) => CoversPath(foldedParts, path);

    private static bool CoversLabel(string pattern, ReadOnlySpan<char> label)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star < 0
            ? label.SequenceEqual(pattern)
            : label.Length >= pattern.Length && label.StartsWith(pattern.AsSpan(0, star)) && label.EndsWith(pattern.AsSpan(star + 1));
    }

    // Parts are what stands between the stars: the first is anchored at the start; after the last the path may go on below it.
    private static bool CoversPath(string[] parts, string path)
    {
        if (!path.StartsWith(parts[0], StringComparison.Ordinal))
        {
            return false;
        }

        var at = parts[0].Length;
        if (parts.Length == 1)
        {
            return at == 0 || path.Length == at || path[at] == '/';
        }

        for (var i = 1; i < parts.Length; i++)
        {
            if (parts[i].Length == 0)
            {
                // `/alpha/*` covers what is below, not an empty name.
                return i == parts.Length - 1 && (path.Length > at || !parts[i - 1].EndsWith('/'));
            }

            var found = path.IndexOf(parts[i], at, StringComparison.Ordinal);
            if (found < 0)
            {
                return false;
            }

            at = found + parts[i].Length;
        }

        return path.Length == at || path[at] == '/' || CoversLater(parts[^1], path, at);
    }

    // The last part may stand again further on, ending at a segment border.
    private static bool CoversLater(string part, string path, int from)
    {
        for (var found = path.IndexOf(part, from, StringComparison.Ordinal); found >= 0; found = path.IndexOf(part, found + 1, StringComparison.Ordinal))
        {
            var end = found + part.Length;
            if (end == path.Length || path[end] == '/')
            {
                return true;
            }
        }

        return false;
    }

    private static string? HostFault(string text, string host)
    {
        if (text.Contains("://", StringComparison.Ordinal))
        {
            return $"'{text}' holds a scheme; give the host and path only, such as app.example.com/admin";
        }

        if (host.Split('.').Any(l => l.AsSpan().Count('*') > 1))
        {
            return $"'{text}' holds two wildcards in one label; at most one is allowed";
        }

        return EmailAddress.IsHost(host.Replace('*', 'x'))
            ? null
            : $"'{text}' does not begin with a host name; expected letters, digits and hyphens in labels, such as app.example.com";
    }

    private static string? PathFault(string path)
    {
        if (path.Split('/').Any(s => s.AsSpan().Count('*') > 1))
        {
            return $"the path '{path}' holds two wildcards in one segment; at most one is allowed";
        }

        // Stored in the form in which paths are judged, so that every reading of a request can be compared with it.
        var plain = path.Replace('*', 'x');
        if (plain.Length > 0 && (!RequestPath.TryParse(plain, out var read, out _) || read.Plain != plain || !read.Others.IsEmpty || plain.Contains('?', StringComparison.Ordinal)))
        {
            return $"the path '{path}' is not plain; expected segments without escapes, parameters, query, dot segments or double slashes";
        }

        return null;
    }
}
