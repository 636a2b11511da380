using Gatehouse.Identity.Mfa;
using Gatehouse.Model.Users;
using Gatehouse.Web.Pages;

namespace Gatehouse.Identity.Pages.Account;

/// <summary>A session as its owner sees it.</summary>
public sealed record SessionRow(Guid Uuid, string Browser, string Address, string LastUsed, bool IsCurrent);

/// <summary>A key as its owner sees it.</summary>
public sealed record TokenRow(Guid Id, string Identifier, string Description, string Kind, string End);

/// <summary>A consent as its giver sees it.</summary>
public sealed record ConsentRow(int Id, string Application, string Scopes, string End);

/// <summary>Leads to a flow that people change their details in.</summary>
public sealed record SettingsLink(string Href, string Text);

/// <summary>All that the user's page shows. A class: records print their members, and a fresh key is one.</summary>
public sealed class UserPageModel
{
    /// <summary>How the house looks.</summary>
    public required BrandLook Look { get; init; }

    /// <summary>Who.</summary>
    public required User User { get; init; }

    /// <summary>Whether an administrator acts as them: then the page shows what they can open, and nothing of their account.</summary>
    public bool IsImpersonated { get; init; }

    /// <summary>Hidden field of every form.</summary>
    public required string Csrf { get; init; }

    /// <summary>What they can open.</summary>
    public required IReadOnlyList<Tile> Tiles { get; init; }

    /// <summary>Which of username, name and email they may change.</summary>
    public required IReadOnlyCollection<string> Editable { get; init; }

    /// <summary>The flow in which the brand lets them change more; null means none.</summary>
    public SettingsLink? Settings { get; init; }

    /// <summary>How they prove who they are.</summary>
    public required DeviceOverview Devices { get; init; }

    /// <summary>Where they are signed in.</summary>
    public required IReadOnlyList<SessionRow> Sessions { get; init; }

    /// <summary>Their keys.</summary>
    public required IReadOnlyList<TokenRow> Tokens { get; init; }

    /// <summary>What they agreed to.</summary>
    public required IReadOnlyList<ConsentRow> Consents { get; init; }

    /// <summary>What was just done; null means nothing.</summary>
    public string? Notice { get; init; }

    /// <summary>A key that was just made; null means none.</summary>
    public string? FreshKey { get; init; }

    /// <summary>What was wrong with the last try, by field.</summary>
    public IReadOnlyDictionary<string, string> Faults { get; init; } = new Dictionary<string, string>();

    /// <summary>What the last try typed, by field.</summary>
    public IReadOnlyDictionary<string, string> Typed { get; init; } = new Dictionary<string, string>();
}

/// <summary>What came of a form.</summary>
internal sealed record FormResult
{
    /// <summary>Word of what was done, for the address; null when it failed or shows a key.</summary>
    public string? Done { get; init; }

    /// <summary>What was wrong, by field.</summary>
    public IReadOnlyDictionary<string, string> Faults { get; init; } = new Dictionary<string, string>();

    /// <summary>A key that was made.</summary>
    public string? FreshKey { get; init; }

    /// <summary>Where the person has to go first; null means nowhere.</summary>
    public string? Goes { get; init; }

    /// <summary>Whether the server has too much to do.</summary>
    public bool IsBusy { get; init; }

    /// <inheritdoc/>
    public override string ToString() => "***";

    /// <summary>A fault of one field.</summary>
    public static FormResult Wrong(string field, string text) => new() { Faults = new Dictionary<string, string> { [field] = text } };
}
