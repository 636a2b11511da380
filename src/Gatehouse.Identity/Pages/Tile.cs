using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;

namespace Gatehouse.Identity.Pages;

/// <summary>An application that people can open.</summary>
public sealed record Tile(string Name, string Text, string Href, bool OpensNewTab)
{
    /// <summary>URL of its picture; null means none.</summary>
    public string? Icon { get; init; }

    /// <summary>The section it stands in; empty means none.</summary>
    public string Section { get; init; } = "";

    /// <summary>The tile of <paramref name="application"/>; null when it leads nowhere a browser should go.</summary>
    public static Tile? Of(ProviderApplication application, OAuth2Provider? provider, User? user = null)
    {
        var first = provider?.RedirectUris.FirstOrDefault(r => r is { Type: RedirectUriType.Authorization, Mode: MatchingMode.Strict })?.Url;
        var href = application.LaunchUrl.Length > 0 ? Filled(application.LaunchUrl, user) : Origin(first);
        return Uri.TryCreate(href, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? new Tile(application.Name, application.Description, url.AbsoluteUri, application.OpenInNewTab) { Icon = BrandLooks.Picture(application.Icon), Section = application.GroupLabel }
            : null;
    }

    // Escaped: a name must not bend the URL it stands in.
    private static string Filled(string url, User? user) => user is null ? url : url
        .Replace("%(username)s", Uri.EscapeDataString(user.Username), StringComparison.Ordinal)
        .Replace("%(email)s", Uri.EscapeDataString(user.Email), StringComparison.Ordinal)
        .Replace("%(name)s", Uri.EscapeDataString(user.Name), StringComparison.Ordinal);

    private static string? Origin(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? parsed.GetLeftPart(UriPartial.Authority) + "/" : null;
}
