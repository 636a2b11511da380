using System.Net.Http.Headers;
using System.Text;

namespace Gatehouse.Access.Tokens;

/// <summary>How a client shows its id and secret in a header (RFC 6749 §2.3.1): both are form-encoded first.</summary>
internal static class BasicCredentials
{
    /// <summary>What <c>Authorization: Basic</c> holds; null when it is another header or holds no pair.</summary>
    public static (string User, string Password)? Read(string header)
    {
        if (!AuthenticationHeaderValue.TryParse(header, out var value) || !"Basic".Equals(value.Scheme, StringComparison.OrdinalIgnoreCase) || value.Parameter is not { } text)
        {
            return null;
        }

        var bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out var length))
        {
            return null;
        }

        var pair = Encoding.UTF8.GetString(bytes, 0, length);
        return pair.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon
            ? (Uri.UnescapeDataString(pair[..colon]), Uri.UnescapeDataString(pair[(colon + 1)..]))
            : null;
    }
}
