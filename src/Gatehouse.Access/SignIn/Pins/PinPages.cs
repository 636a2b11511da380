using Gatehouse.Access.Pages;
using Gatehouse.Access.Saas;
using Gatehouse.Access.SignIn.Launcher;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Pins;

/// <summary>The two pages of a sign-in by code: the address, then the code. Without an app they are the App Launcher's.</summary>
internal sealed class PinPages(IMailSender mail, PublicUrls urls)
{
    private const string Root = "/cdn-cgi/access";

    /// <summary>What somebody signs in to.</summary>
    public static string NameOf(AppEntry? app) => app?.App.Name ?? "your applications";

    /// <summary>Asks for the address; the form goes on with the link's own parameters.</summary>
    public IResult Ask(HttpContext context, AccessTable table, AppEntry? app, string host, string fault = "")
    {
        SecurityHeaders.NoStore(context.Response);
        return mail.IsSetUp
            ? PageOf(table, app, host, app is null ? $"{Root}/verify-code/{urls.AccessHost}{(LauncherEndpoint.ReturnToOf(context.Request) == "/" ? "" : "?" + LauncherEndpoint.AddFactor)}" : $"{Root}/verify-code/{host}{context.Request.QueryString}", fault: fault)
            : Page.Message(
                StatusCodes.Status503ServiceUnavailable,
                "No code can be sent",
                "Mail is not set up here. Whoever runs this can set it up (GATEHOUSE_SMTP_HOST), or take this login method away.",
                brand: table.Organization.Name);
    }

    /// <summary>Asks for the code.</summary>
    public IResult Code(AccessTable table, AppEntry? app, LoginState state, string nonce, string again, string fault = "") =>
        PageOf(table, app, state.Host, Root + "/callback", nonce, state.PinEmail!, again, fault); // a state of this kind has an address

    private PageResult<PinPage> PageOf(
        AccessTable table, AppEntry? app, string host, string action, string nonce = "", string email = "", string again = "", string fault = "")
    {
        var parameters = new Dictionary<string, object?>
        {
            [nameof(PinPage.AppName)] = NameOf(app),
            [nameof(PinPage.AppHost)] = app is null ? urls.AccessHost : host,
            [nameof(PinPage.Look)] = OrganizationLook.Of(table),
            [nameof(PinPage.Action)] = action,
            [nameof(PinPage.Nonce)] = nonce,
            [nameof(PinPage.Email)] = email,
            [nameof(PinPage.Resend)] = nonce.Length > 0 ? $"{Root}/resend-code?{PinEndpoint.NonceParameter}={nonce}" : "",
            [nameof(PinPage.Again)] = again,
            [nameof(PinPage.Fault)] = fault,
        };

        // Browsers hold redirects after a post against this, too, and the code leads to the app.
        return new PageResult<PinPage>(parameters, fault.Length > 0 ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK)
        {
            Look = OrganizationLook.Of(table),
            FormTargets = app is null ? null : SsoPaths.FormTargets(table, urls, app, host),
        };
    }
}
