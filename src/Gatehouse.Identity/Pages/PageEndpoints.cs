using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Setup;
using Gatehouse.Store;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Pages;

/// <summary>Where browsers arrive: the front door, the page that drives flows, and the way to a flow.</summary>
internal sealed class PageEndpoints(
    GatehouseDb db, BrowserSessions sessions, FrontChannel frontChannel, FlowPlans plans, AuthorizationBorder authorization, DefaultFlows defaults, BrandLooks looks)
{
    /// <summary><c>/</c></summary>
    public async Task<IResult> HomeAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!await SetupState.IsDoneAsync(db, cancellationToken))
        {
            return To(request, "/setup");
        }

        return To(request, await sessions.FindAsync(request, cancellationToken) is null ? SignInTo(FlowFinish.UserPage) : FlowFinish.UserPage);
    }

    /// <summary><c>/if/flow/&lt;slug&gt;/</c>: the frame; a script asks the executor for what goes in.</summary>
    public async Task<IResult> FlowAsync(HttpRequest request, string slug, CancellationToken cancellationToken)
    {
        // The flow that authentik's guides open first. Here set-up needs the link that was printed.
        if (slug == "initial-setup")
        {
            return Results.Redirect("/setup");
        }

        var brand = await looks.OfAsync(request, cancellationToken);
        var flow = await db.Flows.Where(f => f.Slug == slug).Select(f => new { f.Title, f.Designation, f.Background }).SingleOrDefaultAsync(cancellationToken);
        if (flow is null)
        {
            return Page.Message(404, "There is no such flow", "Check the address, or start again from the front door.", action: ("/", "Start again"), brand: brand.Title);
        }

        var browser = flow.Designation is "invalidation" or "authorization" ? await sessions.FindAsync(request, cancellationToken) : null;
        var look = brand.Shown with
        {
            Background = BrandLooks.Picture(flow.Background) ?? BrandLooks.Picture(brand.Brand?.Background ?? ""),
            Pictures = flow.Designation == "authorization" && await IconAsync(request, browser, cancellationToken) is { } icon ? [icon] : [],
        };
        return new PageResult<FlowPage>(
            new Dictionary<string, object?>
            {
                [nameof(FlowPage.Title)] = flow.Title.Contains("%(", StringComparison.Ordinal) ? "One moment" : flow.Title,
                [nameof(FlowPage.Look)] = look,
                [nameof(FlowPage.Slug)] = slug,
            },
            200)
        {
            ScriptSource = "'self'",
            FrameSources = flow.Designation == "invalidation" ? await frontChannel.SourcesAsync(browser, cancellationToken) : null,
            Look = look,
        };
    }

    // The page has to allow the picture that the consent in it will show.
    private async Task<string?> IconAsync(HttpRequest request, SignedInBrowser? browser, CancellationToken cancellationToken) =>
        browser is not null && FlowQuery.Read(request.QueryString.Value?.TrimStart('?') ?? "") is { } query
            ? await authorization.IconAsync(query.Raw, browser, cancellationToken)
            : null;

    /// <summary><c>/flows/-/default/&lt;designation&gt;/</c>: the brand's flow, else the shipped one. The query goes along.</summary>
    public async Task<IResult> DefaultFlowAsync(HttpRequest request, string designation, CancellationToken cancellationToken)
    {
        return await defaults.SlugAsync(request, designation, cancellationToken) is { } slug
            ? To(request, $"/if/flow/{slug}/{request.QueryString.Value}")
            : Page.Message(
                404, "There is no such flow", $"No flow here is for {designation}.", action: ("/", "Start again"), brand: (await looks.OfAsync(request, cancellationToken)).Title);
    }

    /// <summary><c>/flows/-/cancel/</c>: forgets how far the browser was in the flow that <c>next</c> leads back to.</summary>
    public async Task<IResult> CancelAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var query = FlowQuery.Read(request.QueryString.Value?.TrimStart('?') ?? "");
        if (query?.Next is not { } next)
        {
            return To(request, "/");
        }

        const string flowPages = "/if/flow/";
        var mark = next.IndexOf("/?", StringComparison.Ordinal);
        if (BrowserSessions.KeyOf(request) is { } key && next.StartsWith(flowPages, StringComparison.Ordinal) && mark > flowPages.Length)
        {
            await plans.ForgetAsync(FlowPlans.IdOf(key, next[flowPages.Length..mark], next[(mark + 2)..]), cancellationToken);
        }

        return To(request, next);
    }

    private static string SignInTo(string next) => $"{FlowFinish.LoginPage}?next={Uri.EscapeDataString(next)}";

    private static IResult To(HttpRequest request, string path)
    {
        SecurityHeaders.NoStore(request.HttpContext.Response);
        return Results.Redirect(path);
    }
}
