using System.Collections.Frozen;

namespace Gatehouse.Model.Users;

/// <summary>
/// Guesses how many guesses a password takes, on zxcvbn's scale of 0 (too guessable) to 4 (very unguessable). Looks for common passwords,
/// the person's own words, runs (abc, 321, qwerty), repeats and years; the rest counts as random characters. Works offline, without any list of leaked passwords.
/// </summary>
public static class PasswordStrength
{
    private const int Longest = 100; // more only makes it slower: that many characters are strong
    private const double PerCharacter = 1.0; // log10 of the guesses for a character nothing is known of

    private static readonly string[] Rows = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop", "1234567890", "1qaz2wsx3edc4rfv", "abcdefghijklmnopqrstuvwxyz"];
    private static readonly FrozenDictionary<string, int> Common = CommonPasswords.Ranked;

    /// <summary>0 to 4.</summary>
    /// <param name="words">Names and addresses of the person.</param>
    public static int Score(string password, IEnumerable<string> words) => Guesses(password, words) switch
    {
        < 3 => 0,
        < 6 => 1,
        < 8 => 2,
        < 10 => 3,
        _ => 4,
    };

    // log10 of the guesses of the cheapest way to put the password together.
    private static double Guesses(string password, IEnumerable<string> words)
    {
        var text = (password.Length > Longest ? password[..Longest] : password).ToLowerInvariant();
        var plain = Plain(text);
        var own = words.SelectMany(Parts).Where(w => w.Length >= 3).ToFrozenSet(StringComparer.Ordinal);
        var best = new double[text.Length + 1];
        for (var end = 1; end <= text.Length; end++)
        {
            best[end] = best[end - 1] + PerCharacter;
            for (var begin = 0; begin < end; begin++)
            {
                if (Cost(text[begin..end], plain[begin..end], own) is { } cost)
                {
                    best[end] = Math.Min(best[end], best[begin] + cost + (begin > 0 ? 0.5 : 0)); // how the parts are joined is a guess, too
                }
            }
        }

        return best[text.Length];
    }

    private static double? Cost(string part, string plain, FrozenSet<string> own)
    {
        if (part.Length < 3)
        {
            return null;
        }

        var disguise = part == plain ? 0 : 0.6;
        return own.Contains(plain) || own.Contains(part) ? 1 + disguise
            : Common.TryGetValue(part, out var rank) || Common.TryGetValue(plain, out rank) ? Math.Log10(rank + 1) + disguise
            : part.AsSpan().IndexOfAnyExcept(part[0]) < 0 ? 1 + Math.Log10(part.Length)
            : IsRun(part) ? 1.3 + Math.Log10(part.Length)
            : part.Length == 4 && IsYear(part) ? 2
            : Repeated(part, own);
    }

    private static double? Repeated(string part, FrozenSet<string> own)
    {
        for (var unit = 2; unit <= part.Length / 2; unit++)
        {
            if (part.Length % unit == 0 && IsRepeat(part, unit))
            {
                var once = part[..unit];
                return (Cost(once, Plain(once), own) ?? unit * PerCharacter) + Math.Log10(part.Length / unit);
            }
        }

        return null;
    }

    private static bool IsRepeat(string part, int unit)
    {
        for (var i = unit; i < part.Length; i++)
        {
            if (part[i] != part[i - unit])
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsRun(string part)
    {
        var step = part[1] - part[0];
        var isEven = step is 1 or -1 && Enumerable.Range(1, part.Length - 1).All(i => part[i] - part[i - 1] == step);
        return isEven || Array.Exists(Rows, row => row.Contains(part, StringComparison.Ordinal) || row.Contains(string.Concat(part.Reverse()), StringComparison.Ordinal));
    }

    private static bool IsYear(string part) =>
        part.All(char.IsAsciiDigit) && (part.StartsWith("19", StringComparison.Ordinal) || part.StartsWith("20", StringComparison.Ordinal));

    private static IEnumerable<string> Parts(string words) =>
        words.ToLowerInvariant().Split([' ', '.', '@', '_', '-', '+'], StringSplitOptions.RemoveEmptyEntries).Append(words.ToLowerInvariant());

    // p4$$w0rd is password.
    private static string Plain(string text) => string.Create(text.Length, text, (made, from) =>
    {
        for (var i = 0; i < from.Length; i++)
        {
            made[i] = from[i] switch
            {
                '4' or '@' => 'a',
                '3' => 'e',
                '1' or '!' => 'i',
                '0' => 'o',
                '5' or '$' => 's',
                '7' => 't',
                var c => c,
            };
        }
    });
}
