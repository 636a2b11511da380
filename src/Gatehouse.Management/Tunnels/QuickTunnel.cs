using System.Security.Cryptography;
using Gatehouse.Management.Dns;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Dns;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Tunnels;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Tunnels;

/// <summary>Whether connectors may make tunnels for themselves without a token. Off unless the operator says otherwise: anyone who can reach the API could publish a name.</summary>
public sealed record QuickTunnelSettings(bool IsOpen);

/// <summary>How asking for a quick tunnel went. A closed set. A class: it holds the secret.</summary>
internal abstract class QuickTunnelResult
{
    private QuickTunnelResult()
    {
    }

    /// <summary>Made.</summary>
    public sealed class Made(Tunnel tunnel, Uri url, TunnelCredentials credentials) : QuickTunnelResult
    {
        public Tunnel Tunnel { get; } = tunnel;

        public Uri Url { get; } = url;

        public TunnelCredentials Credentials { get; } = credentials;
    }

    /// <summary>There are as many as there may be.</summary>
    public sealed class Full : QuickTunnelResult;

    /// <summary>Others keep changing the same rows.</summary>
    public sealed class Busy : QuickTunnelResult;
}

/// <summary>A tunnel under a random name, for a while.</summary>
internal sealed class QuickTunnel(GatehouseDb db, SaveTunnel tunnels, DeleteTunnel delete, SaveDnsRecord records, TunnelDirectory directory, PublicUrls urls)
{
    /// <summary>The most that live at the same time. Each of them makes every change of the tables a little slower.</summary>
    public const int Most = 100;

    private const int NameLength = 16;

    /// <summary>Makes one.</summary>
    public async Task<QuickTunnelResult> CreateAsync(CancellationToken cancellationToken)
    {
        if (await db.Tunnels.CountAsync(t => t.IsQuick && t.DeletedAt == null, cancellationToken) >= Most)
        {
            return new QuickTunnelResult.Full();
        }

        var name = RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", NameLength);
        var hostname = $"{name}.{urls.Domain}";
        if (await tunnels.CreateAsync(new TunnelFields { Name = Tunnel.QuickNameOf(name), IsQuick = true }, cancellationToken) is not WriteResult<Tunnel>.Done { Value: { } tunnel })
        {
            return new QuickTunnelResult.Busy();
        }

        var draft = new DnsRecordDraft(hostname, "CNAME", tunnel.Id + DnsRecord.TunnelSuffix, 1, true, "");
        if (await records.CreateAsync(draft, cancellationToken) is not WriteResult<DnsRecord>.Done)
        {
            await delete.RunAsync(tunnel.Id, evenInUse: true, cancellationToken);
            return new QuickTunnelResult.Busy();
        }

        return new QuickTunnelResult.Made(tunnel, new Uri(urls.UrlOf(hostname)), await directory.CredentialsAsync(tunnel, cancellationToken));
    }
}
