using System.Diagnostics;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.Saas;
using Gatehouse.Access.SignIn.Approvals;
using Gatehouse.Access.SignIn.Evaluation;
using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn;

/// <summary>GET and HEAD <c>/cdn-cgi/access/login/{host}</c> on the team domain: silent sign-on, the choice of login method, or straight on to it.</summary>
internal sealed partial class LoginEndpoint(
    ISnapshot<AccessTable> tables,
    LoginTargets targets,
    OrgSessions orgSessions,
    SignInDecision admission,
    HandOff handOff,
    ProviderRedirect provider,
    ExternalEvaluations evaluations,
    Entrance entrance,
    Places places,
    DenialPage denial,
    EagerRounds rounds,
    PublicUrls urls,
    TimeProvider clock,
    ILogger<LoginEndpoint> logger)
{
    /// <summary>Names the login method that was chosen.</summary>
    public const string MethodParameter = "login_method";

    /// <summary>Where a person signs in for a SaaS application, and comes back to <paramref name="target"/>; <paramref name="anew"/> whoever is signed in.</summary>
    public static string UrlOf(PublicUrls urls, AppEntry app, string target, bool anew) =>
        $"{urls.Access}/cdn-cgi/access/login/{urls.AccessHost}?kid={app.App.Aud}&redirect_url={Uri.EscapeDataString(target)}{(anew ? $"&{LoginRedirect.SwitchParameter}=1" : "")}";

    /// <summary>GET and HEAD <c>/cdn-cgi/access/login</c> on the team domain, without a host: to a SaaS application's sign-in, or to the launcher.</summary>
    public IResult Begin(HttpContext context) => context.Request.Query["redirect_url"] switch
    {
        [] or ["/"] => Results.Redirect(urls.Access + "/" + (Wants(context, LoginRedirect.SwitchParameter) ? $"?{LoginRedirect.SwitchParameter}=1" : "")),
        [{ } target] when SsoPaths.AppOf(tables.Current, target) is { } app => Results.Redirect(UrlOf(urls, app, target, Wants(context, LoginRedirect.SwitchParameter))),
        _ => SignInPages.BadLink(tables.Current),
    };

    /// <summary>Answers the request for <paramref name="host"/>.</summary>
    public async Task<IResult> HandleAsync(HttpContext context, string host)
    {
        var table = tables.Current;
        switch (await targets.ReadAsync(context.Request, table, host))
        {
            case LoginTarget.Unknown:
                return SignInPages.NoApp(table);
            case LoginTarget.Refused refused:
                LogRefused(refused.Reason);
                return SignInPages.BadLink(table);
            case LoginTarget.Restart restart:
                Announce(context, restart.App);
                return Results.Redirect(AppLogin.Url(urls, restart.Host, restart.ReturnTo, Wants(context, LoginRedirect.SwitchParameter)));
            case LoginTarget.Found found:
                Announce(context, found.App);
                return await ContinueAsync(context, table, found);
            default:
                throw new UnreachableException();
        }
    }

    private async Task<IResult> ContinueAsync(HttpContext context, AccessTable table, LoginTarget.Found target)
    {
        var methods = table.LoginMethodsOf(target.App);
        var switchPerson = Wants(context, LoginRedirect.SwitchParameter);
        var prompt = switchPerson || SessionDuration.MayBeZero(target.App);
        if (context.Request.Query[MethodParameter] is [{ } wanted])
        {
            return methods.FirstOrDefault(m => m.Method.Id.ToString() == wanted) is { } chosen
                ? provider.Send(context, table, target, chosen, prompt)
                : SignInPages.BadLink(table);
        }

        if (!switchPerson
            && await orgSessions.FindAsync(context, table) is { } session
            && methods.Any(m => m.Method.Id == session.LoginMethodId)
            && await SilentAsync(context, table, target, session) is { } silent)
        {
            return silent;
        }

        // A stop on the way to somewhere else is no reason to ask anything.
        if (rounds.Of(context.Request, target.App) is { } round)
        {
            return Results.Redirect(round.Final);
        }

        return methods switch
        {
            [] => SignInPages.NoMethod(table, target.App),
            [var only] when target.App.App.AutoRedirectToIdentity || table.Organization.AutoRedirectToIdentity => provider.Send(context, table, target, only, prompt),
            _ => provider.ShowChoice(context, table, target, methods),
        };
    }

    // Null when this visit needs a sign-in of its own.
    private async Task<IResult?> SilentAsync(HttpContext context, AccessTable table, LoginTarget.Found target, AccessSession session)
    {
        await evaluations.RefreshAsync(context, table, target.App, session);
        var visitor = places.Visitor(target.App, ClientAddress.Of(context), SessionIdentity.Of(session)) with { CommonName = target.CommonName };
        var ruling = SignInDecision.Judge(target.App, visitor);
        if (ruling is Ruling.Admitted { Duration.Ticks: 0 })
        {
            return null;
        }

        var round = rounds.Of(context.Request, target.App);
        var sealedRound = round is null ? null : context.Request.Query[EagerRounds.Parameter].ToString();
        if (ruling is Ruling.Admitted { By: var by } && Entrance.AsksMore(by))
        {
            // What is still to be asked is asked at the end of the round.
            return round is not null && by.OpenUntil(target.App.App.Id, SessionIdentity.Of(session), clock.GetUtcNow()) is null
                ? Results.Redirect(round.Final)
                : await entrance.EnterAsync(
                    context, table,
                    new Way(target.App, by, target.Host, target.ReturnTo, target.AppSessionHash)
                    {
                        BegunAt = round is null ? clock.GetUtcNow() : DateTimeOffset.MinValue, // a round is part of the entry that it began with
                        CommonName = target.CommonName,
                        Round = sealedRound,
                    },
                    session);
        }

        var id = await admission.RecordLoginAsync(context, target.App, visitor, target.Host, target.ReturnTo);
        return ruling is Ruling.Admitted
            ? handOff.Send(context, target.App, session, target.Host, target.ReturnTo, target.AppSessionHash, sealedRound)
            : denial.ForLogin(table, target.App, visitor, target.Host, target.ReturnTo, id);
    }

    // cloudflared reads these two to learn which app it talks to.
    private static void Announce(HttpContext context, AppEntry app)
    {
        context.Response.Headers["CF-Access-Domain"] = AppHosts.Domain(app);
        context.Response.Headers["CF-Access-Aud"] = app.App.Aud;
    }

    private static bool Wants(HttpContext context, string parameter) => context.Request.Query[parameter] is ["1"];

    [LoggerMessage(EventId = 3201, Level = LogLevel.Information, Message = "Login link refused: {Reason}")]
    private partial void LogRefused(string reason);
}
