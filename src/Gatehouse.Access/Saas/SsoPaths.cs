using System.Diagnostics.CodeAnalysis;
using Gatehouse.Access.SignIn;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Saas;

/// <summary>The addresses on the team domain at which people sign in to SaaS applications (contract 1.1).</summary>
internal static class SsoPaths
{
    /// <summary>Before the client id.</summary>
    public const string Oidc = "/cdn-cgi/access/sso/oidc/";

    /// <summary>Before the id of a SAML application.</summary>
    public const string Saml = "/cdn-cgi/access/sso/saml/";

    private const int IdLength = 64;

    // It travels inside two more URLs, each of which a server somewhere caps at 8 KB.
    private const int Longest = 2048;

    /// <summary>Issuer of the tokens of a client, and the base of its endpoints.</summary>
    public static string IssuerOf(PublicUrls urls, string clientId) => urls.Access + Oidc + clientId;

    /// <summary>The OpenID Connect application of this client id.</summary>
    public static AppEntry? OidcApp(AccessTable table, string clientId) =>
        table.SaasApps.TryGetValue(clientId, out var app) && app.App.Saas?.Oidc is not null ? app : null;

    /// <summary>Name of the identity provider of a SAML application, and its one address for questions.</summary>
    public static string SamlIssuerOf(PublicUrls urls, string id) => urls.Access + Saml + id;

    /// <summary>The SAML application of this id.</summary>
    public static AppEntry? SamlApp(AccessTable table, string id) =>
        table.SaasApps.TryGetValue(id, out var app) && app.App.Saas?.Saml is not null ? app : null;

    /// <summary>Where forms lead to in the end whose answer goes back to a SaaS application: browsers hold redirects to the Content-Security-Policy. By SAML a page of ours stands in between.</summary>
    public static IEnumerable<string> FormTargets(AppEntry app) => app.App.Saas?.Oidc?.RedirectUris.Select(SaasRedirects.SourceOf).Distinct(StringComparer.Ordinal) ?? [];

    /// <summary>The same for any app: the answer leads on through the app's hosts, beginning with <paramref name="host"/>.</summary>
    public static string FormTargets(AccessTable table, PublicUrls urls, AppEntry app, string host) =>
        string.Join(' ', AppHosts.OthersThan(table, app, host).Select(o => o.Split('/')[0]).Prepend(host).Select(urls.UrlOf).Concat(FormTargets(app)));

    /// <summary>Whether a sign-in for <paramref name="app"/> may stand at <paramref name="host"/> and go back to <paramref name="target"/> there.</summary>
    public static bool IsEntrance(AccessTable table, PublicUrls urls, AppEntry app, string host, string target) => app.App.Type switch
    {
        AppType.SelfHosted => AppHosts.Serves(table, app, host),
        AppType.Saas => host == urls.AccessHost && AppOf(table, target) == app,
        _ => false,
    };

    /// <summary>The application for whose sign-in a person is led back to <paramref name="target"/>: a path and query on the team domain. Null when it is no such place.</summary>
    public static AppEntry? AppOf(AccessTable table, [NotNullWhen(true)] string? target)
    {
        if (target is not { Length: > 0 and <= Longest } || target.AsSpan().ContainsAnyExceptInRange('!', '~') || target.Contains('\\', StringComparison.Ordinal))
        {
            return null;
        }

        return target.StartsWith(Oidc, StringComparison.Ordinal) ? Find(table, target, Oidc, isOidc: true)
            : target.StartsWith(Saml, StringComparison.Ordinal) ? Find(table, target, Saml, isOidc: false)
            : null;
    }

    private static AppEntry? Find(AccessTable table, string target, string prefix, bool isOidc)
    {
        var end = prefix.Length + IdLength;
        return target.Length >= end && table.SaasApps.TryGetValue(target[prefix.Length..end], out var app) && (app.App.Saas?.Oidc is not null) == isOidc
            && (isOidc ? target.AsSpan(end).StartsWith("/authorization?", StringComparison.Ordinal) : target.Length == end || target[end] == '?')
                ? app
                : null;
    }
}
