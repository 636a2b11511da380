using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;
using Gatehouse.Model.Tunnels.Ingress;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Tunnels.TunnelConfiguration>;

namespace Gatehouse.Management.Tunnels;

/// <summary>Changes what a tunnel publishes. It is pushed to connectors at once; what was refused is not.</summary>
internal sealed class SaveTunnelConfiguration(GatehouseDb db, Writer writer, PublicUrls urls, IEnumerable<IEventLog> events, TimeProvider clock)
{
    /// <summary>Replaces the configuration; <paramref name="actor"/> is who did it, null for Gatehouse itself.</summary>
    public async Task<Result> ReplaceAsync(Guid id, JsonElement config, int? actor, CancellationToken cancellationToken)
    {
        IngressTable? table = null;
        var result = await writer.RunAsync<TunnelConfiguration>(
            Topic.Access,
            async () =>
            {
                if (await db.Tunnels.SingleOrDefaultAsync(t => t.Id == id && t.DeletedAt == null, cancellationToken) is not { } tunnel)
                {
                    return new Result.Missing();
                }

                var faults = new List<IngressFault>();
                table = IngressReader.Read(config, faults);
                faults.AddRange(table.Hostnames.Where(urls.IsOwn).Select(h => new IngressFault("ingress", $"'{h}' is a host of Gatehouse itself")));
                if (faults.Count > 0)
                {
                    return new Result.Refused([.. faults.Select(f => new Fault("config." + f.Field, f.Text))]);
                }

                var kept = await db.TunnelConfigurations.SingleOrDefaultAsync(c => c.TunnelId == id, cancellationToken);
                if (await TakenAsync(id, table.Hostnames.Except(HostnamesOf(kept)), cancellationToken) is { } taken)
                {
                    return taken;
                }

                // Whoever configures it here manages it here.
                tunnel.IsRemotelyManaged = true;
                tunnel.UpdatedAt = clock.GetUtcNow();
                if (kept is null)
                {
                    kept = new TunnelConfiguration { TunnelId = id, Number = 0, Json = "" };
                    db.TunnelConfigurations.Add(kept);
                }

                kept.Number++;
                kept.Json = config.GetRawText();
                kept.CreatedAt = clock.GetUtcNow();
                return new Result.Done(kept);
            },
            cancellationToken);
        if (result is Result.Done && table is not null)
        {
            await WriteDownAsync(id, table, actor, cancellationToken);
        }

        return result;
    }

    // Of two tunnels with one name the older would win, and nobody would know why. A DNS record says which one is meant.
    private async Task<Result.Taken?> TakenAsync(Guid id, IEnumerable<string> added, CancellationToken cancellationToken)
    {
        var hostnames = added.ToHashSet(StringComparer.Ordinal);
        if (hostnames.Count == 0)
        {
            return null;
        }

        var records = await db.DnsRecords.AsNoTracking().Where(r => r.IsProxied && r.Type == "CNAME").ToListAsync(cancellationToken);
        hostnames.ExceptWith(records.Where(r => r.TunnelId is not null).Select(r => r.Name));
        var others = from other in db.Tunnels.AsNoTracking()
                     join configuration in db.TunnelConfigurations.AsNoTracking() on other.Id equals configuration.TunnelId
                     where other.Id != id && other.DeletedAt == null && other.IsRemotelyManaged
                     orderby other.CreatedAt, other.Id
                     select new { other.Name, configuration.Json };
        await foreach (var other in others.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            if (HostnamesOf(other.Json).FirstOrDefault(hostnames.Contains) is { } hostname)
            {
                return new Result.Taken(new Fault("config.ingress", $"'{hostname}' is published by the tunnel '{other.Name}'; take it out there first, or say by a DNS record which tunnel it leads to"));
            }
        }

        return null;
    }

    private static IEnumerable<string> HostnamesOf(TunnelConfiguration? kept) => kept is null ? [] : HostnamesOf(kept.Json);

    private static IEnumerable<string> HostnamesOf(string json) => IngressReader.ReadKept(json)?.Hostnames ?? [];

    // Where rules lead is asked about later, above all when it is into the connector's own machine or network.
    private async Task WriteDownAsync(Guid id, IngressTable table, int? actor, CancellationToken cancellationToken)
    {
        var user = actor is null ? null : await db.Users.AsNoTracking().Where(u => u.Id == actor).Select(u => new EventActor(u.Id, u.Username, u.Email)).SingleOrDefaultAsync(cancellationToken);
        var context = new JsonObject
        {
            ["model"] = new JsonObject { ["app"] = "gatehouse_tunnel", ["model_name"] = "tunnelconfiguration", ["pk"] = id.ToString() },
            ["services"] = new JsonArray([.. table.Rules.Select(r => (JsonNode)r.Service)]),
            ["internal"] = new JsonArray([.. table.Rules.Where(r => IsInternal(r.Target)).Select(r => (JsonNode)r.Service)]),
        };
        foreach (var log in events)
        {
            await log.WriteAsync(new NewEvent(EventActions.ModelUpdated, user, null, context), cancellationToken);
        }
    }

    private static bool IsInternal(ServiceTarget target) => target switch
    {
        ServiceTarget.Web web => IsInternal(web.Host),
        ServiceTarget.Tcp tcp => IsInternal(tcp.Host),
        ServiceTarget.Unix or ServiceTarget.Bastion => true,
        _ => false,
    };

    private static bool IsInternal(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.ToString().StartsWith("169.254.", StringComparison.Ordinal)));
}
