using System.Collections.Concurrent;
using System.Collections.Immutable;
using Gatehouse.Model.Tunnels;

namespace Gatehouse.Tunnel.Edge;

/// <summary>What went wrong with tunnels on this node, in words: of some names of each the last request that found no way, and why it last lost a connection.</summary>
internal sealed class TunnelNotes
{
    /// <summary>The most names of a tunnel. Visitors choose them, where a wildcard is published.</summary>
    public const int MostNames = 20;

    /// <summary>For how long a connector that was refused is spoken of. One that is meant to be there tries again far sooner.</summary>
    public static readonly TimeSpan KeepRefusals = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<Guid, ImmutableArray<TunnelFault>> faults = new();
    private readonly ConcurrentDictionary<Guid, TunnelLoss> losses = new();

    /// <summary>Of each name the last, newest first.</summary>
    public ImmutableArray<TunnelFault> Faults(Guid tunnel) => faults.GetValueOrDefault(tunnel, []);

    /// <summary>The last loss; null when there was none.</summary>
    public TunnelLoss? LastLoss(Guid tunnel) => losses.GetValueOrDefault(tunnel);

    /// <summary>Remembers why a request found no way, or a connector was refused.</summary>
    public void Note(Guid tunnel, TunnelFault fault) => faults.AddOrUpdate(tunnel, [fault], (_, old) => [fault, .. old.Where(f => !IsOf(f, fault.Host)).Take(MostNames - 1)]);

    /// <summary>Forgets it: another one found its way.</summary>
    public void NoteWell(Guid tunnel, string host)
    {
        while (faults.TryGetValue(tunnel, out var there) && there.Any(f => IsOf(f, host)))
        {
            ImmutableArray<TunnelFault> left = [.. there.Where(f => !IsOf(f, host))];
            if (left.IsEmpty ? faults.TryRemove(KeyValuePair.Create(tunnel, there)) : faults.TryUpdate(tunnel, left, there))
            {
                return;
            }
        }
    }

    /// <summary>Remembers why a connection ended.</summary>
    public void Note(Guid tunnel, TunnelLoss loss) => losses[tunnel] = loss;

    /// <summary>Forgets tunnels that are gone.</summary>
    public void Forget(Func<Guid, bool> isThere)
    {
        foreach (var tunnel in faults.Keys.Concat(losses.Keys).Where(t => !isThere(t)))
        {
            faults.TryRemove(tunnel, out _);
            losses.TryRemove(tunnel, out _);
        }
    }

    private static bool IsOf(TunnelFault fault, string host) => fault.Host.Equals(host, StringComparison.OrdinalIgnoreCase);
}
