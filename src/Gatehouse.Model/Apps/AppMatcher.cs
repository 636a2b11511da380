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

    // Then a lower-case path can match one way as it is and another way folded.
    private readonly bool hasUpper;

    /// <summary>Compiles the domains of <paramref name="apps"/>; a domain that can't be read covers nothing.</summary>
    public AppMatcher(IEnumerable<AppEntry> apps)
    {
        // The order ends in the id: should two apps claim one address, every node picks the same.
        var rows = apps
            .SelectMany(a => a.App.Domains.Select(d => DomainPattern.TryParse(d, out var p, out _) ? new Row(p, a) : null))
            .OfType<Row>()
            .OrderByDescending(r => r.Pattern.Host.Replace("*", "", StringComparison.Ordinal).Length)
            .ThenByDescending(r => r.Pattern.Path.Replace("*", "", StringComparison.Ordinal).Length)
            .ThenBy(r => r.Pattern.Path.Contains('*', StringComparison.Ordinal))
            .ThenBy(r => r.Pattern.Text, StringComparer.Ordinal)
            .ThenBy(r => r.App.App.Id)
            .ToList();
        hasUpper = rows.Any(r => r.Pattern.Path.Any(char.IsAsciiLetterUpper));
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
        app = Find(host, path.Plain, folded: false);
        if (!IsSameFolded(host, path.Plain, path.Others.IsEmpty ? path.Deep : RequestPath.Folded(path.Plain), app) || !IsSameEverywhere(host, path, app))
        {
            app = null;
            return AppMatch.Ambiguous;
        }

        return app is null ? AppMatch.None : AppMatch.One;
    }

    private bool IsSameEverywhere(string host, in RequestPath path, AppEntry? app)
    {
        foreach (var reading in path.Others)
        {
            if (!ReferenceEquals(app, Find(host, reading, folded: false)) || !IsSameFolded(host, reading, RequestPath.Folded(reading), app))
            {
                return false;
            }
        }

        return true;
    }

    // An origin may take /ADMIN for /admin.
    private bool IsSameFolded(string host, string reading, string folded, AppEntry? app) =>
        (ReferenceEquals(folded, reading) && !hasUpper) || ReferenceEquals(app, Find(host, folded, folded: true));

    private AppEntry? Find(string host, string path, bool folded)
    {
        if (exact.TryGetValue(host, out var rows))
        {
            foreach (var row in rows)
            {
                if (row.Covers(path, folded))
                {
                    return row.App;
                }
            }
        }

        foreach (var row in wildcard)
        {
            if (row.Pattern.CoversHost(host) && row.Covers(path, folded))
            {
                return row.App;
            }
        }

        return null;
    }

    private sealed record Row(DomainPattern Pattern, AppEntry App)
    {
        public bool Covers(string path, bool folded) => folded ? Pattern.CoversDeep(path) : Pattern.CoversPlain(path);
    }
}
