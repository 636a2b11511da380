namespace Gatehouse.Web.Pages;

/// <summary>How the house looks, as an administrator chose it.</summary>
/// <param name="Title">Name beside the mark.</param>
/// <param name="Logo">URL of the picture instead of the mark; null means the mark.</param>
/// <param name="Icon">URL of the icon of the window; null means none.</param>
/// <param name="StylePath">Path of the style sheet on this host; null means none.</param>
public sealed record BrandLook(string Title, string? Logo = null, string? Icon = null, string? StylePath = null)
{
    /// <summary>URL of the picture behind the card; null means none.</summary>
    public string? Background { get; init; }

    /// <summary>URLs of other pictures on the page.</summary>
    public IReadOnlyList<string> Pictures { get; init; } = [];

    /// <summary>Where pictures come from besides this host, for the Content-Security-Policy.</summary>
    public IReadOnlyList<string> ImageOrigins => [.. Pictures.Append(Logo).Append(Icon).Append(Background).Select(PictureOrigin.Of).OfType<string>().Distinct()];
}
