using Microsoft.AspNetCore.Http;

namespace Gatehouse.Web.Http;

/// <summary>Reads cookies as they were sent: every value of a name, where the framework would keep the last one only.</summary>
public static class CookieValues
{
    /// <summary>All values of cookie <paramref name="name"/> in order; names compared byte for byte, nothing decoded.</summary>
    public static IEnumerable<string> All(HttpRequest request, string name)
    {
        foreach (var header in request.Headers.Cookie)
        {
            if (header is null)
            {
                continue;
            }

            foreach (var pair in header.Split(';'))
            {
                var text = pair.AsSpan().TrimStart(' ');
                if (text.Length > name.Length && text[name.Length] == '=' && text.StartsWith(name, StringComparison.Ordinal))
                {
                    yield return text[(name.Length + 1)..].Trim(' ').ToString();
                }
            }
        }
    }

    /// <summary>The value when the cookie was sent exactly once; null otherwise, since choosing between two would be luck.</summary>
    public static string? Only(HttpRequest request, string name)
    {
        string? found = null;
        foreach (var value in All(request, name))
        {
            if (found is not null)
            {
                return null;
            }

            found = value;
        }

        return found;
    }
}
