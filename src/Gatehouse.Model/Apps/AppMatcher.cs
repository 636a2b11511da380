using System.Collections.Frozen;
using System.Collections.Immutable;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Model.Apps;

/// <summary>Which app covers a request. A closed set.</summary>
public enum AppMatch
{
    /// <summary>No app covers it, in any reading.</summary>
    None,

    /// <summary>One app covers it in every reading.</summary>
    One,

    /// <summary>Two readings of the path select different apps: to be refused.</summary>
    Ambiguous,
}

/// <summary>Finds the most specific app for a host and path: exact host before wildcard host, then the longer path.</summary>
public sealed class AppMatcher
{
    private readonly FrozenDictionary<string, ImmutableArray<Row>> exact;
    private readonly ImmutableArray<Row> wildcard;

    /// <summary>Compiles the domains of <paramref name="apps"/>; a domain that can't be read covers nothing.</summary>
    public AppMatcher(IEnumerable<AppEntry> apps)
    {
        var rows = apps
            .SelectMany(a => a.App.Domains.Select(d => DomainPattern.TryParse(d, out var p, out _) ? new Row(p, a) : null))
            .OfType<Row>()
            .OrderByDescending(r => r.Pattern.Host.Replace("*", "", StringComparison.Ordinal).Length)
            .ThenByDescending(r => r.Pattern.Path.Replace("*", "", StringComparison.Ordinal).Length)
            .ThenBy(r => r.Pattern.Path.Contains('*', StringComparison.Ordinal))
            .ThenBy(r => r.Pattern.Text, StringComparer.Ordinal)
            .ToList();
        exact = rows.Where(r => !r.Pattern.HasHostWildcard)
            .GroupBy(r => r.Pattern.Host, StringComparer.Ordinal)
            .ToFrozenDictionary(g => g.Key, g => g.ToImmutableArray(), StringComparer.Ordinal);
        wildcard = [.. rows.Where(r => r.Pattern.HasHostWildcard)];
    }

    /// <summary>Whether some app covers part of <paramref name="host"/>.</summary>
    public bool Covers(string host) => exact.ContainsKey(host) || wildcard.Any(r => r.Pattern.CoversHost(host));

    /// <summary>The app for a request; <paramref name="app"/> is set only for <see cref="AppMatch.One"/>.</summary>
    public AppMatch Find(string host, in RequestPath path, out AppEntry? app)
    {
        app = Find(host, path.Plain, deep: false);
        if (ReferenceEquals(path.Plain, path.Deep) && !MayFold(host))
        {
            return app is null ? AppMatch.None : AppMatch.One;
        }

        if (!ReferenceEquals(app, Find(host, path.Deep, deep: true)))
        {
            app = null;
            return AppMatch.Ambiguous;
        }

        return app is null ? AppMatch.None : AppMatch.One;
    }

    // A lower-case path can still match an upper-case pattern once folded.
    private bool MayFold(string host) => HasUpper(exact.GetValueOrDefault(host)) || HasUpper(wildcard);

    private static bool HasUpper(ImmutableArray<Row> rows)
    {
        if (rows.IsDefault)
        {
            return false;
        }

        foreach (var row in rows)
        {
            if (row.HasUpper)
            {
                return true;
            }
        }

        return false;
    }

    private AppEntry? Find(string host, string path, bool deep)
    {
        if (exact.TryGetValue(host, out var rows))
        {
            foreach (var row in rows)
            {
                if (row.Covers(path, deep))
                {
                    return row.App;
                }
            }
        }

        foreach (var row in wildcard)
        {
            if (row.Pattern.CoversHost(host) && row.Covers(path, deep))
            {
                return row.App;
            }
        }

        return null;
    }

    private sealed record Row(DomainPattern Pattern, AppEntry App)
    {
        public bool HasUpper { get; } = Pattern.Path.Any(char.IsAsciiLetterUpper);

        public bool Covers(string path, bool deep) => deep ? Pattern.CoversDeep(path) : Pattern.CoversPlain(path);
    }
}

/// <summary>Finds where a host's requests go: exact name first, then a wildcard for its first label.</summary>
public sealed class OriginMatcher(IEnumerable<OriginEntry> origins)
{
    private readonly FrozenDictionary<string, OriginEntry> byHost = origins.ToFrozenDictionary(o => o.Hostname.Hostname, StringComparer.Ordinal);

    /// <summary>The origin of <paramref name="host"/>, or null.</summary>
    public OriginEntry? Find(string host)
    {
        if (byHost.TryGetValue(host, out var entry))
        {
            return entry;
        }

        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? null : byHost.GetValueOrDefault("*" + host[dot..]);
    }
}
