using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Model.Hosts;

/// <summary>Connects to one of a name's addresses without waiting for one that says nothing: another sets out every 250 ms or when one failed, the families in turn, and the first to arrive wins (RFC 8305).</summary>
public static class AddressRace
{
    /// <summary>How long one address is ahead of the next.</summary>
    public static readonly TimeSpan Lead = TimeSpan.FromMilliseconds(250);

    /// <summary>Connects. With <paramref name="share"/> there is no race: each address has that long, alone.</summary>
    /// <exception cref="SocketException">None could be reached; says why of the first.</exception>
    public static async Task<Socket> ConnectAsync(IReadOnlyList<IPAddress> addresses, int port, TimeSpan? share, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var left = new Queue<IPAddress>(InTurn([.. addresses.Select(Plain)]));
        var running = new List<Task<Socket>>();
        SocketException? first = null;
        try
        {
            while (left.Count > 0 || running.Count > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (left.TryDequeue(out var next))
                {
                    running.Add(DialAsync(next, port, share, clock, over.Token));
                }

                if (await FirstAsync(running, left.Count > 0 ? share ?? Lead : Timeout.InfiniteTimeSpan, clock, over.Token) is { } done)
                {
                    running.Remove(done);
                    try
                    {
                        return await done;
                    }
                    catch (SocketException fault)
                    {
                        first ??= fault;
                    }
                }
            }

            throw first ?? new SocketException((int)SocketError.HostNotFound);
        }
        finally
        {
            await over.CancelAsync();
            await DropAsync(running);
        }
    }

    // A socket of IPv6 reaches no IPv4 address, however it is written (RFC 4291 §2.5.5.2).
    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    // RFC 8305 §4: the families take turns, that of the first address first.
    private static IEnumerable<IPAddress> InTurn(IReadOnlyList<IPAddress> addresses)
    {
        var other = new Queue<IPAddress>(addresses.Where(a => a.AddressFamily != addresses[0].AddressFamily));
        foreach (var address in addresses.Where(a => a.AddressFamily == addresses[0].AddressFamily))
        {
            yield return address;
            if (other.TryDequeue(out var next))
            {
                yield return next;
            }
        }

        while (other.TryDequeue(out var rest))
        {
            yield return rest;
        }
    }

    /// <summary>The first that ended; null when none did for a while.</summary>
    private static async Task<Task<Socket>?> FirstAsync(List<Task<Socket>> running, TimeSpan patience, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ended = await Task.WhenAny([.. running, Task.Delay(patience, clock, waiting.Token)]);
        await waiting.CancelAsync();
        return ended as Task<Socket>;
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "Handed out; without a connection it is disposed here.")]
    private static async Task<Socket> DialAsync(IPAddress address, int port, TimeSpan? share, TimeProvider clock, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var late = new CancellationTokenSource(share ?? Timeout.InfiniteTimeSpan, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            await socket.ConnectAsync(address, port, either.Token);
            return socket;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // One may have arrived in the same moment.
    private static async Task DropAsync(List<Task<Socket>> running)
    {
        foreach (var late in running)
        {
            try
            {
                (await late).Dispose();
            }
            catch (Exception fault) when (fault is SocketException or OperationCanceledException)
            {
                // As it should be.
            }
        }
    }
}
