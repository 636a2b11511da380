using System.Text;
using Gatehouse.Access.Pages;
using Gatehouse.Access.SignIn.Mfa;
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
internal sealed class LauncherEndpoint(ISnapshot<AccessTable> tables, OrgSessions orgSessions, LauncherTiles launcher, ProviderRedirect provider, DenialPage denial, PublicUrls urls)
{
    /// <summary>Leads on, after the sign-in, to where people add a second factor.</summary>
    public const string AddFactor = "next=mfa";

    private const string TagParameter = "tag";
    private const string StylePath = "/cdn-cgi/access/launcher.css";

    /// <summary>Answers the request.</summary>
    public async Task<IResult> HandleAsync(HttpContext context)
    {
        var table = tables.Current;
        SecurityHeaders.NoStore(context.Response);
        var returnTo = ReturnToOf(context.Request);
        if (table.Launcher is { AfterSignIn.IsEmpty: true })
        {
            return Page.Message(
                StatusCodes.Status403Forbidden,
                "The App Launcher is not enabled",
                "No policy says who may open it. Open your application by its own address." + (returnTo == "/" ? "" : " If it asks for a second factor, you can add one there."),
                brand: table.Organization.Name);
        }

        var wantsOther = context.Request.Query[LoginRedirect.SwitchParameter] is ["1"];
        if (!wantsOther && await orgSessions.FindAsync(context, table) is { } session && table.Launcher?.Takes(session.LoginMethodId) != false)
        {
            return returnTo == "/" ? Show(context, table, session) : Results.Redirect(returnTo);
        }

        var methods = table.LoginMethods.Where(m => table.Launcher?.Takes(m.Method.Id) != false).ToList();
        return context.Request.Query[LoginEndpoint.MethodParameter] is [{ } wanted]
            ? methods.Find(m => m.Method.Id.ToString() == wanted) is { } chosen ? provider.SendLauncher(context, table, chosen, returnTo, prompt: wantsOther) : SignInPages.BadLink(table)
            : methods is [var only] && !wantsOther && table.Launcher?.App is { } app && (app.AutoRedirectToIdentity || app.Launcher?.SkipLoginPage == true) ? provider.SendLauncher(context, table, only, returnTo, prompt: false)
            : Choice(table, methods, wantsOther, returnTo);
    }

    /// <summary>Where a sign-in at the launcher leads.</summary>
    public static string ReturnToOf(HttpRequest request) => request.Query["next"] is ["mfa"] ? MfaPages.AddPath : "/";

    /// <summary>The launcher, from where a sign-in leads to <paramref name="returnTo"/>; <paramref name="switchPerson"/> asks for somebody else.</summary>
    public static string PathTo(string returnTo, bool switchPerson, string? method = null) => string.Join('&', ((string?[])[
        method is null ? null : $"{LoginEndpoint.MethodParameter}={method}",
        switchPerson ? LoginRedirect.SwitchParameter + "=1" : null,
        returnTo == MfaPages.AddPath ? AddFactor : null,
    ]).OfType<string>()) is { Length: > 0 } query ? "/?" + query : "/";

    /// <summary>GET of the style sheet: the colours of the launcher, before those of the organization.</summary>
    public IResult Style(HttpContext context)
    {
        var look = tables.Current.Launcher?.App.Launcher;
        var css = new StringBuilder(OrganizationLook.Css(tables.Current.Organization));
        Add("body", "background", look?.Background);
        Add(".brand", "background", look?.HeaderBackground);
        Add(".button", "background", look?.ButtonColor);
        Add(".button", "color", look?.ButtonTextColor);
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-cache";
        return Results.Text(css.ToString(), "text/css");

        void Add(string selector, string property, string? color)
        {
            if (color is not null)
            {
                css.Append(selector).Append('{').Append(property).Append(':').Append(color).Append("}\n"); // # and six digits, as it was taken
            }
        }
    }

    private IResult Show(HttpContext context, AccessTable table, AccessSession session)
    {
        var (address, who) = (ClientAddress.Of(context), SessionIdentity.Of(session));
        if (table.Launcher is not null && !launcher.Admits(table, address, who))
        {
            return denial.ForLauncher(table, session.Email, RayId.Of(context), "/");
        }

        var open = launcher.Of(table, address, who);
        var tags = open.SelectMany(a => a.App.Tags).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var tag = context.Request.Query[TagParameter] is [{ } one] && tags.Contains(one) ? one : "";
        var tiles = open.Where(a => tag.Length == 0 || a.App.Tags.Contains(tag)).Select(a => a.Tile).ToList();
        var look = LookOf(table, [.. tiles.Select(t => t.Logo).OfType<string>()]);
        return new PageResult<LauncherPage>(
            new Dictionary<string, object?>
            {
                [nameof(LauncherPage.Look)] = look,
                [nameof(LauncherPage.Email)] = session.Email,
                [nameof(LauncherPage.Tiles)] = tiles,
                [nameof(LauncherPage.Tags)] = tags,
                [nameof(LauncherPage.Tag)] = tag,
                [nameof(LauncherPage.HasFactors)] = table.Organization.Mfa is { Allowed: not MfaMethods.None },
                [nameof(LauncherPage.Links)] = table.Launcher?.App.Launcher?.FooterLinks ?? [],
            },
            StatusCodes.Status200OK)
        {
            Look = look,
        };
    }

    private IResult Choice(AccessTable table, List<LoginMethodEntry> methods, bool wantsOther, string returnTo)
    {
        var own = table.Launcher?.App.Launcher;
        var look = LookOf(table, own?.ImageUrl is { } picture ? [picture] : []);
        var links = methods.Select(m => KeyValuePair.Create(m.Method.Name, PathTo(returnTo, wantsOther, m.Method.Id.ToString()))).ToList();
        if (links.Count > 0 && table.Launcher is { } launcherApp && CustomLoginPage.Of(table, launcherApp, urls.AccessHost, links) is { } custom)
        {
            return custom;
        }

        return new PageResult<LoginPage>(
            new Dictionary<string, object?>
            {
                [nameof(LoginPage.AppName)] = "your applications",
                [nameof(LoginPage.AppHost)] = urls.AccessHost,
                [nameof(LoginPage.Look)] = look,
                [nameof(LoginPage.Heading)] = own?.Title ?? "",
                [nameof(LoginPage.Picture)] = own?.ImageUrl,
                [nameof(LoginPage.Header)] = own?.Message ?? table.Organization.LoginHeader,
                [nameof(LoginPage.Footer)] = methods.Count > 0 ? table.Organization.LoginFooter : "There is no login method for this page. Open your application by its own address.",
                [nameof(LoginPage.Methods)] = links,
            },
            StatusCodes.Status200OK)
        {
            Look = look,
        };
    }

    private static BrandLook LookOf(AccessTable table, IReadOnlyList<string> pictures)
    {
        var own = table.Launcher?.App.Launcher;
        var hasColors = own is { Background: not null } or { HeaderBackground: not null } or { ButtonColor: not null } or { ButtonTextColor: not null };
        return new BrandLook(table.Organization.Name, own?.LogoUrl ?? table.Organization.LoginLogo, null, hasColors || OrganizationLook.HasColors(table.Organization) ? StylePath : null) { Pictures = pictures };
    }
}
