using System.Globalization;
using System.Text;

namespace Gatehouse.Model.Users;

/// <summary>Makes sure that no two users look alike: one canonical form for lookups, and a refusal for names that could pass for another.</summary>
public static class UserNames
{
    private const int Longest = 150;
    private const string MachinePrefix = "ak-";
    private const string MachineSuffix = "-client_credentials";

    /// <summary>The lookup form of <paramref name="username"/>; null with a <paramref name="fault"/> when it is refused.</summary>
    public static string? Key(string username, out string fault)
    {
        fault = "";
        if (username.Length is 0 or > Longest)
        {
            fault = $"A username has 1 to {Longest} characters; this one has {username.Length}.";
            return null;
        }

        foreach (var rune in username.EnumerateRunes())
        {
            if (!IsPlain(rune))
            {
                fault = $"A username holds letters a to z, digits and @ . + - _ only; found U+{rune.Value.ToString("X4", CultureInfo.InvariantCulture)}.";
                return null;
            }
        }

        return username.ToLowerInvariant();
    }

    /// <summary>The same, for a name that somebody chooses for themselves: those of machines' accounts are refused too.</summary>
    public static string? OwnKey(string username, out string fault)
    {
        if (Key(username, out fault) is not { } key)
        {
            return null;
        }

        if (key.StartsWith(MachinePrefix, StringComparison.Ordinal) && key.EndsWith(MachineSuffix, StringComparison.Ordinal))
        {
            fault = $"Usernames like {MachinePrefix}...{MachineSuffix} are those of machines. Choose another one.";
            return null;
        }

        return key;
    }

    /// <summary>The name of the account that a client acts as itself.</summary>
    public static string OfMachine(string client) => $"{MachinePrefix}{client}{MachineSuffix}";

    /// <summary>The lookup form of what somebody typed, or null when no user can have it.</summary>
    public static string? Lookup(string typed) => Key(typed.Trim(), out _);

    // ASCII only: a name in another script that looks the same (Cyrillic, full-width, dotless i) can then never be made.
    private static bool IsPlain(Rune rune) => rune.IsAscii && (Rune.IsLetterOrDigit(rune) || (char)rune.Value is '@' or '.' or '+' or '-' or '_');
}
