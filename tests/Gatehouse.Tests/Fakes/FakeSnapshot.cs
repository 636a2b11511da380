using Gatehouse.Model.Snapshots;

namespace Gatehouse.Tests.Fakes;

/// <summary>A table that changes when a test says so.</summary>
internal sealed class FakeSnapshot<T>(T first) : ISnapshot<T>
    where T : class
{
    private readonly List<Action<T>> watchers = [];

    /// <inheritdoc/>
    public T Current { get; private set; } = first;

    /// <inheritdoc/>
    public DateTimeOffset ConfirmedAt => DateTimeOffset.MaxValue;

    /// <summary>Puts another table in force.</summary>
    public void Swap(T next)
    {
        Current = next;
        watchers.ForEach(w => w(next));
    }

    /// <inheritdoc/>
    public IDisposable OnSwap(Action<T> action)
    {
        watchers.Add(action);
        return new Watch(() => watchers.Remove(action));
    }

    private sealed class Watch(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
