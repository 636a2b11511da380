using System.Text.RegularExpressions;

namespace Gatehouse.Model.Expressions;

/// <summary>Patterns that can't be made slow: no backtracking, a bound on what is unrolled, and a clock.</summary>
internal static partial class SafeRegex
{
    /// <summary>Makes a matcher.</summary>
    public static Regex Make(At at, string pattern) => TryMake(pattern, out var fault) ?? throw at.Fault(fault);

    /// <summary>Makes a matcher; null when <paramref name="fault"/> says why not.</summary>
    public static Regex? TryMake(string pattern, out string fault)
    {
        fault = "";
        if (pattern.Length > Limits.Pattern)
        {
            fault = $"A pattern has at most {Limits.Pattern} characters.";
            return null;
        }

        var counts = 1L;
        foreach (var count in Counts().EnumerateMatches(pattern))
        {
            var text = pattern.AsSpan(count.Index + 1, count.Length - 2);
            var comma = text.LastIndexOf(',');
            counts *= int.TryParse(comma >= 0 && comma < text.Length - 1 ? text[(comma + 1)..] : comma >= 0 ? text[..comma] : text, out var most) ? Math.Max(1, most) : 1;
            if (counts > Limits.PatternCounts)
            {
                fault = $"The counts of this pattern multiply to more than {Limits.PatternCounts}.";
                return null;
            }
        }

        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Limits.Match);
        }
        catch (NotSupportedException)
        {
            fault = "Look-around, back references and atomic groups are not supported in patterns.";
            return null;
        }
        catch (ArgumentException unreadable)
        {
            fault = "This pattern can't be read: " + unreadable.Message;
            return null;
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
