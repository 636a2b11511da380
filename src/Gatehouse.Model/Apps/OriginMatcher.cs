using System.Collections.Frozen;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Model.Apps;

/// <summary>Finds where a host's requests go: exact name first, then a wildcard for its first label.</summary>
public sealed class OriginMatcher
{
    private readonly FrozenDictionary<string, OriginEntry> byHost;
    private readonly FrozenDictionary<string, OriginEntry>.AlternateLookup<ReadOnlySpan<char>> byParent;

    /// <summary>Indexes <paramref name="origins"/>; of two for one name the first counts.</summary>
    public OriginMatcher(IEnumerable<OriginEntry> origins)
    {
        var all = origins.DistinctBy(o => o.Hostname.Hostname, StringComparer.Ordinal).ToList();
        byHost = all.ToFrozenDictionary(o => o.Hostname.Hostname, StringComparer.Ordinal);
        byParent = all.Where(o => o.Hostname.Hostname.StartsWith("*.", StringComparison.Ordinal))
            .ToFrozenDictionary(o => o.Hostname.Hostname[1..], StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The origin of <paramref name="host"/>, or null.</summary>
    public OriginEntry? Find(string host)
    {
        if (byHost.TryGetValue(host, out var entry))
        {
            return entry;
        }

        // One label for what the gateway dials; any number for a tunnel, whose rules have the last word.
        var first = host.IndexOf('.', StringComparison.Ordinal);
        for (var dot = first; dot > 0; dot = host.IndexOf('.', dot + 1))
        {
            if (byParent.TryGetValue(host.AsSpan(dot), out entry) && (dot == first || entry.Tunnel is not null))
            {
                return entry;
            }
        }

        return null;
    }
}
