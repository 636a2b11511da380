using System.Globalization;

namespace Gatehouse.Model.Apps;

/// <summary>How long a client may renew its tokens: a number of minutes, hours or days, such as <c>30d</c>.</summary>
public static class RenewalTime
{
    private const int MostDigits = 7;
    private static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    /// <summary>Cloudflare's.</summary>
    public static TimeSpan Default => TimeSpan.FromDays(30);

    /// <summary>Reads <paramref name="text"/>. False for anything else, for a minute or less, and for more than a year.</summary>
    public static bool TryParse(string text, out TimeSpan time)
    {
        time = default;
        if (text.Length is < 2 or > MostDigits + 1 || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        var minutes = text[^1] switch { 'm' => number, 'h' => number * 60, 'd' => number * 24 * 60, _ => 0 };
        time = TimeSpan.FromMinutes(minutes);
        return minutes > 1 && time <= Longest;
    }
}
