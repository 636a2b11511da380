using System.Text.RegularExpressions;

namespace Gatehouse.Model.Expressions;

/// <summary>Patterns that can't be made slow: no backtracking, a bound on what is unrolled, and a clock.</summary>
internal static partial class SafeRegex
{
    /// <summary>Makes a matcher.</summary>
    public static Regex Make(At at, string pattern)
    {
        if (pattern.Length > Limits.Pattern)
        {
            throw at.Fault($"A pattern has at most {Limits.Pattern} characters.");
        }

        var counts = 1L;
        foreach (var count in Counts().EnumerateMatches(pattern))
        {
            var text = pattern.AsSpan(count.Index + 1, count.Length - 2);
            var comma = text.LastIndexOf(',');
            counts *= int.TryParse(comma >= 0 && comma < text.Length - 1 ? text[(comma + 1)..] : comma >= 0 ? text[..comma] : text, out var most) ? Math.Max(1, most) : 1;
            if (counts > Limits.PatternCounts)
            {
                throw at.Fault($"The counts of this pattern multiply to more than {Limits.PatternCounts}.");
            }
        }

        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Limits.Match);
        }
        catch (NotSupportedException)
        {
            throw at.Fault("Look-around, back references and atomic groups are not supported in patterns.");
        }
        catch (ArgumentException fault)
        {
            throw at.Fault("This pattern can't be read: " + fault.Message);
        }
    }

    /// <summary>Runs a match; taking too long is a fault.</summary>
    public static T Run<T>(At at, Func<T> match)
    {
        try
        {
            return match();
        }
        catch (RegexMatchTimeoutException)
        {
            throw at.Fault("The pattern takes too long on this text.");
        }
    }

    [GeneratedRegex(@"\{[0-9]{1,9}(,[0-9]{0,9})?\}", RegexOptions.NonBacktracking)]
    private static partial Regex Counts();
}
