namespace Gatehouse.Model.Expressions;

/// <summary>What one run may still spend.</summary>
internal sealed class Budget(TimeProvider clock, TimeSpan time)
{
    private const int LookAtClockEvery = 512;

    private readonly long begin = clock.GetTimestamp();
    private int steps;
    private int made;
    private int untilClock = LookAtClockEvery;

    /// <summary>Steps so far.</summary>
    public int Steps => steps;

    /// <summary>Spends steps.</summary>
    public void Step(At at, int count = 1)
    {
        steps += Math.Max(1, count);
        if (steps > Limits.Steps)
        {
            throw at.Fault($"The expression takes more than {Limits.Steps} steps.");
        }

        untilClock -= count;
        if (untilClock <= 0)
        {
            untilClock = LookAtClockEvery;
            if (clock.GetElapsedTime(begin) > time)
            {
                throw at.Fault("The expression takes too long.");
            }
        }
    }

    /// <summary>Spends memory, before it is taken: characters or items.</summary>
    public void Make(At at, long count)
    {
        if (count > Limits.Made - made)
        {
            throw at.Fault($"The expression makes more than {Limits.Made} characters and items.");
        }

        made += (int)count;
        Step(at, (int)(count / 64) + 1);
    }

    /// <summary>Spends what looking at <paramref name="length"/> characters or items costs.</summary>
    public void Look(At at, int length) => Step(at, (length / 64) + 1);
}
