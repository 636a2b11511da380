namespace Gatehouse.Model.Expressions;

/// <summary>What an expression may cost. All of it is checked before it is spent.</summary>
internal static class Limits
{
    /// <summary>Characters of source.</summary>
    public const int Source = 16 * 1024;

    /// <summary>How deep brackets, operators and blocks nest.</summary>
    public const int Nesting = 40;

    /// <summary>Steps of one run; an operation over many items or characters counts as many.</summary>
    public const int Steps = 50_000;

    /// <summary>Characters and items that one run may make.</summary>
    public const int Made = 512 * 1024;

    /// <summary>How deep lists and dictionaries nest when they are compared, written or returned.</summary>
    public const int Depth = 32;

    /// <summary>Characters of a pattern.</summary>
    public const int Pattern = 500;

    /// <summary>The highest product of the counts (<c>{3,8}</c>) in a pattern: they are unrolled.</summary>
    public const int PatternCounts = 1000;

    /// <summary>Messages and log lines of one run, and the length of each.</summary>
    public const int Lines = 50;

    /// <inheritdoc cref="Lines"/>
    public const int Line = 1000;

    /// <summary>The longest that one run lasts, whatever it does.</summary>
    public static readonly TimeSpan Time = TimeSpan.FromSeconds(1);

    /// <summary>The longest that one match lasts: far more than any needs, so that a busy machine refuses nobody.</summary>
    public static readonly TimeSpan Match = TimeSpan.FromMilliseconds(500);
}
