using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Model.Tunnels;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>Tunnels and their connectors as Cloudflare writes them (contract §3.11).</summary>
internal static class TunnelBody
{
    // Four are held; with fewer than two nothing is left when one breaks.
    private const int Enough = 2;

    public static JsonObject Of(Tunnel tunnel, string account, IReadOnlyList<TunnelConnector> connectors, ITunnelConnections notes)
    {
        var all = connectors.SelectMany(c => c.Connections.Select(n => Connection(c, n))).ToArray();
        var body = new JsonObject
        {
            ["id"] = tunnel.Id.ToString(),
            ["account_tag"] = account,
            ["created_at"] = JsonList.Time(tunnel.CreatedAt),
            ["deleted_at"] = TimeOf(tunnel.DeletedAt),
            ["name"] = tunnel.Name,
            ["connections"] = new JsonArray(all),
            ["conns_active_at"] = all.Length > 0 ? TimeOf(tunnel.ActiveAt) : null,
            ["conns_inactive_at"] = all.Length > 0 ? null : TimeOf(tunnel.InactiveAt),
            ["tun_type"] = "cfd_tunnel",
            ["metadata"] = new JsonObject(),
            ["status"] = all.Length >= Enough ? "healthy" : all.Length > 0 ? "degraded" : tunnel.ActiveAt is null ? "inactive" : "down",
            ["remote_config"] = tunnel.IsRemotelyManaged,
            ["config_src"] = tunnel.IsRemotelyManaged ? "cloudflare" : "local",
        };
        AddFaults(body, notes, tunnel.Id, isConnected: all.Length > 0);
        return body;
    }

    // Ours: what went wrong last, at which hop, and why a connection was lost. A connector that was refused, a stranger's maybe, is no error of a tunnel that is connected.
    private static void AddFaults(JsonObject body, ITunnelConnections notes, Guid tunnel, bool isConnected)
    {
        if (notes.Faults(tunnel) is { Count: > 0 } faults)
        {
            if (faults.FirstOrDefault(f => !isConnected || f.Host.Length > 0) is { } last)
            {
                body["last_error"] = Fault(last);
            }

            body["last_errors"] = JsonList.Of(faults, Fault);
        }

        if (notes.LastLoss(tunnel) is { } loss)
        {
            body["last_disconnect"] = new JsonObject { ["client_id"] = loss.Connector.ToString(), ["message"] = loss.What, ["at"] = JsonList.Time(loss.At) };
        }
    }

    private static JsonObject Fault(TunnelFault fault) => new()
    {
        ["hop"] = fault.Hop.ToString().ToLowerInvariant(),
        ["message"] = fault.What,
        ["hostname"] = fault.Host.Length > 0 ? fault.Host : null,
        ["at"] = JsonList.Time(fault.At),
    };

    public static JsonObject Connector(TunnelConnector connector) => new()
    {
        ["id"] = connector.Id.ToString(),
        ["arch"] = connector.Arch,
        ["version"] = connector.Version,
        ["features"] = JsonList.Of(connector.Features),
        ["run_at"] = JsonList.Time(connector.RunAt),
        ["config_version"] = connector.ConfigurationNumber,
        ["config_error"] = connector.ConfigurationFault, // ours
        ["conns"] = JsonList.Of(connector.Connections, n => Connection(connector, n)),
    };

    private static JsonObject Connection(TunnelConnector connector, TunnelConnection connection) => new()
    {
        ["id"] = connection.Id.ToString(),
        ["uuid"] = connection.Id.ToString(),
        ["client_id"] = connector.Id.ToString(),
        ["client_version"] = connector.Version,
        ["colo_name"] = connection.Location,
        ["is_pending_reconnect"] = connection.IsDraining,
        ["opened_at"] = JsonList.Time(connection.OpenedAt),
        ["origin_ip"] = connection.OriginIp,
    };

    private static string? TimeOf(DateTimeOffset? time) => time is { } at ? JsonList.Time(at) : null;
}
