using Gatehouse.Model.Apps;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.SignIn;

/// <summary>Which hosts and paths of an app matter to its cookies and redirects.</summary>
internal static class AppHosts
{
    /// <summary>
    /// Whether <paramref name="app"/> covers part of <paramref name="host"/>, and something is published there. A wildcard covers names that
    /// nobody has published, and DNS may lead those to a stranger: nobody is sent there with a sign-in in hand.
    /// </summary>
    public static bool Serves(AccessTable table, AppEntry app, string host) => table.IsPublished(host) && Patterns(app).Any(p => p.CoversHost(host));

    /// <summary>The app's first domain, as headers name it; empty when it has none.</summary>
    public static string Domain(AppEntry app) => Patterns(app).FirstOrDefault()?.Text ?? "";

    /// <summary>How an app that covers <paramref name="host"/> names it: as it is, or with a wildcard.</summary>
    public static string NameOf(AppEntry app, string host) => Patterns(app).First(p => p.CoversHost(host)).Host;

    /// <summary>Path attribute of the app token's cookie: the app's own path when it asks for that, up to the first wildcard.</summary>
    public static string CookiePath(AppEntry app, string host, string returnTo)
    {
        if (!app.App.PathCookie || !RequestPath.TryParse(returnTo, out var path, out _))
        {
            return "/";
        }

        var pattern = Patterns(app).FirstOrDefault(p => p.CoversHost(host) && p.CoversPlain(path.Plain));
        return pattern is null ? "/" : PathOf(pattern);
    }

    /// <summary>Every path at which a cookie of an app on <paramref name="host"/> may stand.</summary>
    public static IEnumerable<string> CookiePaths(AccessTable table, string host) =>
        table.AppsByAud.Values
            .Where(a => a.App.PathCookie)
            .SelectMany(Patterns)
            .Where(p => p.CoversHost(host))
            .Select(PathOf)
            .Append("/")
            .Distinct(StringComparer.Ordinal);

    /// <summary>The hosts that the app names whole and where something is published, but <paramref name="host"/>; each with a path that it covers there.</summary>
    public static IEnumerable<string> OthersThan(AccessTable table, AppEntry app, string host) =>
        Patterns(app)
            .Where(p => p.Host != host && !p.Host.Contains('*', StringComparison.Ordinal) && !p.Path.Contains('*', StringComparison.Ordinal) && table.IsPublished(p.Host))
            .DistinctBy(p => p.Host)
            .Select(p => p.Host + (p.Path.Length == 0 ? "/" : p.Path));

    /// <summary>Where the app is opened: its first published host that is no wildcard; null when there is none.</summary>
    public static (string Host, string Path)? Front(AccessTable table, AppEntry app) => Patterns(app)
        .Select(p => ((string Host, string Path)?)(p.Text.Split('/')[0], PathOf(p)))
        .FirstOrDefault(f => !f!.Value.Host.Contains('*', StringComparison.Ordinal) && table.IsPublished(f.Value.Host)); // none of them is null

    private static string PathOf(DomainPattern pattern)
    {
        var star = pattern.Path.IndexOf('*', StringComparison.Ordinal);
        var fixedPart = star < 0 ? pattern.Path : pattern.Path[..pattern.Path.LastIndexOf('/', star)];
        return fixedPart.Length == 0 ? "/" : fixedPart;
    }

    private static IEnumerable<DomainPattern> Patterns(AppEntry app) =>
        app.App.Domains.Select(d => DomainPattern.TryParse(d, out var pattern, out _) ? pattern : null).OfType<DomainPattern>();
}
