using System.Diagnostics.CodeAnalysis;
using System.Net;
using Gatehouse.Access.SignIn;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.Gateway;

/// <summary>Judges a request for an app (contract 1.2, steps 4 to 7). With a session under the policies in force it touches memory only.</summary>
internal sealed partial class Decide(
    ReadSession sessions, SessionIdentities identities, JudgeService services, ClientCertificates certificates, Places places, TimeProvider clock, ILogger<Decide> logger)
{
    /// <summary>The outcome. Never throws for what the store does: without an answer the request is not admitted.</summary>
    public async ValueTask<Decision> RunAsync(HttpContext context, AccessTable table, AppEntry app, string host)
    {
        // Browsers send preflights without anything that could admit them, so what is to be answered is answered first (contract 1.2, step 4).
        if (app.App.Cors is not null && RequestKind.IsPreflight(context))
        {
            return new(DecisionKind.AnswerPreflight);
        }

        var commonName = certificates.CommonNameOf(context, table, host);
        if (await services.RunAsync(context, table, app, host, commonName) is { } early)
        {
            return early;
        }

        if (await sessions.RunAsync(context.Request, table, app, host) is { } token)
        {
            var decision = IsSettled(token, app) ? Decision.Admit(token.Admission) : await JudgeAsync(context, app, token, commonName);
            return decision.Kind != DecisionKind.Admit ? decision
                : RequestKind.IsForeignWebSocket(context) ? new(DecisionKind.RefuseCrossOrigin)
                : table.AttributeHeaders.Count == 0 ? decision
                : await WithAttributesAsync(context, table, app, token, commonName, decision);
        }

        return WithoutSession(context, app, commonName);
    }

    // Looked up where an administrator wants origins to hear attributes, for everybody who is signed in: only the session knows by which method.
    private async ValueTask<Decision> WithAttributesAsync(HttpContext context, AccessTable table, AppEntry app, SessionToken token, string? commonName, Decision decision) =>
        await FindIdentityAsync(token, context.RequestAborted) is not { } found ? new(DecisionKind.Unavailable)
        : found.Identity is not { } identity ? WithoutSession(context, app, commonName)
        : decision with { Attributes = AttributeHeaders.Of(table, identity) };

    // Issued under these very policies, and nothing in them changes from request to request.
    private static bool IsSettled(SessionToken token, AppEntry app) =>
        !app.HasContinuousRules && token.Facts.PolicyHash == app.PolicyHash;

    /// <summary>Whether a stream that was let through may go on under <paramref name="table"/>: whether a request like it would be let through now. Closed, as a request is, when nobody can say.</summary>
    public async ValueTask<bool> StillAsync(Passage passage, AccessTable table, CancellationToken cancellationToken)
    {
        var token = passage.Admission.Nonce is null ? null : passage.Admission.Token;
        var match = table.Apps.Find(passage.Host, passage.Path, out var app);
        var (may, goodUntil) = !table.IsPublished(passage.Host) ? default
            : app is null ? (match == AppMatch.None && !table.DeniesUnmatched(passage.Host) && passage.Admission.Token is null, null)
            : services.Again(passage, table, app) is VerdictKind.Bypass or VerdictKind.NonIdentity ? (true, EndOf(passage, table))
            : token is null ? default
            : await StillSignedInAsync(passage, token, table, app, cancellationToken);
        passage.GoodUntil = Earlier.Of(goodUntil, certificates.EndOf(passage, table));
        passage.JudgedUnder = table;
        return may;
    }

    // A service token, or a linked one, that ends by itself is looked at again then.
    private static DateTimeOffset? EndOf(Passage passage, AccessTable table) =>
        passage.Admission.LinkedApp is not null ? passage.Admission.GoodUntil
        : passage.Admission.ServiceTokenId is { } id && table.ServiceTokens.TryGetValue(id, out var token) ? token.EndOf(passage.Admission.SecretVersion) : null;

    private async ValueTask<(bool May, DateTimeOffset? GoodUntil)> StillSignedInAsync(Passage passage, string text, AccessTable table, AppEntry app, CancellationToken cancellationToken)
    {
        if (await sessions.AgainAsync(text, table, app, passage.Host, passage.Binding) is not { } token)
        {
            return default;
        }

        var decision = IsSettled(token, app) ? Decision.Admit(token.Admission) : await JudgeAsync(passage.Address, certificates.Again(passage, table), app, token, cancellationToken);
        return decision.Kind == DecisionKind.Admit ? (true, decision.Admission?.GoodUntil) : default;
    }

    private async ValueTask<Decision> JudgeAsync(HttpContext context, AppEntry app, SessionToken token, string? commonName)
    {
        var decision = await JudgeAsync(ClientAddress.Of(context), commonName, app, token, context.RequestAborted);
        return decision.Kind == DecisionKind.SignIn ? WithoutSession(context, app, commonName) : decision;
    }

    private async ValueTask<Decision> JudgeAsync(IPAddress address, string? commonName, AppEntry app, SessionToken token, CancellationToken cancellationToken)
    {
        if (await FindIdentityAsync(token, cancellationToken) is not { } found)
        {
            return new(DecisionKind.Unavailable);
        }

        // A session that is gone, or whose login method the app no longer takes, has to sign in again.
        if (found.Identity is not { } identity || !app.Takes(identity.LoginMethodId))
        {
            return new(DecisionKind.SignIn);
        }

        var visitor = places.Visitor(app, address, identity) with { CommonName = commonName };
        var verdict = PolicyEvaluator.AfterSignIn(app, visitor);
        if (verdict.Kind != VerdictKind.Allow)
        {
            return new(DecisionKind.Deny, Visitor: visitor);
        }

        return EndOf(token, app, verdict.By!, identity) is { } end ? Decision.Admit(token.Admission.Until(end)) : new(DecisionKind.SignIn); // a policy allows
    }

    // The policy that admits now may grant less time than the one the token was issued under, or ask for a purpose, an approval or a second factor that the
    // one before did not. Null means that it lets them go on no more.
    private DateTimeOffset? EndOf(SessionToken token, AppEntry app, CompiledPolicy by, VisitorIdentity identity)
    {
        var (entered, now) = (token.Facts.IssuedAt, clock.GetUtcNow());
        var end = by.SessionDuration is { } granted ? entered + (granted > TimeSpan.Zero ? granted : SessionDuration.Shortest) : DateTimeOffset.MaxValue;
        return end > now && by.OpenUntil(app.App.Id, identity, entered, now) is { } open ? (open < end ? open : end) : null;
    }

    private Decision WithoutSession(HttpContext context, AppEntry app, string? commonName)
    {
        if (RequestKind.IsPreflight(context))
        {
            return app.App.OptionsPreflightBypass ? Decision.Admit(Admission.Anonymous) : new(DecisionKind.RefusePreflight);
        }

        // Where nobody can sign in there is nothing to be sent to.
        if (app.AfterSignIn.IsEmpty && !app.BeforeSignIn.IsEmpty)
        {
            return new(DecisionKind.Deny, Visitor: places.Visitor(app, ClientAddress.Of(context), null) with { CommonName = commonName });
        }

        return new(RequestKind.IsNavigation(context.Request, app) ? DecisionKind.SignIn : DecisionKind.NotSignedIn);
    }

    // The outer null means that nobody could say.
    [SuppressMessage("Design", "CA1031", Justification = "Whatever the store throws, the answer is the same: closed, and an error for the operator.")]
    private async ValueTask<LookUp?> FindIdentityAsync(SessionToken token, CancellationToken cancellationToken)
    {
        try
        {
            return new LookUp(await identities.FindAsync(token.Admission.Nonce!, token.Facts.IssuedAt, cancellationToken)); // session tokens have one
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            LogNoIdentity(fault);
            return null;
        }
    }

    [LoggerMessage(EventId = 3101, Level = LogLevel.Error, Message = "A session could not be looked up, so its request was answered 503")]
    private partial void LogNoIdentity(Exception fault);

    private readonly record struct LookUp(VisitorIdentity? Identity);
}
