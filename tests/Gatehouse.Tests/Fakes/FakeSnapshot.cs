using Gatehouse.Model.Snapshots;

namespace Gatehouse.Tests.Fakes;

/// <summary>A table that changes when told to.</summary>
internal sealed class FakeSnapshot<T>(T first, TimeProvider clock) : ISnapshot<T>
    where T : class
{
    private readonly List<Action<T>> actions = [];

    /// <inheritdoc/>
    public T Current { get; private set; } = first;

    /// <inheritdoc/>
    public DateTimeOffset ConfirmedAt { get; private set; } = clock.GetUtcNow();

    /// <inheritdoc/>
    public IDisposable OnSwap(Action<T> action)
    {
        actions.Add(action);
        return new Subscription(() => actions.Remove(action));
    }

    /// <summary>Puts another table in force.</summary>
    public void Swap(T next)
    {
        Current = next;
        ConfirmedAt = clock.GetUtcNow();
        actions.ForEach(a => a(next));
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
