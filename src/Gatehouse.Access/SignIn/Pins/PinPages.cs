using Gatehouse.Access.Pages;
using Gatehouse.Access.Saas;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Pins;

/// <summary>The two pages of a sign-in by code: the address, then the code.</summary>
internal sealed class PinPages(IMailSender mail, PublicUrls urls)
{
    /// <summary>Asks for the address; the form goes on with the link's own parameters.</summary>
    public IResult Ask(HttpContext context, AccessTable table, AppEntry app, string host, string fault = "")
    {
        SecurityHeaders.NoStore(context.Response);
        return mail.IsSetUp
            ? PageOf(table, app, host, $"/cdn-cgi/access/verify-code/{host}{context.Request.QueryString}", fault: fault)
            : Page.Message(
                StatusCodes.Status503ServiceUnavailable,
                "No code can be sent",
                "Mail is not set up here. Whoever runs this can set it up (GATEHOUSE_SMTP_URL), or take this login method away.",
                brand: table.Organization.Name);
    }

    /// <summary>Asks for the code.</summary>
    public IResult Code(AccessTable table, AppEntry app, LoginState state, string nonce, string again, string fault = "") =>
        PageOf(table, app, state.Host, "/cdn-cgi/access/callback", nonce, state.PinEmail!, again, fault); // a state of this kind has an address

    private PageResult<PinPage> PageOf(
        AccessTable table, AppEntry app, string host, string action, string nonce = "", string email = "", string again = "", string fault = "")
    {
        var hosts = app.App.Domains.Select(d => d.Split('/')[0]).Where(d => !d.Contains('*', StringComparison.Ordinal)).Append(host).Distinct(StringComparer.Ordinal);
        var parameters = new Dictionary<string, object?>
        {
            [nameof(PinPage.AppName)] = app.App.Name,
            [nameof(PinPage.AppHost)] = host,
            [nameof(PinPage.Brand)] = table.Organization.Name,
            [nameof(PinPage.Action)] = action,
            [nameof(PinPage.Nonce)] = nonce,
            [nameof(PinPage.Email)] = email,
            [nameof(PinPage.Again)] = again,
            [nameof(PinPage.Fault)] = fault,
        };

        // Browsers hold redirects after a post against this, too, and the code leads to the app.
        return new PageResult<PinPage>(parameters, fault.Length > 0 ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK) { FormTargets = string.Join(' ', hosts.Select(urls.UrlOf).Concat(SsoPaths.FormTargets(app))) };
    }
}
