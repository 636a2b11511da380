using System.Threading.Channels;

namespace Gatehouse.Model.Events;

/// <summary>Wakes whoever waits for events on this node. Signals that nobody took become one.</summary>
public sealed class EventSignal
{
    private readonly Channel<bool> pending = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Something was written.</summary>
    public void Set() => pending.Writer.TryWrite(true);

    /// <summary>Waits for a signal, at most until <paramref name="longest"/> has passed.</summary>
    public async Task WaitAsync(TimeSpan longest, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(longest, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await pending.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Time is up: whatever another node wrote is looked for, too.
        }
    }
}
