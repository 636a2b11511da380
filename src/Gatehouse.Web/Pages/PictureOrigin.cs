namespace Gatehouse.Web.Pages;

/// <summary>Where a picture comes from, as a Content-Security-Policy names it.</summary>
public static class PictureOrigin
{
    /// <summary>The origin of <paramref name="url"/>; null for anything but http and https, for user-info, and for hosts that a policy can't name.</summary>
    public static string? Of(string? url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("https" or "http") || parsed.UserInfo.Length > 0)
        {
            return null;
        }

        var host = parsed.HostNameType == UriHostNameType.IPv6 ? parsed.Host : parsed.IdnHost;
        return host.Length > 0 && host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':' or '[' or ']')
            ? $"{parsed.Scheme}://{host}{(parsed.IsDefaultPort ? "" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $":{parsed.Port}"))}"
            : null;
    }
}
