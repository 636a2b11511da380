using Gatehouse.Model.Origins;

namespace Gatehouse.Model.Snapshots;

/// <summary>Which hostnames lead into which tunnel. Only what an administrator wrote counts, never what a connector says it serves.</summary>
internal static class TunnelRoutes
{
    /// <summary>Any address will do: the request does not leave by it.</summary>
    private const string Prefix = "http://tunnel";

    /// <summary>DNS records first, then the hostnames in configurations, oldest tunnel first.</summary>
    public static IEnumerable<OriginEntry> Of(AccessRows rows)
    {
        var alive = rows.Tunnels.Where(t => !t.IsDeleted).OrderBy(t => t.Tunnel.CreatedAt).ThenBy(t => t.Tunnel.Id).ToList();
        var byId = alive.ToDictionary(t => t.Tunnel.Id);
        foreach (var record in rows.DnsRecords.OrderBy(r => r.CreatedAt).ThenBy(r => r.Id))
        {
            if (record.IsProxied && record.TunnelId is { } id && byId.TryGetValue(id, out var tunnel))
            {
                yield return Entry(record.Name, tunnel);
            }
        }

        foreach (var tunnel in alive)
        {
            foreach (var hostname in tunnel.Ingress?.Hostnames ?? [])
            {
                yield return Entry(hostname, tunnel);
            }
        }
    }

    private static OriginEntry Entry(string hostname, TunnelEntry tunnel) => new()
    {
        Hostname = new PublicHostname { Id = tunnel.Tunnel.Id, Hostname = hostname, Service = Prefix },
        Prefix = Prefix,
        Tunnel = tunnel,
    };
}
