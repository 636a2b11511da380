namespace Gatehouse.Store.Queues;

/// <summary>The end of the process, for those who write what others have queued.</summary>
internal static class LastWrites
{
    /// <summary>What there is for it at least, however little of the host's time is left: others may have used it up.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromSeconds(5);

    /// <summary>Waits until <paramref name="running"/> is done, or the least time has passed and the host waits no longer.</summary>
    public static async Task WaitAsync(Task running, TimeProvider clock, CancellationToken patience)
    {
        using var done = new CancellationTokenSource();
        await Task.WhenAny(running, Task.Delay(Least, clock, done.Token));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(done.Token, patience);
        await Task.WhenAny(running, Task.Delay(Timeout.InfiniteTimeSpan, clock, either.Token));
        await done.CancelAsync();
    }
}
