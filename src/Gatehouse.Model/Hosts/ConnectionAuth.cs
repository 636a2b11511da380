namespace Gatehouse.Model.Hosts;

/// <summary>
/// HTTP authentication that is about a connection where it should be about a request (NTLM, Negotiate; RFC 4559 §6). Connections to origins serve
/// one visitor after another, so who proves themselves in this way would have proved it for the next as well.
/// </summary>
public static class ConnectionAuth
{
    private static readonly string[] Schemes = ["Negotiate", "NTLM", "Kerberos", "Nego2"];

    /// <summary>Whether credentials or challenges are of such a scheme, or some of them are.</summary>
    public static bool IsIn(string? value)
    {
        foreach (var part in value.AsSpan().Split(','))
        {
            if (IsOf(value.AsSpan(part)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A line of challenges without those; empty when none is left.</summary>
    public static string Without(string challenges) =>
        IsIn(challenges) ? string.Join(',', challenges.Split(',').Where(c => !IsOf(c))).Trim() : challenges;

    // Their challenges and credentials have no parameters, so none spreads over two parts. Origins may be content with how it begins.
    private static bool IsOf(ReadOnlySpan<char> part)
    {
        foreach (var scheme in Schemes)
        {
            if (part.TrimStart(" \t").StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
