namespace Gatehouse.Tests.Fakes;

/// <summary>A clock that moves when told to.</summary>
public sealed class FakeClock(DateTimeOffset start) : TimeProvider
{
    private DateTimeOffset now = start;

    /// <summary>A clock that starts at a fixed day.</summary>
    public FakeClock()
        : this(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
    {
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => now;

    /// <summary>Moves on.</summary>
    public void Advance(TimeSpan by) => now += by;
}
