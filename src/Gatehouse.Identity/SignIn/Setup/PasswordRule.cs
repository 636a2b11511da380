namespace Gatehouse.Identity.SignIn.Setup;

/// <summary>What a new password must be. Length is what counts (NIST SP 800-63B §5.1.1.2): no rules on kinds of letters.</summary>
internal static class PasswordRule
{
    /// <summary>The least number of characters.</summary>
    public const int Shortest = 10;

    private const int Longest = 1024;

    /// <summary>What is wrong with <paramref name="password"/>, for people; null when nothing is.</summary>
    public static string? Fault(string password, string username, string email)
    {
        if (password.Length < Shortest)
        {
            return $"Use at least {Shortest} characters.";
        }

        if (password.Length > Longest)
        {
            return $"Use at most {Longest} characters.";
        }

        if (password.Distinct().Count() < 5)
        {
            return "Use more different characters.";
        }

        return password.Equals(username, StringComparison.OrdinalIgnoreCase) || password.Equals(email, StringComparison.OrdinalIgnoreCase)
            ? "Use something other than your name or address."
            : null;
    }
}
