using System.Net;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.Pages;
using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Launcher;

/// <summary>GET <c>/</c> on the team domain: the apps that the signed-in person may open, or the login methods for somebody who is not signed in.</summary>
internal sealed class LauncherEndpoint(ISnapshot<AccessTable> tables, OrgSessions orgSessions, ProviderRedirect provider, Places places, PublicUrls urls)
{
    private const string TagParameter = "tag";

    /// <summary>Answers the request.</summary>
    public async Task<IResult> HandleAsync(HttpContext context)
    {
        var table = tables.Current;
        SecurityHeaders.NoStore(context.Response);
        if (await orgSessions.FindAsync(context, table) is { } session)
        {
            return Show(context, table, session);
        }

        List<LoginMethodEntry> methods = [.. table.LoginMethods];
        return context.Request.Query[LoginEndpoint.MethodParameter] is not [{ } wanted] ? Choice(table, methods)
            : methods.Find(m => m.Method.Id.ToString() == wanted) is { } chosen ? provider.SendLauncher(context, table, chosen)
            : SignInPages.BadLink(table);
    }

    /// <summary>Whether any app would let the person in: without one there is nothing to be signed in for.</summary>
    public static bool AdmitsAnywhere(AccessTable table, Places places, IPAddress address, VisitorIdentity who) =>
        table.AppsByAud.Values.Any(a => SignInDecision.Judge(a, places.Visitor(a, address, who)) is Ruling.Admitted);

    private PageResult<LauncherPage> Show(HttpContext context, AccessTable table, AccessSession session)
    {
        var (address, who) = (ClientAddress.Of(context), SessionIdentity.Of(session));
        var open = table.AppsByAud.Values
            .Where(a => a.App.AppLauncherVisible && SignInDecision.Judge(a, places.Visitor(a, address, who)) is Ruling.Admitted)
            .Select(a => (Entry: a, Address: AppHosts.Front(table, a)))
            .Where(a => a.Address is not null)
            .ToList();
        var tags = open.SelectMany(a => a.Entry.App.Tags).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var tag = context.Request.Query[TagParameter] is [{ } one] && tags.Contains(one) ? one : "";
        var tiles = open
            .Where(a => tag.Length == 0 || a.Entry.App.Tags.Contains(tag))
            .OrderBy(a => a.Entry.App.Name, StringComparer.OrdinalIgnoreCase)
            .ThenBy(a => a.Entry.App.Id)
            .Select(a => new LauncherTile(a.Entry.App.Name, urls.UrlOf(a.Address!.Value.Host) + a.Address.Value.Path, a.Address.Value.Host))
            .ToList();
        return new PageResult<LauncherPage>(
            new Dictionary<string, object?>
            {
                [nameof(LauncherPage.Brand)] = table.Organization.Name,
                [nameof(LauncherPage.Email)] = session.Email,
                [nameof(LauncherPage.Tiles)] = tiles,
                [nameof(LauncherPage.Tags)] = tags,
                [nameof(LauncherPage.Tag)] = tag,
            },
            StatusCodes.Status200OK);
    }

    private PageResult<LoginPage> Choice(AccessTable table, List<LoginMethodEntry> methods) => new(
        new Dictionary<string, object?>
        {
            [nameof(LoginPage.AppName)] = "your applications",
            [nameof(LoginPage.AppHost)] = urls.AccessHost,
            [nameof(LoginPage.Brand)] = table.Organization.Name,
            [nameof(LoginPage.Header)] = table.Organization.LoginHeader,
            [nameof(LoginPage.Footer)] = methods.Count > 0 ? table.Organization.LoginFooter : "There is no login method for this page. Open your application by its own address.",
            [nameof(LoginPage.Methods)] = methods.Select(m => KeyValuePair.Create(m.Method.Name, $"/?{LoginEndpoint.MethodParameter}={m.Method.Id}")).ToList(),
        },
        StatusCodes.Status200OK);
}
