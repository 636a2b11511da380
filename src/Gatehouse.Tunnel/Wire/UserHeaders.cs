using System.Buffers;
using System.Text;

namespace Gatehouse.Tunnel.Wire;

/// <summary>A service's headers in one header: <c>base64(name):base64(value)</c> joined by semicolons, standard alphabet without padding. Bytes are Latin-1.</summary>
internal static class UserHeaders
{
    /// <summary>The most headers taken.</summary>
    public const int Most = 1000;

    // RFC 9110 §5.6.2.
    private static readonly SearchValues<char> Token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // What decodes base64 would pass over white space.
    private static readonly SearchValues<char> Encoded = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    /// <summary>Writes headers in order; those that are between edge and connector only are left out.</summary>
    public static string Write(IEnumerable<KeyValuePair<string, string>> headers)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in headers)
        {
            if (TunnelHeaders.IsInternal(name))
            {
                continue;
            }

            if (text.Length > 0)
            {
                text.Append(';');
            }

            Append(text, name);
            text.Append(':');
            Append(text, value);
        }

        return text.ToString();
    }

    /// <summary>Reads headers; false when they can't be read, or hold what HTTP doesn't allow.</summary>
    public static bool TryRead(string text, out List<KeyValuePair<string, string>> headers)
    {
        headers = [];
        var buffer = new byte[text.Length + 3];
        foreach (var range in text.AsSpan().Split(';'))
        {
            var pair = text.AsSpan()[range];
            if (pair.IsEmpty)
            {
                continue;
            }

            var colon = pair.IndexOf(':');
            if (colon <= 0 || pair[(colon + 1)..].Contains(':') || headers.Count == Most
                || !TryDecode(pair[..colon], buffer, out var name) || !TryDecode(pair[(colon + 1)..], buffer, out var value)
                || name.Length == 0 || name.AsSpan().ContainsAnyExcept(Token) || !IsValue(value))
            {
                return false;
            }

            if (!TunnelHeaders.IsInternal(name))
            {
                headers.Add(new(name, value));
            }
        }

        return true;
    }

    /// <summary>Whether HTTP/1.1 can carry it in one line.</summary>
    public static bool IsValue(ReadOnlySpan<char> value)
    {
        foreach (var c in value)
        {
            if (c is (< ' ' and not '\t') or '\x7f' or > '\xff')
            {
                return false;
            }
        }

        return true;
    }

    private static void Append(StringBuilder text, string part) => text.Append(Convert.ToBase64String(Encoding.Latin1.GetBytes(part)).AsSpan().TrimEnd('='));

    private static bool TryDecode(ReadOnlySpan<char> encoded, byte[] buffer, out string part)
    {
        part = "";
        if (encoded.Length % 4 == 1 || encoded.ContainsAnyExcept(Encoded))
        {
            return false;
        }

        var padded = string.Concat(encoded, "===".AsSpan(0, (4 - (encoded.Length % 4)) % 4));
        if (!Convert.TryFromBase64String(padded, buffer, out var length))
        {
            return false;
        }

        part = Encoding.Latin1.GetString(buffer, 0, length);
        return true;
    }
}
