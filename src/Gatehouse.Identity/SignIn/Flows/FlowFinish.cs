using Gatehouse.Model.Flows;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>Where flows lead, and what frames their challenges.</summary>
internal sealed class FlowFinish(AuthorizationBorder authorization)
{
    /// <summary>The user's page.</summary>
    public const string UserPage = "/if/user/";

    /// <summary>Finds the default login flow.</summary>
    public const string LoginPage = "/flows/-/default/authentication/";

    /// <summary>Ends the flow: sends the browser on.</summary>
    public async Task<Challenge> ChallengeAsync(FlowRun run, CancellationToken cancellationToken)
    {
        var to = run switch
        {
            { Authorization: not null, Browser: { } browser } => await authorization.FinishAsync(run.Query.Raw, browser, cancellationToken),
            { Query.Next: { } next } => next,
            { State.Next: { } next } => next,
            { Flow.Designation: "recovery", Browser: null } => LoginPage,
            { Flow.Designation: "invalidation" } => LoginPage,
            _ => UserPage,
        };
        return new RedirectChallenge(to) { FlowInfo = InfoOf(run) };
    }

    /// <summary>Heading and way out.</summary>
    public static FlowInfo InfoOf(FlowRun run)
    {
        var title = run.Flow.Title
            .Replace("%(app)s", run.Authorization?.ApplicationName ?? "the application", StringComparison.Ordinal)
            .Replace("%(user)s", run.PendingUser, StringComparison.Ordinal);
        return new FlowInfo(title, CancelUrl(run.Flow, run.Query));
    }

    // Signing in as somebody else starts the same flow again; leaving a consent page leads home.
    private static string CancelUrl(Flow flow, FlowQuery query) => flow.Designation == "authentication" && !query.HasUnsafeNext
        ? $"/flows/-/cancel/?next={Uri.EscapeDataString($"/if/flow/{flow.Slug}/?{query.WithoutHint()}")}"
        : "/flows/-/cancel/";
}
