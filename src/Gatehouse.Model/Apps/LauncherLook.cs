namespace Gatehouse.Model.Apps;

/// <summary>How the App Launcher looks, and what it says to whoever is not signed in.</summary>
public sealed class LauncherLook
{
    /// <summary>Picture above the tiles; null means none.</summary>
    public string? LogoUrl { get; init; }

    /// <summary>Colour behind the tiles, <c>#rrggbb</c>; null means as shipped.</summary>
    public string? Background { get; init; }

    /// <summary>Colour of the head, <c>#rrggbb</c>; null means as shipped.</summary>
    public string? HeaderBackground { get; init; }

    /// <summary>Links below the tiles.</summary>
    public List<LauncherLink> FooterLinks { get; init; } = [];

    /// <summary>Heading for whoever is not signed in.</summary>
    public string? Title { get; init; }

    /// <summary>Text for whoever is not signed in.</summary>
    public string? Message { get; init; }

    /// <summary>Picture for whoever is not signed in; null means none.</summary>
    public string? ImageUrl { get; init; }

    /// <summary>Colour of the button, <c>#rrggbb</c>; null means as shipped.</summary>
    public string? ButtonColor { get; init; }

    /// <summary>Colour of the button's text, <c>#rrggbb</c>; null means as shipped.</summary>
    public string? ButtonTextColor { get; init; }

    /// <summary>Whether who is not signed in is led straight on to the login method, where there is one.</summary>
    public bool SkipLoginPage { get; init; }
}

/// <summary>A link below the tiles.</summary>
public sealed class LauncherLink
{
    /// <summary>Its text.</summary>
    public required string Name { get; init; }

    /// <summary>Where it leads.</summary>
    public required string Url { get; init; }
}
