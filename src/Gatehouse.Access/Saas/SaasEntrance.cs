using Gatehouse.Access.Gateway;
using Gatehouse.Access.SignIn;
using Gatehouse.Access.SignIn.Evaluation;
using Gatehouse.Access.SignIn.Mfa;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.Saas;

/// <summary>For what a SaaS application sends a person here, in whichever protocol.</summary>
/// <param name="App">The application.</param>
/// <param name="Target">Path and query that ask it.</param>
/// <param name="Ticket">The word of the sign-in that led back here; null when none did.</param>
internal sealed record SaasDemand(AppEntry App, string Target, string? Ticket)
{
    /// <summary>Whether nobody may be asked anything.</summary>
    public required bool IsSilent { get; init; }

    /// <summary>Whether the person has to prove anew who they are.</summary>
    public required bool MustSignIn { get; init; }

    /// <summary>The sign-in may be no older; null means any.</summary>
    public TimeSpan? MaxAge { get; init; }
}

/// <summary>Why an application that wants nobody to be asked anything gets no answer about a person.</summary>
internal enum SaasSilence
{
    /// <summary>A sign-in would be needed.</summary>
    SignIn,

    /// <summary>Something else would have to be asked.</summary>
    Question,

    /// <summary>The person may not enter.</summary>
    Denied,
}

/// <summary>Whether a person may enter a SaaS application. A closed set.</summary>
internal abstract record SaasRuling
{
    private SaasRuling()
    {
    }

    /// <summary>They may, until <paramref name="Until"/>; <paramref name="Visit"/> is how long one visit lasts, as the application's sessions do.</summary>
    public sealed record Open(AccessSession Session, DateTimeOffset Until, TimeSpan Visit) : SaasRuling;

    /// <summary>The policies admit them, but the application can't do without something that nobody said of them.</summary>
    public sealed record Incomplete(string Missing) : SaasRuling;

    /// <summary>They see this first, or instead.</summary>
    public sealed record Shown(IResult Result) : SaasRuling;

    /// <summary>Nobody is asked, so the application is told.</summary>
    public sealed record Silent(SaasSilence Why, string Reason) : SaasRuling;
}

/// <summary>Whether the person in front of the browser may enter a SaaS application: its policies are asked each time, and each sign-in is in the log.</summary>
internal sealed partial class SaasEntrance(
    OrgSessions orgSessions, IAccessSessions sessions, SealedStates states, SignInDecision admission, ExternalEvaluations evaluations, MfaMemory factors, Places places, DenialPage denial, PublicUrls urls,
    TimeProvider clock, ILogger<SaasEntrance> logger)
{
    /// <summary>Decides, and sends the person to sign in where that is missing.</summary>
    public async Task<SaasRuling> DecideAsync(HttpContext context, AccessTable table, SaasDemand demand)
    {
        var app = demand.App;
        var session = await orgSessions.FindAsync(context, table);
        var entry = session is null ? null : await EnterAsync(demand, session, context.RequestAborted);
        if (session is null || !app.Takes(session.LoginMethodId))
        {
            return ToLogin(demand, anew: demand.MustSignIn || demand.MaxAge is not null, SaasSilence.SignIn);
        }

        await evaluations.RefreshAsync(context, table, app, session);
        var visitor = places.Visitor(app, ClientAddress.Of(context), SessionIdentity.Of(session));
        if (SignInDecision.Judge(app, visitor) is not Ruling.Admitted admitted)
        {
            var id = await admission.RecordLoginAsync(context, app, visitor, urls.AccessHost, demand.Target);
            return demand.IsSilent
                ? new SaasRuling.Silent(SaasSilence.Denied, $"the policies do not admit this account ({id})")
                : new SaasRuling.Shown(denial.ForLogin(table, app, visitor, urls.AccessHost, demand.Target, id));
        }

        if (!IsFreshEnough(demand, session, admitted, entry))
        {
            return entry?.Proof == SignInProof.Answered ? Stale(context, table, demand, session) : ToLogin(demand, anew: true, SaasSilence.SignIn);
        }

        // What the policy asks for besides its rules is asked for where people sign in, unless they proved it in this browser before.
        if (admitted.By.OpenUntil(app.App.Id, visitor.Identity!, clock.GetUtcNow()) is null) // a person was admitted
        {
            await factors.RecallAsync(context, session);
        }

        // Where each entry asks, it did on the way here, and without one it has yet to.
        var now = clock.GetUtcNow();
        if (admitted.By.OpenUntil(app.App.Id, SessionIdentity.Of(session), now) is not { } open
            || (entry is null && admitted.By.AsksFactor(app.App.Id, SessionIdentity.Of(session), begunAt: now, now)))
        {
            return ToLogin(demand, anew: false, SaasSilence.Question);
        }

        // On the way here from a sign-in it was kept already.
        if (entry is null)
        {
            await admission.RecordLoginAsync(context, app, visitor, urls.AccessHost, demand.Target);
        }

        return SaasIdentity.MissingOf(app, visitor.Identity!) is { } missing // a person was admitted
            ? new SaasRuling.Incomplete(missing)
            : new SaasRuling.Open(session, open < session.ExpiresAt ? open : session.ExpiresAt, admitted.Duration > TimeSpan.Zero ? admitted.Duration : SessionDuration.Shortest);
    }

    // Whether the session is as young as the service, or the application, wants it.
    private bool IsFreshEnough(SaasDemand demand, AccessSession session, Ruling.Admitted admitted, HandOffState? entry)
    {
        // A provider that does not say when may have let in whoever was signed in there for a month.
        return entry?.Proof == SignInProof.Anew
            || (!demand.MustSignIn && admitted.Duration > TimeSpan.Zero && (demand.MaxAge is not { } most || clock.GetUtcNow() - session.AuthenticatedAt <= most));
    }

    // The login method was asked already, and would answer the same again, and so for ever.
    private SaasRuling.Shown Stale(HttpContext context, AccessTable table, SaasDemand demand, AccessSession session)
    {
        var failure = SignInFailure.Stale(table, session.LoginMethodId, session.AuthenticatedAt);
        var ray = RayId.Of(context);
        LogStale(demand.App.App.Name, ray, failure.Reason);
        return new(SignInPages.Failed(table, failure, ray, LoginEndpoint.UrlOf(urls, demand.App, demand.Target, anew: true)));
    }

    // What the sign-in that led here says of it; null when none did. It counts once, for this very question and this session.
    private async Task<HandOffState?> EnterAsync(SaasDemand demand, AccessSession session, CancellationToken cancellationToken) =>
        demand.Ticket is not null && states.OpenHandOff(demand.Ticket) is { } entry && entry.Aud == demand.App.App.Aud && entry.Host == urls.AccessHost && entry.ReturnTo == demand.Target
        && entry.SessionNonce == session.Nonce && await sessions.TryBurnAsync(entry.Id, entry.ExpiresAt, cancellationToken)
            ? entry
            : null;

    private SaasRuling ToLogin(SaasDemand demand, bool anew, SaasSilence silence) => demand.IsSilent
        ? new SaasRuling.Silent(silence, "nobody may be asked, and somebody would have to be")
        : new SaasRuling.Shown(Results.Redirect(LoginEndpoint.UrlOf(urls, demand.App, demand.Target, anew)));

    [LoggerMessage(EventId = 3312, Level = LogLevel.Information, Message = "Sign-in for SaaS application '{Name}' is not new ({Ray}): {Reason}")]
    private partial void LogStale(string name, string ray, string reason);
}
