using Gatehouse.Identity.Pages;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Gatehouse.Web.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>The last step of a logout that leads nowhere else: what one has left, and the ways on (authentik's session end).</summary>
internal sealed class LogoutEnd(GatehouseDb db, BrandLooks looks, VisibleApplications visible, LogoutMark mark)
{
    /// <summary>The shipped flow that is run when somebody logs out of an application.</summary>
    public const string UsualFlow = "default-provider-invalidation-flow";

    private const string Everything = "/flows/-/default/invalidation/";

    /// <summary>The page that ends a logout of this application, by the slug of the flow that is run for it.</summary>
    public static string Of(string flow, string application) => $"/if/flow/{flow}/?application={Uri.EscapeDataString(application)}";

    /// <summary>The step.</summary>
    public async Task<Challenge> ChallengeAsync(FlowRun run, CancellationToken cancellationToken)
    {
        var look = await looks.OfAsync(run.Http.Request, cancellationToken);
        var user = run.Browser?.User;
        var (name, href) = run.Query.Application is { } slug ? await ApplicationAsync(run, slug, user, cancellationToken) : (null, null);
        return new SessionEndChallenge(
            run.PendingUser,
            StageAnswers.Avatar,
            look.Title,
            name,
            href,
            user is null ? null : Everything,
            user is null ? null : FlowFinish.UserPage)
        {
            FlowInfo = FlowFinish.InfoOf(run, name),
        };
    }

    // Only to whom may use it, or has just logged out of it: a slug is easily guessed, and whoever knows one learns nothing more of it here.
    private async Task<(string? Name, string? Href)> ApplicationAsync(FlowRun run, string slug, User? user, CancellationToken cancellationToken) => await (
        from application in db.ProviderApplications.AsNoTracking()
        join provider in db.Providers.AsNoTracking() on application.ProviderId equals (int?)provider.Id into providers
        from provider in providers.DefaultIfEmpty()
        where application.Slug == slug
        select new { application, provider }).SingleOrDefaultAsync(cancellationToken) is { } found
        && (mark.Has(run.Http.Request, slug) || (user is not null && (await visible.AllowedAsync(
            [found.application], new PolicySubject(user.Id, ClientAddress.Of(run.Http).ToString(), new Dictionary<string, object>()), cancellationToken)).Count == 1))
            ? (found.application.Name, Tile.Of(found.application, found.provider, user)?.Href)
            : (null, null);
}
