using System.Threading.Channels;

namespace Gatehouse.Store.Snapshots;

/// <summary>Wakes the watcher before its time. Raising it twice before it looks wakes it once.</summary>
internal sealed class ChangeSignal
{
    private readonly Channel<bool> raised = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Something may have changed.</summary>
    public void Set() => raised.Writer.TryWrite(true);

    /// <summary>Returns when raised, or after <paramref name="longest"/>.</summary>
    public async Task WaitAsync(TimeSpan longest, TimeProvider clock, CancellationToken stopping)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAny(raised.Reader.WaitToReadAsync(wait.Token).AsTask(), Task.Delay(longest, clock, wait.Token));
        await wait.CancelAsync();
        raised.Reader.TryRead(out _);
    }
}
