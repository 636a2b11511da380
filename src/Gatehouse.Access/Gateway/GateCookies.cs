using System.Text;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gatehouse.Access.Gateway;

/// <summary>The cookies that are Gatehouse's: an origin neither sees nor sets them.</summary>
internal static class GateCookies
{
    /// <summary>The cookie that holds a token.</summary>
    public const string Authorization = "CF_Authorization";

    /// <summary>The cookie that an app token may be bound to.</summary>
    public const string Binding = "CF_Binding";

    // What browsers promise of a cookie by its name (RFC 6265bis §4.1.3); the longer ones first.
    private static readonly string[] Prefixes = ["__Host-Http-", "__Http-", "__Host-", "__Secure-"];

    /// <summary>What tokens of <paramref name="app"/> must be bound to; null when it binds none. Empty, which fits no token, when the cookie is missing or there are two.</summary>
    public static string? BindingOf(HttpRequest request, AppEntry app) => app.App.BindingCookie ? CookieValues.Only(request, Binding) ?? "" : null;

    /// <summary>Whether a cookie of this name is ours: Access's and Identity's, whatever is added to them. Letter case does not count: origins and browsers differ on it.</summary>
    public static bool IsOurs(ReadOnlySpan<char> name)
    {
        foreach (var prefix in Prefixes)
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                name = name[prefix.Length..];
                break;
            }
        }

        return name.StartsWith("CF_", StringComparison.OrdinalIgnoreCase) || name.StartsWith("authentik_", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether a <c>Set-Cookie</c> value would set one of ours, also by way of a nameless cookie (<c>=CF_Authorization=x</c>).</summary>
    public static bool Sets(ReadOnlySpan<char> setCookie)
    {
        var text = setCookie.TrimStart(" \t=");
        var end = text.IndexOfAny("=;");
        return IsOurs((end < 0 ? text : text[..end]).TrimEnd(" \t"));
    }

    /// <summary>
    /// A line of <c>Clear-Site-Data</c> without the directives that clear cookies; empty when nothing is left. Browsers clear those of the whole
    /// registrable domain: one app would sign people out of all, and of Identity.
    /// </summary>
    public static string Sparing(string clearSiteData) =>
        string.Join(", ", clearSiteData.Split(',').Select(d => d.Trim()).Where(d => d.Length > 0 && !ClearsCookies(d)));

    private static bool ClearsCookies(ReadOnlySpan<char> directive)
    {
        var word = directive.Trim("\"' \t");
        return word.StartsWith("cookies", StringComparison.OrdinalIgnoreCase) || word.Contains('*');
    }

    /// <summary>The <c>Cookie</c> header without ours, the rest byte for byte; null when nothing is left.</summary>
    public static string? Without(StringValues header)
    {
        if (header is [{ } only] && !Mentions(only))
        {
            return only;
        }

        var made = new StringBuilder();
        foreach (var line in header)
        {
            if (line is not null)
            {
                Append(made, line);
            }
        }

        return made.Length == 0 ? null : made.ToString();
    }

    private static bool Mentions(string line) =>
        line.Contains("CF_", StringComparison.OrdinalIgnoreCase) || line.Contains("authentik_", StringComparison.OrdinalIgnoreCase);

    private static void Append(StringBuilder made, string line)
    {
        var isFirst = true;
        foreach (var range in line.AsSpan().Split(';'))
        {
            var pair = line.AsSpan(range);
            var name = pair.TrimStart(" \t=");
            var end = name.IndexOf('=');
            if (IsOurs((end < 0 ? name : name[..end]).TrimEnd(" \t")))
            {
                continue;
            }

            // HTTP/2 sends a line a cookie (RFC 9113 §8.2.3).
            made.Append(made.Length == 0 ? "" : isFirst ? "; " : ";").Append(made.Length == 0 ? pair.TrimStart(' ') : pair);
            isFirst = false;
        }
    }
}
