using System.Security.Cryptography;
using System.Text;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn;

/// <summary>GET and HEAD <c>/cdn-cgi/access/authorized</c> on an app host: turns a hand-off into the app token's cookie, once, in the browser that asked.</summary>
internal sealed partial class AuthorizedEndpoint(
    SealedStates states,
    OrgSessions orgSessions,
    IAccessSessions sessions,
    SignInDecision admission,
    Places places,
    DenialPage denial,
    TokenIssuer issuer,
    ClientCertificates certificates,
    EagerRounds rounds,
    PublicUrls urls,
    TimeProvider clock,
    ILogger<AuthorizedEndpoint> logger)
{
    /// <summary>Sets the cookie and goes to the address that was asked for in the beginning.</summary>
    public async Task<IResult> HandleAsync(HttpContext context, AccessTable table, string host)
    {
        SecurityHeaders.NoStore(context.Response);
        var query = context.Request.Query;
        if (query["nonce"] is not [{ } nonce] || query["state"] is not [{ } text] || states.OpenHandOff(text) is not { } state || state.Host != host
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(nonce), Encoding.UTF8.GetBytes(state.Id)))
        {
            return Refused(table, host, "/", "nonce", "its one-time code is not one that Access made for this address, or it is older than a minute");
        }

        if (!AccessCookies.Matches(context.Request, AccessCookies.AppSession, state.AppSessionHash))
        {
            return Refused(table, host, state.ReturnTo, "session", "the sign-in was begun in another browser, or its cookie is gone");
        }

        if (!await sessions.TryBurnAsync(state.Id, state.ExpiresAt, context.RequestAborted))
        {
            return Refused(table, host, state.ReturnTo, "nonce", "its one-time code was used already");
        }

        if (!table.AppsByAud.TryGetValue(state.Aud, out var app) || !AppHosts.Serves(table, app, host))
        {
            return SignInPages.NoApp(table);
        }

        return await orgSessions.FindLiveAsync(state.SessionNonce, context.RequestAborted) is { } session
            ? await AdmitAsync(context, table, app, session, state)
            : Refused(table, host, state.ReturnTo, "session", "your session was ended in the meantime");
    }

    // The policies may have changed since the team domain looked; the token says that these admitted.
    private async Task<IResult> AdmitAsync(HttpContext context, AccessTable table, AppEntry app, AccessSession session, HandOffState state)
    {
        var visitor = places.Visitor(app, ClientAddress.Of(context), SessionIdentity.Of(session)) with { CommonName = certificates.CommonNameOf(context, table, state.Host) };
        if (SignInDecision.Judge(app, visitor) is not Ruling.Admitted admitted)
        {
            var id = await admission.RecordLoginAsync(context, app, visitor, state.Host, state.ReturnTo);
            return denial.ForLogin(table, app, visitor, state.Host, state.ReturnTo, id);
        }

        // What the policy asks for besides its rules, and is missing or over by now, is asked for on the team domain.
        var now = clock.GetUtcNow();
        if (admitted.By.OpenUntil(app.App.Id, visitor.Identity!, now) is not { } open) // a person was admitted
        {
            return Results.Redirect(AppLogin.Url(urls, state.Host, state.ReturnTo, switchPerson: false));
        }

        var wanted = admitted.Duration == TimeSpan.Zero ? SessionDuration.Shortest : admitted.Duration;
        var life = session.ForgetAt - now < wanted ? session.ForgetAt - now : wanted; // an ended session is remembered until then, no longer
        life = open - now < life ? open - now : life;
        var path = AppHosts.CookiePath(app, state.Host, state.ReturnTo);
        var binding = app.App.BindingCookie ? AccessCookies.NewValue() : null;
        if (binding is not null)
        {
            AccessCookies.Set(context, GateCookies.Binding, binding, now + life, path: path);
        }

        AccessCookies.Set(
            context,
            AccessCookies.Authorization,
            issuer.IssueApp(table, app, state.Host, session, life, binding),
            now + life,
            app.App.HttpOnlyCookie,
            AccessCookies.ModeOf(app.App.SameSiteCookie),
            path);
        return Results.Redirect(rounds.Next(table, app, state, admitted.Duration));
    }

    private IResult Refused(AccessTable table, string host, string returnTo, string what, string reason)
    {
        LogRefused(host, reason);
        return SignInPages.Invalid(table, what, $"This page can't finish the sign-in: {reason}.", (AppLogin.Url(urls, host, returnTo, switchPerson: false), "Log in again"));
    }

    [LoggerMessage(EventId = 3204, Level = LogLevel.Information, Message = "Hand-off to {Host} refused: {Reason}")]
    private partial void LogRefused(string host, string reason);
}
