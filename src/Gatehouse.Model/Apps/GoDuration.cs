using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gatehouse.Model.Apps;

/// <summary>Durations as Cloudflare writes them, in the way of Go: <c>24h</c>, <c>2h45m</c>, <c>300ms</c>, <c>0</c>.</summary>
public static class GoDuration
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>Reads <paramref name="text"/>. False for anything else, for negative ones, for parts of a millisecond, and for more than a hundred years.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text == "0")
        {
            return true;
        }

        var rest = text.AsSpan();
        decimal milliseconds = 0;
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits < 1 || digits > 20 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            rest = rest[digits..];
            var letters = rest.IndexOfAny(Digits) is >= 0 and var next ? next : rest.Length;
            if (UnitOf(rest[..letters]) is not { } unit)
            {
                return false;
            }

            milliseconds += number * unit;
            rest = rest[letters..];
            if (milliseconds > 36525m * 86_400_000)
            {
                return false;
            }
        }

        duration = TimeSpan.FromMilliseconds((long)milliseconds);
        return text.Length > 0 && milliseconds == decimal.Truncate(milliseconds);
    }

    /// <summary>The shortest way to write <paramref name="duration"/>: <c>24h</c>, <c>1h30m</c>, <c>0s</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
        {
            return "0s";
        }

        var text = new StringBuilder();
        Append((long)duration.TotalHours, "h");
        Append(duration.Minutes, "m");
        Append(duration.Seconds, "s");
        Append(duration.Milliseconds, "ms");
        return text.ToString();

        void Append(long number, string unit)
        {
            if (number > 0)
            {
                text.Append(number).Append(unit);
            }
        }
    }

    private static decimal? UnitOf(ReadOnlySpan<char> name) => name switch
    {
        "h" => 3_600_000,
        "m" => 60_000,
        "s" => 1_000,
        "ms" => 1,
        "us" or "µs" or "μs" => 0.001m,
        "ns" => 0.000001m,
        _ => null,
    };
}
