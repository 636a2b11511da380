using System.Security.Cryptography;
using Gatehouse.Management.Dns;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Dns;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Tunnels;

namespace Gatehouse.Management.Tunnels;

/// <summary>Whether connectors may make tunnels for themselves without a token. Off unless the operator says otherwise: anyone who can reach the API could publish a name.</summary>
public sealed record QuickTunnelSettings(bool IsOpen);

/// <summary>A tunnel under a random name, for a while.</summary>
internal sealed class QuickTunnel(SaveTunnel tunnels, DeleteTunnel delete, SaveDnsRecord records, TunnelDirectory directory, PublicUrls urls)
{
    private const int NameLength = 16;

    /// <summary>Makes one; null when others keep changing the same rows.</summary>
    public async Task<(Tunnel Tunnel, string Hostname, TunnelCredentials Credentials)?> CreateAsync(CancellationToken cancellationToken)
    {
        var name = RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", NameLength);
        var hostname = $"{name}.{urls.Domain}";
        if (await tunnels.CreateAsync(new TunnelFields { Name = "quick " + name, IsQuick = true }, cancellationToken) is not WriteResult<Tunnel>.Done { Value: { } tunnel })
        {
            return null;
        }

        var draft = new DnsRecordDraft(hostname, "CNAME", tunnel.Id + DnsRecord.TunnelSuffix, 1, true, "");
        if (await records.CreateAsync(draft, cancellationToken) is not WriteResult<DnsRecord>.Done)
        {
            await delete.RunAsync(tunnel.Id, evenInUse: true, cancellationToken);
            return null;
        }

        return (tunnel, hostname, await directory.CredentialsAsync(tunnel, cancellationToken));
    }
}
