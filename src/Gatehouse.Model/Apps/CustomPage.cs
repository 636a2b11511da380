namespace Gatehouse.Model.Apps;

/// <summary>What a custom page stands in for.</summary>
public enum CustomPageKind
{
    /// <summary>The page for a person whom the policies refuse.</summary>
    IdentityDenied,

    /// <summary>The page for a request that is refused without a person.</summary>
    Forbidden,

    /// <summary>The choice of login method.</summary>
    Login,
}

/// <summary>A page that an administrator wrote, shown in place of one of ours.</summary>
public sealed class CustomPage
{
    /// <summary>The most characters it has.</summary>
    public const int MostCharacters = 128 * 1024;

    /// <summary>Where the links stand in a page of kind <see cref="CustomPageKind.Login"/>: without it nobody could go on.</summary>
    public const string LoginMethods = "{{LoginMethods}}";

    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>For administrators.</summary>
    public required string Name { get; set; }

    /// <summary>What it stands in for.</summary>
    public required CustomPageKind Kind { get; set; }

    /// <summary>The page itself. Shown without scripts.</summary>
    public required string Html { get; set; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
