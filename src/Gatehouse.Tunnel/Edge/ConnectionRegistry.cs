using System.Collections.Concurrent;
using System.Collections.Immutable;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tunnel.Wire.Rpc;

namespace Gatehouse.Tunnel.Edge;

/// <summary>How adding a connection went. A closed set.</summary>
internal enum AddResult
{
    /// <summary>It serves now.</summary>
    Added,

    /// <summary>The tunnel has as many as it may have.</summary>
    Full,

    /// <summary>The edge is going away.</summary>
    Closing,
}

/// <summary>The registered connections of this node, by tunnel.</summary>
internal sealed class ConnectionRegistry(ActivityJournal journal, TunnelNotes notes, TimeProvider clock) : ITunnelConnections
{
    private const int Silence = 1 << 24; // weighs as much as more requests than there can be

    private readonly ConcurrentDictionary<Guid, ImmutableArray<EdgeConnection>> byTunnel = new();
    private readonly ConcurrentDictionary<EdgeConnection, byte> leaving = new();
    private readonly Lock gate = new();
    private bool isClosing; // guarded by gate
    private int turn;

    /// <summary>All that take requests.</summary>
    public IEnumerable<EdgeConnection> All => byTunnel.Values.SelectMany(c => c);

    /// <summary>Those too that only finish what they have.</summary>
    public IEnumerable<EdgeConnection> Everyone => All.Concat(leaving.Keys);

    /// <summary>Adds a connection. One of the same connector and index is given up: the connector has lost it.</summary>
    public AddResult TryAdd(EdgeConnection connection, Registration registration, int most)
    {
        EdgeConnection? stale;
        lock (gate)
        {
            var there = byTunnel.GetValueOrDefault(registration.TunnelId, []);
            stale = there.FirstOrDefault(c => c.Registered is { } other && other.ConnectorId == registration.ConnectorId && other.Index == registration.Index);
            if (isClosing)
            {
                return AddResult.Closing;
            }

            if (stale is null && there.Length >= most)
            {
                return AddResult.Full;
            }

            connection.Registered = registration;
            byTunnel[registration.TunnelId] = (stale is null ? there : there.Remove(stale)).Add(connection);
            if (there.IsEmpty)
            {
                journal.Note(registration.TunnelId, isActive: true, clock.GetUtcNow());
            }
        }

        stale?.GiveUp("the connector opened it anew");
        return AddResult.Added;
    }

    /// <summary>Takes a connection out that still has to finish what it has begun; it can be cut off until it is removed.</summary>
    public void Leave(EdgeConnection connection)
    {
        if (connection.Registered is not null)
        {
            leaving[connection] = 0; // first, so that it is always in one of them
            TakeOut(connection);
        }
    }

    /// <summary>Takes a connection out that is over.</summary>
    public void Remove(EdgeConnection connection)
    {
        TakeOut(connection);
        leaving.TryRemove(connection, out _);
    }

    private void TakeOut(EdgeConnection connection)
    {
        if (connection.Registered is not { } registered)
        {
            return;
        }

        lock (gate)
        {
            var there = byTunnel.GetValueOrDefault(registered.TunnelId, []);
            var left = there.Remove(connection);
            if (left.Length == there.Length)
            {
                return;
            }

            if (left.IsEmpty)
            {
                byTunnel.TryRemove(registered.TunnelId, out _);
                journal.Note(registered.TunnelId, isActive: false, clock.GetUtcNow());
            }
            else
            {
                byTunnel[registered.TunnelId] = left;
            }
        }
    }

    /// <summary>The connection with the least to do that is not among <paramref name="tried"/>, one that is silent only if there is no other; null when there is none.</summary>
    public EdgeConnection? Pick(Guid tunnel, IReadOnlyCollection<EdgeConnection> tried)
    {
        var there = byTunnel.GetValueOrDefault(tunnel, []);
        if (there.IsEmpty)
        {
            return null;
        }

        // Begins elsewhere each time, so that equals share the load.
        var start = (int)((uint)Interlocked.Increment(ref turn) % (uint)there.Length);
        EdgeConnection? best = null;
        var least = int.MaxValue;
        for (var n = 0; n < there.Length; n++)
        {
            var connection = there[(start + n) % there.Length];
            var load = connection.Streams + (connection.IsSilent ? Silence : 0);
            if (!connection.IsDraining && load < least && !tried.Contains(connection))
            {
                (best, least) = (connection, load);
            }
        }

        return best;
    }

    /// <summary>The connections of one tunnel.</summary>
    public ImmutableArray<EdgeConnection> Connections(Guid tunnel) => byTunnel.GetValueOrDefault(tunnel, []);

    /// <summary>Takes no more.</summary>
    public void BeginClosing()
    {
        lock (gate)
        {
            isClosing = true;
        }
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> LocalConfiguration(Guid tunnel) => Connections(tunnel).Select(c => c.LocalConfiguration).FirstOrDefault(c => !c.IsEmpty);

    /// <inheritdoc/>
    public IReadOnlyList<TunnelFault> Faults(Guid tunnel)
    {
        var oldest = clock.GetUtcNow() - TunnelNotes.KeepRefusals;
        return [.. notes.Faults(tunnel).Where(f => f.Host.Length > 0 || f.At > oldest)];
    }

    /// <inheritdoc/>
    public TunnelLoss? LastLoss(Guid tunnel) => notes.LastLoss(tunnel);

    /// <inheritdoc/>
    public void Drop(Guid tunnel, Guid? connector)
    {
        foreach (var connection in Everyone.Where(c => c.Registered is { } registered && registered.TunnelId == tunnel && (connector is null || registered.ConnectorId == connector)))
        {
            connection.GiveUp("an administrator closed it");
        }
    }

    /// <summary>Closes these; some may be over already.</summary>
    public void Close(IReadOnlyCollection<Guid> connections)
    {
        foreach (var connection in Everyone.Where(c => connections.Contains(c.Id)))
        {
            connection.GiveUp("an administrator closed it");
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<TunnelConnector> Of(Guid tunnel) => [.. Connections(tunnel)
        .Where(c => c.Registered is not null)
        .GroupBy(c => c.Registered!.ConnectorId) // filtered just above
        .Select(Describe)
        .OrderBy(c => c.RunAt)];

    private static TunnelConnector Describe(IGrouping<Guid, EdgeConnection> group)
    {
        var first = group.OrderBy(c => c.OpenedAt).First();
        var registered = first.Registered!; // grouped by it
        var reply = group.OrderByDescending(c => c.Offered ?? int.MinValue).First().Configuration;
        return new TunnelConnector
        {
            Id = group.Key,
            Version = registered.Version,
            Arch = registered.Arch,
            Features = registered.Features,
            RunAt = first.OpenedAt,
            ConfigurationNumber = reply is { Number: > 0 } running ? running.Number : null, // before the first they say 0 or less
            ConfigurationFault = reply?.Fault,
            Connections = [.. group.OrderBy(c => c.Registered!.Index) // grouped by it
                .Select(c => new TunnelConnection(c.Id, c.Registered!.Index, c.OpenedAt, c.Remote.ToString(), c.Location, c.IsDraining))], // grouped by it
        };
    }
}
