using System.Text.RegularExpressions;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Providers;

namespace Gatehouse.Management.Applications;

/// <summary>What a caller says about an application of Identity. Absent fields stay as they are.</summary>
internal sealed partial class ApplicationFields
{
    // Path segments of the OAuth endpoints, which stand where a slug would.
    private static readonly string[] ReservedSlugs = ["authorize", "token", "device", "userinfo", "introspect", "revoke", "par", "requestable"];

    public Maybe<string> Name { get; init; }

    public Maybe<string> Slug { get; init; }

    public Maybe<int?> Provider { get; init; }

    public Maybe<string> GroupLabel { get; init; }

    public Maybe<string> PolicyEngineMode { get; init; }

    public Maybe<string> LaunchUrl { get; init; }

    public Maybe<bool> OpenInNewTab { get; init; }

    public Maybe<string> Icon { get; init; }

    public Maybe<string> Description { get; init; }

    public Maybe<string> Publisher { get; init; }

    public Maybe<bool> IsHidden { get; init; }

    /// <summary>Puts the fields into <paramref name="application"/>.</summary>
    public void ApplyTo(ProviderApplication application)
    {
        application.Name = Name.Or(application.Name);
        application.Slug = Slug.Or(application.Slug);
        application.ProviderId = Provider.Or(application.ProviderId);
        application.GroupLabel = GroupLabel.Or(application.GroupLabel);
        application.PolicyEngineMode = PolicyEngineMode.Or(application.PolicyEngineMode);
        application.LaunchUrl = LaunchUrl.Or(application.LaunchUrl);
        application.OpenInNewTab = OpenInNewTab.Or(application.OpenInNewTab);
        application.Icon = Icon.Or(application.Icon);
        application.Description = Description.Or(application.Description);
        application.Publisher = Publisher.Or(application.Publisher);
        application.IsHidden = IsHidden.Or(application.IsHidden);
    }

    /// <summary>Rules that need nothing but the fields themselves.</summary>
    public IEnumerable<Fault> Check()
    {
        if (Slug.Is(out var slug) && !SlugShape().IsMatch(slug))
        {
            yield return new Fault("slug", "Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens.");
        }

        if (ReservedSlugs.Contains(slug, StringComparer.OrdinalIgnoreCase))
        {
            yield return new Fault("slug", "The slug '" + slug + "' is reserved and cannot be used for applications.");
        }

        if (LaunchUrl.Is(out var launchUrl) && launchUrl.Length > 0 && launchUrl != "blank://blank" && !IsWeb(launchUrl))
        {
            yield return new Fault("meta_launch_url", "Enter an http or https URL.");
        }

        // A path on this host, a web address or a font icon; nothing that could run.
        if (Icon.Is(out var icon) && icon.Length > 0 && !IsWeb(icon) && !icon.StartsWith("fa://", StringComparison.Ordinal) && !PlainPath().IsMatch(icon))
        {
            yield return new Fault("meta_icon", "Enter an http or https URL, a path, or fa://name.");
        }

        static bool IsWeb(string text) =>
            text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("http://", StringComparison.OrdinalIgnoreCase);
    }

    [GeneratedRegex(@"\A[-a-zA-Z0-9_]+\z")]
    private static partial Regex SlugShape();

    [GeneratedRegex(@"\A/?[-a-zA-Z0-9_.%]+(/[-a-zA-Z0-9_.%]+)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex PlainPath();
}
