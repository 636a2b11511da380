using Gatehouse.Access.SignIn.Launcher;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>What a refused visitor sees: that it is so, for which account, and an id to ask an administrator about. Never the policies.</summary>
internal sealed class DenialPage(SignInDecision admission, PublicUrls urls)
{
    /// <summary>Refuses a request at an app host, and keeps the decision.</summary>
    public Task WriteAsync(HttpContext context, AccessTable table, AppEntry app, Visitor visitor, int status)
    {
        var id = admission.RecordDenial(context, app, visitor);
        return Result(table, app, visitor, RequestHost.Of(context.Request), "/", id, status).ExecuteAsync(context);
    }

    /// <summary>Refuses a sign-in whose decision <paramref name="id"/> has been kept.</summary>
    public IResult ForLogin(AccessTable table, AppEntry app, Visitor visitor, string host, string returnTo, string id) =>
        Result(table, app, visitor, host, returnTo, id, StatusCodes.Status403Forbidden);

    /// <summary>What an administrator made for people whom <paramref name="app"/> refuses: a page, or another address; null when there is nothing.</summary>
    public static IResult? OwnFor(AccessTable table, AppEntry app, string id, int status) =>
        CustomPageFor(table, app, CustomPageKind.IdentityDenied) is { } custom ? new CustomPageResult(custom.Html, status, id)
        : Web(app.App.CustomDenyUrl) is { } elsewhere ? Results.Redirect(elsewhere)
        : null;

    /// <summary>Refuses somebody at the App Launcher: as its policies say, or because no application is open to them.</summary>
    public IResult ForLauncher(AccessTable table, string email, string ray, string returnTo) =>
        (table.Launcher is { } own ? OwnFor(table, own, ray, StatusCodes.Status403Forbidden) : null) ?? Page.Message(
            StatusCodes.Status403Forbidden,
            "That account does not have access.",
            table.Launcher?.App.CustomDenyMessage ?? (table.Launcher is null
                ? $"You are signed in as {email}, and no application here is open to you."
                : $"You are signed in as {email}, and this account may not open the App Launcher."),
            [new("Id in the log", ray)],
            (urls.Access + LauncherEndpoint.PathTo(returnTo, switchPerson: true), "Sign in as somebody else"),
            look: OrganizationLook.Of(table));

    private IResult Result(AccessTable table, AppEntry app, Visitor visitor, string? host, string returnTo, string id, int status)
    {
        if (visitor.Identity is not { } identity)
        {
            if (CustomPageFor(table, app, CustomPageKind.Forbidden) is { } custom)
            {
                return new CustomPageResult(custom.Html, status, id);
            }

            if (Web(app.App.CustomNonIdentityDenyUrl) is { } away)
            {
                return Results.Redirect(away);
            }

            return Page.Message(
                status,
                "Forbidden",
                "This address does not admit your request as it came: from this network or without the credentials it asks for. If you expected to be let in, give whoever runs it the decision id.",
                [new("Decision id", id)],
                look: OrganizationLook.Of(table));
        }

        return OwnFor(table, app, id, status) ?? Page.Message(
            status,
            "That account does not have access.",
            app.App.CustomDenyMessage is { Length: > 0 } own ? own : $"You are signed in, but this account may not open {app.App.Name}. If it should, give whoever runs it the decision id.",
            [new("Signed in as", identity.Email), new("Decision id", id)],
            host is null ? null : (AppLogin.Url(urls, host, returnTo, switchPerson: true), "Sign in as someone else"),
            look: OrganizationLook.Of(table));
    }

    private static string? Web(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp) ? url.AbsoluteUri : null;

    // The app's own, else the organization's. A deny URL of the app goes before the organization's page.
    private static CustomPage? CustomPageFor(AccessTable table, AppEntry app, CustomPageKind kind)
    {
        var own = app.App.CustomPages.Select(id => table.CustomPages.GetValueOrDefault(id)).FirstOrDefault(p => p?.Kind == kind);
        if (own is not null || (kind == CustomPageKind.IdentityDenied && (Web(app.App.CustomDenyUrl) is not null || app.App.CustomDenyMessage is { Length: > 0 })))
        {
            return own;
        }

        return (kind == CustomPageKind.Forbidden ? table.Organization.ForbiddenPage : table.Organization.IdentityDeniedPage) is { } id ? table.CustomPages.GetValueOrDefault(id) : null;
    }
}

/// <summary>The address on an app host that begins a sign-in.</summary>
internal static class AppLogin
{
    /// <summary>Its URL; the person comes back to <paramref name="returnTo"/>.</summary>
    public static string Url(PublicUrls urls, string host, string returnTo, bool switchPerson) =>
        $"{urls.UrlOf(host)}/cdn-cgi/access/login?redirect_url={Uri.EscapeDataString(returnTo)}{(switchPerson ? $"&{LoginRedirect.SwitchParameter}=1" : "")}";
}
