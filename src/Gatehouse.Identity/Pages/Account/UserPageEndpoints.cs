using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Users;
using Gatehouse.Model.Users;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Pages.Account;

/// <summary><c>/if/user/</c> and the forms on it.</summary>
internal sealed partial class UserPageEndpoints(
    BrowserSessions sessions, CrossSite crossSite, UserPageReader reader, BrandLooks looks, ILogger<UserPageEndpoints> logger)
{
    private static readonly Dictionary<string, string> Notices = new()
    {
        ["profile"] = "Your profile was saved.",
        ["password"] = "Your password was changed. Your other sessions have ended.",
        ["session"] = "The session has ended.",
        ["sessions"] = "All other sessions have ended.",
        ["token"] = "It was deleted, and works no more.",
        ["consent"] = "It was taken back. The application has to ask again.",
        ["nothing"] = "That was gone already.",
    };

    /// <summary>The page.</summary>
    public async Task<IResult> ShowAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (await sessions.FindAsync(request, cancellationToken) is not { } browser)
        {
            return SignIn(request);
        }

        if (browser.User.Type != UserType.Internal)
        {
            return await ElsewhereAsync(request, browser, cancellationToken);
        }

        var notice = request.Query["done"] is [{ } word] ? Notices.GetValueOrDefault(word) : null;
        return Page(200, await reader.ReadAsync(request, browser, notice, null, null, cancellationToken));
    }

    /// <summary><c>/application/launch/&lt;slug&gt;/</c>: signs in if need be, and opens an application. One that is not theirs looks as one that is not there.</summary>
    public async Task<IResult> LaunchAsync(HttpRequest request, string slug, CancellationToken cancellationToken)
    {
        if (await sessions.FindAsync(request, cancellationToken) is not { } browser)
        {
            return SignIn(request, $"/application/launch/{Uri.EscapeDataString(slug)}/");
        }

        if (await reader.TileAsync(request, slug, browser.User, cancellationToken) is { } tile)
        {
            SecurityHeaders.NoStore(request.HttpContext.Response);
            return Results.Redirect(tile.Href);
        }

        return Web.Pages.Page.Message(
            404, "There is no such application", "Nothing of this name can be opened from here, or it is not for you.", action: ("/", "Go home"), brand: (await looks.OfAsync(request, cancellationToken)).Title);
    }

    /// <summary>Takes a form: whoever sends it has to be signed in, and to have it from this page.</summary>
    public async Task<IResult> PostAsync(HttpContext context, Func<SignedInBrowser, IFormCollection, Task<FormResult>> run, string section, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (crossSite.IsForeign(request))
        {
            return Refuse(403, "This form was sent by another site.", "a foreign origin");
        }

        if (await sessions.FindAsync(request, cancellationToken) is not { } browser)
        {
            return SignIn(request);
        }

        if (await PostedForm.ReadAsync(request, cancellationToken) is not { } form)
        {
            return Refuse(400, "This form can’t be read.", "an unreadable form");
        }

        if (!crossSite.IsProvenForm(form, browser.Session.Id) || browser.User.Type != UserType.Internal)
        {
            return Refuse(403, "This form is out of date.", "no token of this session's page");
        }

        if (browser.IsImpersonating)
        {
            return Refuse(403, "You are acting as somebody else. End the impersonation first.", $"user {browser.Session.UserId} impersonates user {browser.User.Id}");
        }

        var result = await run(browser, form);
        if (result.IsBusy)
        {
            context.Response.Headers.RetryAfter = "1";
            return Refuse(503, "Many people are signing in right now.", "too many passwords to check");
        }

        if (result.Goes is { } elsewhere)
        {
            SecurityHeaders.NoStore(context.Response);
            context.Response.Headers.Location = elsewhere;
            return Results.StatusCode(303);
        }

        if (result.Done is { } done)
        {
            SecurityHeaders.NoStore(context.Response);
            context.Response.Headers.Location = $"{FlowFinish.UserPage}?done={done}#{section}";
            return Results.StatusCode(303);
        }

        var typed = form.Where(f => f.Key is "username" or "name" or "email" && section == "profile").ToDictionary(f => f.Key, f => f.Value.ToString());
        return Page(result.Faults.Count > 0 ? 400 : 200, await reader.ReadAsync(request, browser, null, result, typed, cancellationToken));
    }

    private async Task<IResult> ElsewhereAsync(HttpRequest request, SignedInBrowser browser, CancellationToken cancellationToken)
    {
        var look = await looks.OfAsync(request, cancellationToken);
        if (await reader.TileAsync(look.Brand?.DefaultApplicationId, browser.User, cancellationToken) is { } tile)
        {
            SecurityHeaders.NoStore(request.HttpContext.Response);
            return Results.Redirect(tile.Href);
        }

        return Web.Pages.Page.Message(
            403, "You are signed in", "Open the application you want to use. This page is for people of the house only.",
            action: ("/flows/-/default/invalidation/", "Sign out"), brand: look.Title);
    }

    private IResult Refuse(int status, string title, string reason)
    {
        LogRefused(status, reason);
        return Web.Pages.Page.Message(status, title, "Nothing was changed. Go back to your page and try again.", action: (FlowFinish.UserPage, "Back to my page"));
    }

    private static PageResult<UserPage> Page(int status, UserPageModel model) =>
        new(new Dictionary<string, object?> { [nameof(UserPage.Model)] = model }, status) { Look = model.Look };

    private static IResult SignIn(HttpRequest request, string next = FlowFinish.UserPage)
    {
        SecurityHeaders.NoStore(request.HttpContext.Response);
        request.HttpContext.Response.Headers.Location = $"{FlowFinish.LoginPage}?next={Uri.EscapeDataString(next)}";
        return Results.StatusCode(HttpMethods.IsPost(request.Method) ? 303 : 302);
    }

    [LoggerMessage(EventId = 2250, Level = LogLevel.Information, Message = "A form of the user's page was refused with {Status}: {Reason}")]
    private partial void LogRefused(int status, string reason);
}

