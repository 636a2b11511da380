using System.Collections.Concurrent;

namespace Gatehouse.Model.Snapshots;

/// <summary>Remembers at most a number of values and forgets what was not asked for lately. Reading takes no lock and no memory.</summary>
/// <param name="most">The most values kept.</param>
public sealed class RecentValues<TValue>(int most)
    where TValue : class
{
    private readonly Lock gate = new();
    private volatile Halves halves = new(new(StringComparer.Ordinal), new(StringComparer.Ordinal));
    private int youngCount; // guarded by gate

    /// <summary>The value of <paramref name="key"/>, or null.</summary>
    public TValue? Find(ReadOnlySpan<char> key)
    {
        var now = halves;
        if (now.FindYoung.TryGetValue(key, out var value))
        {
            return value;
        }

        if (now.FindOld.TryGetValue(key, out value))
        {
            // Asked for again, so it moves to the young half.
            Add(key.ToString(), value);
        }

        return value;
    }

    /// <summary>Remembers a value; another of the same key is replaced.</summary>
    public void Add(string key, TValue value)
    {
        lock (gate)
        {
            if (!halves.Young.TryAdd(key, value))
            {
                halves.Young[key] = value;
                return;
            }

            if (++youngCount >= Math.Max(1, most / 2))
            {
                halves = new Halves(new(StringComparer.Ordinal), halves.Young);
                youngCount = 0;
            }
        }
    }

    private sealed class Halves(ConcurrentDictionary<string, TValue> young, ConcurrentDictionary<string, TValue> old)
    {
        public ConcurrentDictionary<string, TValue> Young { get; } = young;

        public ConcurrentDictionary<string, TValue>.AlternateLookup<ReadOnlySpan<char>> FindYoung { get; } = young.GetAlternateLookup<ReadOnlySpan<char>>();

        public ConcurrentDictionary<string, TValue>.AlternateLookup<ReadOnlySpan<char>> FindOld { get; } = old.GetAlternateLookup<ReadOnlySpan<char>>();
    }
}
