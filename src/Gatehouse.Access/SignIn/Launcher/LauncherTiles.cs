using System.Net;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.Saas;
using Gatehouse.Access.SignIn.Approvals;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.SignIn.Launcher;

/// <summary>Who may open the App Launcher, and which apps it shows them.</summary>
internal sealed class LauncherTiles(Places places, PublicUrls urls)
{
    /// <summary>Whether the person may have a session here: as the launcher's own policies say, or, where there is none, when any app would let them in.</summary>
    public bool Admits(AccessTable table, IPAddress address, VisitorIdentity who) => table.Launcher is { } launcher
        ? SignInDecision.Judge(launcher, places.Visitor(launcher, address, who)) is Ruling.Admitted { By: var by } && !Entrance.AsksMore(by) // nothing is asked here
        : table.AppsByAud.Values.Any(a => a.App.Type is AppType.SelfHosted or AppType.Saas && Lets(a, address, who));

    /// <summary>The apps that the person may open, by name, each with its tile.</summary>
    public List<(App App, LauncherTile Tile)> Of(AccessTable table, IPAddress address, VisitorIdentity who) =>
    [
        .. from entry in table.AppsByAud.Values
           where entry.App.AppLauncherVisible && (IsForAll(entry) || Lets(entry, address, who))
           let tile = TileOf(table, entry)
           where tile is not null
           orderby entry.App.Name.ToUpperInvariant(), entry.App.Id
           select (entry.App, tile),
    ];

    // The app asks its services itself when it is opened: until then, what they have not said keeps nobody from seeing it.
    private bool Lets(AppEntry app, IPAddress address, VisitorIdentity who)
    {
        var asked = app.Evaluations.IsEmpty ? who : new VisitorIdentity
        {
            Email = who.Email,
            LoginMethodId = who.LoginMethodId,
            Claims = who.Claims,
            Amr = who.Amr,
            Passed = Passed.WithoutDoubt(who.Passed, app.Evaluations),
            GrantedAt = who.GrantedAt,
        };
        return SignInDecision.Judge(app, places.Visitor(app, address, asked)) is Ruling.Admitted;
    }

    // A link gives nothing away; policies only say who sees it.
    private static bool IsForAll(AppEntry app) => app.App.Type == AppType.Bookmark && app.App.Policies.Count == 0;

    private LauncherTile? TileOf(AccessTable table, AppEntry app) => app.App switch
    {
        { Type: AppType.SelfHosted } => AppHosts.Front(table, app) is var (host, path) ? new LauncherTile(app.App.Name, urls.UrlOf(host) + path, host, app.App.LogoUrl) : null,
        { BookmarkUrl: { } url } => Elsewhere(app.App, url),
        { Saas.Oidc.LauncherUrl: { } url } => Elsewhere(app.App, url),
        { Saas.Saml: { } saml, SsoId: { } id } => Elsewhere(app.App, saml.ConsumerServiceUrl) is { } there ? there with { Href = SsoPaths.SamlIssuerOf(urls, id) } : null, // the sign-in begins here
        _ => null,
    };

    private static LauncherTile? Elsewhere(App app, string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) ? new LauncherTile(app.Name, uri.AbsoluteUri, uri.Host, app.LogoUrl) : null;
}
