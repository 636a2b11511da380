using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Tunnels;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Tunnels;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Management.Setup;

/// <summary>How laying a tunnel ended.</summary>
public abstract record LayTunnelResult
{
    private LayTunnelResult()
    {
    }

    /// <summary>It stands; connectors bring these.</summary>
    public sealed record Done(TunnelCredentials Credentials) : LayTunnelResult;

    /// <summary>It can't be laid. <paramref name="Reason"/> is for the operator.</summary>
    public sealed record Refused(string Reason) : LayTunnelResult;
}

/// <summary>Makes sure that a tunnel of a name leads a hostname to a service. What else it publishes stays as it is when it leads there already.</summary>
public sealed class LayTunnel(IServiceScopeFactory scopes)
{
    /// <summary>Makes what is missing.</summary>
    public async Task<LayTunnelResult> EnsureAsync(string name, string hostname, Uri service, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var services = scope.ServiceProvider;
        var db = services.GetRequiredService<GatehouseDb>();
        var tunnel = await db.Tunnels.AsNoTracking().SingleOrDefaultAsync(t => t.Name == name && t.DeletedAt == null, cancellationToken);
        if (tunnel is null)
        {
            var made = await services.GetRequiredService<SaveTunnel>().CreateAsync(new TunnelFields { Name = name, IsRemotelyManaged = true }, cancellationToken);
            if (made is not WriteResult<Tunnel>.Done done)
            {
                return new LayTunnelResult.Refused("the tunnel can't be made");
            }

            tunnel = done.Value;
        }

        var directory = services.GetRequiredService<TunnelDirectory>();
        var wanted = new JsonObject
        {
            ["ingress"] = new JsonArray(
                new JsonObject { ["hostname"] = hostname, ["service"] = service.GetLeftPart(UriPartial.Authority) },
                new JsonObject { ["service"] = "http_status:404" }),
        }.ToJsonString();
        if ((await directory.ConfigurationAsync(tunnel.Id, cancellationToken))?.Json != wanted)
        {
            using var config = JsonDocument.Parse(wanted);
            var saved = await services.GetRequiredService<SaveTunnelConfiguration>().ReplaceAsync(tunnel.Id, config.RootElement, null, cancellationToken);
            if (saved is not WriteResult<TunnelConfiguration>.Done)
            {
                return new LayTunnelResult.Refused("the tunnel can't be configured");
            }
        }

        return new LayTunnelResult.Done(await directory.CredentialsAsync(tunnel, cancellationToken));
    }
}
