using System.Globalization;

namespace Gatehouse.Model.Providers;

/// <summary>authentik's way to write durations: <c>hours=3;minutes=1</c>.</summary>
public static class ValidityPeriod
{
    /// <summary>Reads <paramref name="text"/>: pairs joined by <c>;</c>, summed. False when a pair lacks <c>=</c>, a number can't be read, or no known unit is named.</summary>
    public static bool TryParse(string text, out TimeSpan period)
    {
        period = default;
        var known = false;
        double milliseconds = 0;
        foreach (var pair in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || !double.TryParse(pair[(equals + 1)..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                || !double.IsFinite(number) || number < 0) // "NaN" and "Infinity" are read whatever the style
            {
                return false;
            }

            if (UnitOf(pair[..equals].Trim().ToLowerInvariant()) is { } unit)
            {
                known = true;
                milliseconds += number * unit;
            }
        }

        // A hundred years: longer ones overflow dates.
        if (!known || milliseconds > 36525d * 86_400_000)
        {
            return false;
        }

        period = TimeSpan.FromMilliseconds(milliseconds);
        return true;
    }

    /// <summary>Reads a stored value that was checked when it was saved.</summary>
    public static TimeSpan Parse(string text) =>
        TryParse(text, out var period) ? period : throw new FormatException($"'{text}' is not a duration; expected hours=3;minutes=1");

    private static double? UnitOf(string name) => name switch
    {
        "microseconds" => 0.001,
        "milliseconds" => 1,
        "seconds" => 1_000,
        "minutes" => 60_000,
        "hours" => 3_600_000,
        "days" => 86_400_000,
        "weeks" => 604_800_000,
        _ => null,
    };
}
