using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Store;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Device;

/// <summary><c>/device</c>: where people bring the code that their device shows. Leads to the brand's flow, by way of sign-in.</summary>
internal sealed class DevicePage(GatehouseDb db, BrowserSessions sessions)
{
    public const string Path = "/device";

    public async Task<IResult> HandleAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (await FlowSlugAsync(context.Request.Host.Host, cancellationToken) is not { } slug)
        {
            return Page.Message(StatusCodes.Status404NotFound, "Not Found", "Devices can't be signed in here: no flow is set for it.", action: ("/", "Go home"));
        }

        SecurityHeaders.NoStore(context.Response);
        var code = context.Request.Query["code"] is [{ Length: > 0 and <= 20 } sent] ? $"?code={Uri.EscapeDataString(sent)}" : "";
        return await sessions.FindAsync(context.Request, cancellationToken) is null
            ? TypedResults.Redirect($"{FlowFinish.LoginPage}?next={Uri.EscapeDataString(Path + code)}")
            : TypedResults.Redirect($"/if/flow/{slug}/{code}");
    }

    private Task<string?> FlowSlugAsync(string host, CancellationToken cancellationToken) => (
        from brand in db.Brands
        join flow in db.Flows on brand.DeviceCodeFlowId equals flow.Id
        where brand.IsDefault || brand.Domain == host
        orderby brand.IsDefault // the host's own brand first
        select (string?)flow.Slug).FirstOrDefaultAsync(cancellationToken);
}
