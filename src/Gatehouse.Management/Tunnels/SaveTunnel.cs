using System.Security.Cryptography;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Tunnels.Tunnel>;

namespace Gatehouse.Management.Tunnels;

/// <summary>What to make or change of a tunnel. A class: it holds the secret.</summary>
internal sealed class TunnelFields
{
    public Maybe<string> Name { get; init; }

    /// <summary>Base64 of at least 32 bytes; absent means a random one, or no change.</summary>
    public Maybe<string> Secret { get; init; }

    public Maybe<bool> IsRemotelyManaged { get; init; }

    public bool IsQuick { get; init; }

    /// <inheritdoc/>
    public override string ToString() => "***";
}

/// <summary>Makes and changes tunnels. A new secret cuts off connectors that hold the old one.</summary>
internal sealed class SaveTunnel(GatehouseDb db, Writer writer, ISecretBox box, TimeProvider clock)
{
    private const int ShortestSecret = 32;
    private const int LongestSecret = 1024;

    public Task<Result> CreateAsync(TunnelFields fields, CancellationToken cancellationToken) => writer.RunAsync<Tunnel>(
        Topic.Access,
        () =>
        {
            var now = clock.GetUtcNow();
            var tunnel = new Tunnel { Id = new Guid(RandomNumberGenerator.GetBytes(16)), Name = "", SealedSecret = Seal(RandomNumberGenerator.GetBytes(ShortestSecret)), IsQuick = fields.IsQuick, CreatedAt = now };
            db.Tunnels.Add(tunnel);
            return ApplyAsync(tunnel, fields, cancellationToken);
        },
        cancellationToken);

    public Task<Result> UpdateAsync(Guid id, TunnelFields fields, CancellationToken cancellationToken) => writer.RunAsync<Tunnel>(
        Topic.Access,
        async () => await db.Tunnels.SingleOrDefaultAsync(t => t.Id == id && t.DeletedAt == null, cancellationToken) is { } tunnel
            ? await ApplyAsync(tunnel, fields, cancellationToken)
            : new Result.Missing(),
        cancellationToken);

    private async Task<Result> ApplyAsync(Tunnel tunnel, TunnelFields fields, CancellationToken cancellationToken)
    {
        List<Fault> faults = [];
        tunnel.Name = fields.Name.Or(tunnel.Name).Trim();
        if (tunnel.Name.Length is 0 or > Tunnel.LongestName)
        {
            faults.Add(new Fault("name", $"the name must have 1 to {Tunnel.LongestName} characters"));
        }

        if (fields.Secret.Is(out var text))
        {
            var secret = new byte[text.Length];
            if (Convert.TryFromBase64String(text, secret, out var length) && length is >= ShortestSecret and <= LongestSecret)
            {
                tunnel.SealedSecret = Seal(secret.AsSpan(0, length));
            }
            else
            {
                faults.Add(new Fault("tunnel_secret", $"the secret must be base64 of {ShortestSecret} to {LongestSecret} bytes"));
            }
        }

        tunnel.IsRemotelyManaged = fields.IsRemotelyManaged.Or(tunnel.IsRemotelyManaged);
        tunnel.UpdatedAt = clock.GetUtcNow();
        return faults.Count > 0 ? new Result.Refused(faults)
            : await db.Tunnels.AnyAsync(t => t.Name == tunnel.Name && t.Id != tunnel.Id && t.DeletedAt == null, cancellationToken)
            ? new Result.Taken(new Fault("name", "You already have a tunnel with this name."))
            : new Result.Done(tunnel);
    }

    private byte[] Seal(ReadOnlySpan<byte> secret) => box.Seal(secret, SecretPurposes.TunnelSecret);
}