/// <summary>Wires the user's page.</summary>
internal static class UserPages
{
    private static readonly string[] Reading = ["GET", "HEAD"];

    /// <summary>Adds the services.</summary>
    public static void AddUserPages(this IServiceCollection services)
    {
        services.TryAddScoped<UserPageReader>();
        services.TryAddScoped<UserPageEndpoints>();
        services.TryAddScoped<OwnDetails>();
        services.TryAddScoped<OwnPassword>();
        services.TryAddScoped<OwnKeys>();
    }

    /// <summary>Maps the routes.</summary>
    public static void MapUserPages(this IEndpointRouteBuilder endpoints)
    {
        const string page = FlowFinish.UserPage;
        endpoints.MapMethods(page, Reading, (UserPageEndpoints e, HttpRequest r, CancellationToken t) => e.ShowAsync(r, t));
        endpoints.MapMethods("/application/launch/{slug}/", Reading, (UserPageEndpoints e, HttpRequest r, string slug, CancellationToken t) => e.LaunchAsync(r, slug, t));
        endpoints.MapPost(page + "profile/", (UserPageEndpoints e, OwnDetails o, HttpContext c, CancellationToken t) => e.PostAsync(c, (b, f) => o.ChangeAsync(c, b, f, t), "profile", t));
        endpoints.MapPost(page + "password/", (UserPageEndpoints e, OwnPassword o, HttpContext c, CancellationToken t) => e.PostAsync(c, (b, f) => o.ChangeAsync(c, b, f, t), "password", t));
        endpoints.MapPost(page + "sessions/end/", (UserPageEndpoints e, OwnKeys o, HttpContext c, CancellationToken t) => e.PostAsync(c, (b, _) => o.EndOthersAsync(c, b, t), "sessions", t));
        endpoints.MapPost(page + "sessions/{id:guid}/end/", (UserPageEndpoints e, OwnKeys o, HttpContext c, Guid id, CancellationToken t) => e.PostAsync(c, (b, _) => o.EndOneAsync(c, b, id, t), "sessions", t));
        endpoints.MapPost(page + "tokens/", (UserPageEndpoints e, OwnKeys o, HttpContext c, CancellationToken t) => e.PostAsync(c, (b, f) => o.MakeAsync(c, b, f, t), "tokens", t));
        endpoints.MapPost(page + "tokens/{id:guid}/delete/", (UserPageEndpoints e, OwnKeys o, HttpContext c, Guid id, CancellationToken t) => e.PostAsync(c, (b, _) => o.DeleteAsync(c, b, id, t), "tokens", t));
        endpoints.MapPost(page + "consents/{id:int}/revoke/", (UserPageEndpoints e, OwnKeys o, HttpContext c, int id, CancellationToken t) => e.PostAsync(c, (b, _) => o.RevokeAsync(c, b, id, t), "consents", t));
    }
}
