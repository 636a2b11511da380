using Gatehouse.Identity.Oidc.Authorize;
using Gatehouse.Identity.Oidc.Device;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>Where flows lead, and what frames their challenges.</summary>
internal sealed class FlowFinish(AuthorizationBorder authorization, LogoutEnd logout)
{
    /// <summary>The user's page.</summary>
    public const string UserPage = "/if/user/";

    private const string Cancelled = "/flows/-/cancel/";

    /// <summary>Finds the default login flow.</summary>
    public const string LoginPage = "/flows/-/default/authentication/";

    /// <summary>Ends the flow: sends the browser on.</summary>
    public async Task<Challenge> ChallengeAsync(FlowRun run, CancellationToken cancellationToken)
    {
        if (run is { Authorization.IsDevice: true, Browser: { } person })
        {
            var late = await authorization.FinishAsync(run.Http, run.Query.Raw, person, cancellationToken);
            return late.Length == 0 ? new DeviceCodeFinishChallenge { FlowInfo = InfoOf(run) } : new RedirectChallenge(late) { FlowInfo = InfoOf(run) };
        }

        if (run is { Flow.Designation: "invalidation", Query.Next: null, State.Next: null })
        {
            return await logout.ChallengeAsync(run, cancellationToken);
        }

        var to = run switch
        {
            { Authorization: not null, Browser: { } browser } => await authorization.FinishAsync(run.Http, run.Query.Raw, browser, cancellationToken),
            { Query.Next: { } next } => next,
            { State.Next: { } next } => next,
            { Flow.Designation: "recovery", Browser: null } => LoginPage,
            _ => UserPage,
        };
        return new RedirectChallenge(to) { FlowInfo = InfoOf(run) };
    }

    /// <summary>Heading and way out.</summary>
    public static FlowInfo InfoOf(FlowRun run, string? application = null)
    {
        // The flow of applications says where it leads; a device leads nowhere.
        var title = (run.Authorization is { IsDevice: true } ? "Sign a device in to %(app)s" : run.Flow.Title)
            .Replace("%(app)s", application ?? run.Authorization?.ApplicationName ?? "the application", StringComparison.Ordinal)
            .Replace("%(user)s", run.PendingUser, StringComparison.Ordinal);
        return new FlowInfo(title, CancelUrl(run), run.Flow.Background, run.Flow.Layout);
    }

    // Signing in as somebody else starts the same flow again; who says no to an application lets it know; all else leads home.
    private static string CancelUrl(FlowRun run) => run switch
    {
        { Flow: { Designation: "authentication" } flow, Query: { HasUnsafeNext: false } query } => Cancel($"/if/flow/{flow.Slug}/?{query.WithoutHint()}"),
        { Authorization: not null } => Cancel(AuthorizeQuery.Decline(run.Query.Raw)),
        _ => Cancelled,
    };

    private static string Cancel(string next) => $"{Cancelled}?next={Uri.EscapeDataString(next)}";
}
