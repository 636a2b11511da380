namespace Gatehouse.Model.Authenticators;

/// <summary>Makes guessing at codes slow: after n wrong ones factor * 2^(n-1) seconds, at most five minutes.</summary>
public static class GuessWait
{
    private const int MostDoublings = 60;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>How long no code is looked at after this many wrong ones.</summary>
    /// <param name="failures">Wrong codes in a row; at least 1.</param>
    /// <param name="factor">Seconds after the first; 0 means none.</param>
    public static TimeSpan After(int failures, double factor) =>

        // The power is bounded: a thousand wrong codes would make it infinite, and nothing times infinity is no number.
        factor > 0 ? TimeSpan.FromSeconds(Math.Min(Longest.TotalSeconds, factor * Math.Pow(2, Math.Min(failures - 1, MostDoublings)))) : TimeSpan.Zero;
}
