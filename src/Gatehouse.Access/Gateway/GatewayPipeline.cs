using System.Diagnostics;
using Gatehouse.Access.Agents;
using Gatehouse.Access.SignIn;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gatehouse.Access.Gateway;

/// <summary>
/// One request to an app host, in five steps: match the app, read the session, decide, forward, audit. The tables are read once, at the
/// top; with a valid session nothing here waits for anything but the origin.
/// </summary>
internal sealed partial class GatewayPipeline(
    ISnapshot<AccessTable> tables, ISnapshot<RevocationTable> revocations, Decide decide, Forward forward,
    ClientCertificates certificates, AppDescription description, Audit audit, AddressLimit badTokens, GatewayAnswers answers, TimeProvider clock, IOptions<GatewayOptions> options, ILogger<GatewayPipeline> logger)
{
    private const string OwnPaths = "/cdn-cgi";

    private readonly TimeSpan staleFor = options.Value.StaleFor;

    /// <summary>Answers the request, whatever it is.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var table = tables.Current;
        if (IsStale())
        {
            LogStale(tables.ConfirmedAt);
            return GatewayPages.UnavailableAsync(context);
        }

        var host = RequestHost.Of(context.Request);
        // Also where an app covers the name: a sign-in for a host that we don't lead anywhere would end at whoever does.
        if (host is null || !table.IsPublished(host))
        {
            return GatewayPages.NotPublishedAsync(context, host ?? "(none)");
        }

        if (!RequestPath.TryParse(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, out var path, out var refusal))
        {
            LogUnreadable(host, refusal);
            return GatewayPages.AmbiguousAsync(context);
        }

        // Belongs to the gateway in any reading, so that no origin can pretend to be it.
        if (path.MayBeUnder(OwnPaths) || path.MayBeUnder(ProtectedResource.Path))
        {
            RayId.Of(context);
            return answers.AnswerOnAppHost(context, table, host, path);
        }

        return MatchAsync(context, table, host, path);
    }

    // A node that lost the store must not go on with rules, or without revocations, that nobody can change any more.
    private bool IsStale()
    {
        var oldest = clock.GetUtcNow() - staleFor;
        return tables.ConfirmedAt < oldest || revocations.ConfirmedAt < oldest;
    }

    private Task MatchAsync(HttpContext context, AccessTable table, string host, in RequestPath path) =>
        table.Apps.Find(host, path, out var app) switch
        {
            AppMatch.One => DecideAsync(context, table, host, path, app!), // set for One
            AppMatch.Ambiguous => RefuseAmbiguous(context, host, path),
            AppMatch.None when table.DeniesUnmatched(host) => RefuseUncovered(context, host, path),
            AppMatch.None => ForwardUncoveredAsync(context, table, host, path),
            _ => throw new UnreachableException(),
        };

    private Task RefuseAmbiguous(HttpContext context, string host, in RequestPath path)
    {
        audit.Refused(context, host, path, null, "two readings of the path select different applications");
        return GatewayPages.AmbiguousAsync(context);
    }

    private Task RefuseUncovered(HttpContext context, string host, in RequestPath path)
    {
        audit.Refused(context, host, path, null, "no application covers this address, and unmatched requests are denied");
        return GatewayPages.NotCoveredAsync(context, host);
    }

    private async Task DecideAsync(HttpContext context, AccessTable table, string host, RequestPath path, AppEntry app)
    {
        if (app.App.Agents is not null && (path.MayBeUnder(AgentAnswers.ServerPath) || path.MayBeUnder(AgentAnswers.ResourcePath)))
        {
            RayId.Of(context);
            await answers.AnswerOnAppHost(context, table, host, path);
            return;
        }

        if (AppDescription.IsAskedFor(context.Request))
        {
            RayId.Of(context);
            description.Write(context, table, app, host);
            return;
        }

        var decision = await decide.RunAsync(context, table, app, host);
        if (decision.Admission is not { } admission)
        {
            await RefuseAsync(context, table, host, path, app, decision);
            return;
        }

        if (decision.Kind == DecisionKind.AdmitService)
        {
            ServiceTokens.SetCookieLater(context.Response, app, admission);
        }

        if (decision.By is { } by)
        {
            audit.ServiceAdmitted(context, host, path, app, by, admission);
        }

        if (await ForwardAsync(context, table, app, host, path, admission, decision.Attributes) == ForwardResult.SessionEnded)
        {
            await RefuseAsync(context, table, host, path, app, admission.Nonce is null ? new(DecisionKind.Deny, Visitor: new(ClientAddress.Of(context), null)) : new(DecisionKind.SignIn));
        }
    }

    private async Task ForwardUncoveredAsync(HttpContext context, AccessTable table, string host, RequestPath path)
    {
        if (await ForwardAsync(context, table, null, host, path, Admission.Anonymous, null) == ForwardResult.SessionEnded)
        {
            await RefuseUncovered(context, host, path);
        }
    }

    private Task RefuseAsync(HttpContext context, AccessTable table, string host, in RequestPath path, AppEntry app, Decision decision)
    {
        switch (decision.Kind)
        {
            case DecisionKind.SignIn:
                RayId.Of(context);
                answers.RedirectToLogin(context, table, app, host);
                return Task.CompletedTask;
            case DecisionKind.Deny:
                RayId.Of(context);
                return answers.Deny(context, table, app, decision.Visitor!, StatusCodes.Status403Forbidden); // set for this kind
            case DecisionKind.NotSignedIn:
                RayId.Of(context);
                CorsAnswer.LetRead(context, app.App.Cors);
                return answers.NotSignedIn(context, app, host);
            case DecisionKind.AnswerPreflight:
                CorsAnswer.Write(context, app.App.Cors!); // set for this kind
                return Task.CompletedTask;
            case DecisionKind.BadService or DecisionKind.UnmatchedService:
                return RefuseServiceAsync(context, host, path, app, decision);
            case DecisionKind.RefusePreflight:
                audit.Refused(context, host, path, app, "a CORS preflight, which this application does not let through");
                return GatewayPages.ShortAsync(context, StatusCodes.Status403Forbidden, "This application does not answer CORS preflights.");
            case DecisionKind.RefuseCrossOrigin:
                audit.Refused(context, host, path, app, "a WebSocket opened by a page of another origin");
                return GatewayPages.ShortAsync(context, StatusCodes.Status403Forbidden, "A page of another site may not open a WebSocket here.");
            case DecisionKind.Unavailable:
                return GatewayPages.UnavailableAsync(context);
            default:
                throw new UnreachableException();
        }
    }

    // Nothing in the answer tells which part was wrong; the log does, and counts.
    private Task RefuseServiceAsync(HttpContext context, string host, in RequestPath path, AppEntry app, Decision decision)
    {
        if (!badTokens.TryTake(ClientAddress.Of(context)))
        {
            context.Response.Headers.RetryAfter = "60";
            return GatewayPages.ShortAsync(context, StatusCodes.Status429TooManyRequests, "Too many service tokens that do not count came from this address.");
        }

        audit.Refused(context, host, path, app, decision.Fault ?? "");
        if (decision.Kind == DecisionKind.UnmatchedService)
        {
            return GatewayPages.ShortAsync(context, StatusCodes.Status403Forbidden, "This service token is not admitted here.");
        }

        context.Response.Headers.WWWAuthenticate = "Cloudflare-Access realm=\"service token\"";
        return GatewayPages.ShortAsync(context, StatusCodes.Status401Unauthorized, "The service token does not count here.");
    }

    private Task<ForwardResult> ForwardAsync(HttpContext context, AccessTable table, AppEntry? app, string host, in RequestPath path, Admission admission, IReadOnlyList<KeyValuePair<string, string>>? attributes)
    {
        if (LoopGuard.IsLooping(context.Request))
        {
            return DoneAfter(GatewayPages.LoopAsync(context));
        }

        var passage = new Passage(host, path, ClientAddress.Of(context), admission, table)
        {
            Binding = app is null ? null : GateCookies.BindingOf(context.Request, app),
            Certificate = certificates.Find(context, table, host),
            Attributes = attributes ?? [],
        };
        passage.GoodUntil = Earlier.Of(passage.GoodUntil, certificates.EndOf(passage, table)); // it must not outlive what it was admitted for
        return forward.RunAsync(context, table.Origins.Find(host)!, passage); // nobody comes this far for a host that is not published
    }

    private static async Task<ForwardResult> DoneAfter(Task page)
    {
        await page;
        return ForwardResult.Done;
    }

    [LoggerMessage(EventId = 3104, Level = LogLevel.Error, Message = "The tables were last confirmed at {ConfirmedAt:O}; requests are answered 503 until the store is back")]
    private partial void LogStale(DateTimeOffset confirmedAt);

    [LoggerMessage(EventId = 3105, Level = LogLevel.Debug, Message = "{Host}: path refused: {Reason}")]
    private partial void LogUnreadable(string host, string reason);
}
