using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Events;
using Gatehouse.Store;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Mfa;

/// <summary>What people do to their authenticators on their own page: enrol, rename, remove.</summary>
internal sealed partial class DeviceEndpoints(
    GatehouseDb db, BrowserSessions sessions, CrossSite crossSite, MfaEvents events, TimeProvider clock, ILogger<DeviceEndpoints> logger)
{
    private const string Brand = "Gatehouse Identity";
    private const string Back = FlowFinish.UserPage + "#devices";

    /// <summary><c>GET /flows/-/configure/&lt;stage&gt;/</c>: on to the flow that sets up what a stage needs.</summary>
    public async Task<IResult> ConfigureAsync(HttpRequest request, Guid stage, CancellationToken cancellationToken)
    {
        if (await sessions.FindAsync(request, cancellationToken) is null)
        {
            return To(request, $"{FlowFinish.LoginPage}?next={Uri.EscapeDataString($"/flows/-/configure/{stage}/")}");
        }

        var found = await db.Stages.AsNoTracking().SingleOrDefaultAsync(s => s.Id == stage, cancellationToken);
        var flow = found is null ? null : new StageSettings(found).Id("configure_flow");
        var slug = flow is null ? null : await db.Flows.Where(f => f.Id == flow).Select(f => f.Slug).SingleOrDefaultAsync(cancellationToken);
        return slug is null
            ? Page.Message(404, "There is nothing to set up", "No such step, or it needs nothing.", action: (FlowFinish.UserPage, "My page"), brand: Brand)
            : To(request, $"/if/flow/{slug}/?next={Uri.EscapeDataString(NextOf(request))}");
    }

    /// <summary><c>POST /if/user/devices/</c></summary>
    public async Task<IResult> ChangeAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (await sessions.FindAsync(request, cancellationToken) is not { } browser)
        {
            return To(request, $"{FlowFinish.LoginPage}?next={Uri.EscapeDataString(FlowFinish.UserPage)}");
        }

        var form = await PostedForm.ReadAsync(request, cancellationToken);
        if (crossSite.IsForeign(request) || form is null || !crossSite.IsProvenForm(form, browser.Session.Id))
        {
            return Refuse(403, "This form can't be taken", "It comes from another site, or is older than your sign-in. Load your page again.", "a foreign or stale form");
        }

        if (browser.IsImpersonating)
        {
            return Refuse(403, "You are acting as somebody else", "Their devices can't be changed like this. End the impersonation first.", $"user {browser.Session.UserId} impersonates user {browser.User.Id}");
        }

        // Before anything is done; the form has to be sent again.
        if (!RecentSignIn.Has(browser, clock))
        {
            return To(request, RecentSignIn.Link(FlowFinish.UserPage));
        }

        if (await FindAsync(form, browser.User.Id, cancellationToken) is not { } device)
        {
            return Refuse(404, "There is no such device", "It may have been removed in another window.", "no device of this user");
        }

        return form["action"].ToString() switch
        {
            "remove" => await RemoveAsync(context, browser, device, cancellationToken),
            "rename" => await RenameAsync(context, browser, device, form["name"].ToString().Trim(), cancellationToken),
            _ => Refuse(400, "Nothing was done", "The form did not say what to do.", "no known action"),
        };
    }

    private async Task<IResult> RemoveAsync(HttpContext context, SignedInBrowser browser, Authenticator device, CancellationToken cancellationToken)
    {
        db.Remove(device);
        return await SaveAsync(context, browser, device, EventActions.ModelDeleted, cancellationToken);
    }

    private async Task<IResult> RenameAsync(HttpContext context, SignedInBrowser browser, Authenticator device, string name, CancellationToken cancellationToken)
    {
        if (name.Length == 0 || name.Length > device.Class.LongestName())
        {
            return Refuse(400, "That name can't be used", $"A name has 1 to {device.Class.LongestName()} characters.", "a name of a wrong length");
        }

        device.Name = name;
        device.UpdatedAt = clock.GetUtcNow();
        return await SaveAsync(context, browser, device, EventActions.ModelUpdated, cancellationToken);
    }

    private async Task<IResult> SaveAsync(HttpContext context, SignedInBrowser browser, Authenticator device, string action, CancellationToken cancellationToken)
    {
        db.Events.Add(events.Did(action, browser.User, ClientAddress.Of(context).ToString(), device));
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return Refuse(409, "Somebody else was faster", "The device was changed or removed in another window. Look again.", "changed meanwhile");
        }

        LogChanged(action, device.Class, device.Id, browser.User.Id);
        events.Written();
        SecurityHeaders.NoStore(context.Response);
        context.Response.Headers.Location = Back;
        return Results.StatusCode(303);
    }

    private async Task<Authenticator?> FindAsync(IFormCollection form, int userId, CancellationToken cancellationToken)
    {
        if (!int.TryParse(form["id"], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var id))
        {
            return null;
        }

        return AuthenticatorNames.Class(form["class"].ToString()) switch
        {
            AuthenticatorClass.Totp => await db.TotpDevices.SingleOrDefaultAsync(d => d.Id == id && d.UserId == userId, cancellationToken),
            AuthenticatorClass.Static => await db.StaticDevices.SingleOrDefaultAsync(d => d.Id == id && d.UserId == userId, cancellationToken),
            AuthenticatorClass.WebAuthn => await db.WebAuthnDevices.SingleOrDefaultAsync(d => d.Id == id && d.UserId == userId, cancellationToken),
            _ => null,
        };
    }

    private IResult Refuse(int status, string title, string text, string reason)
    {
        LogRefused(status, reason);
        return Page.Message(status, title, text, action: (Back, "My page"), brand: Brand);
    }

    private static string NextOf(HttpRequest request) => FlowQuery.Read(request.QueryString.Value?.TrimStart('?') ?? "")?.Next ?? FlowFinish.UserPage;

    private static IResult To(HttpRequest request, string path)
    {
        SecurityHeaders.NoStore(request.HttpContext.Response);
        return Results.Redirect(path);
    }

    [LoggerMessage(EventId = 2321, Level = LogLevel.Information, Message = "{Action}: {Class} device {DeviceId} of user {UserId}, by its owner")]
    private partial void LogChanged(string action, AuthenticatorClass @class, int deviceId, int userId);

    [LoggerMessage(EventId = 2322, Level = LogLevel.Information, Message = "A form about authenticators was refused with {Status}: {Reason}")]
    private partial void LogRefused(int status, string reason);
}
