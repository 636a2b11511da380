using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Gatehouse.Access.Saas;
using Gatehouse.Access.SignIn.Launcher;
using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn.Pins;

/// <summary>Signing in by a code that is sent by mail. Every answer is the same whether an address may enter or not, and takes as long.</summary>
internal sealed partial class PinEndpoint(
    ISnapshot<AccessTable> tables,
    LoginTargets targets,
    SealedStates states,
    IOneTimePins pins,
    PinPages pages,
    PinCourier courier,
    SignInCompletion completion,
    PublicUrls urls,
    TimeProvider clock,
    ILogger<PinEndpoint> logger)
{
    /// <summary>The parameter that a sealed sign-in travels in.</summary>
    public const string NonceParameter = "nonce";

    private const int MostCounted = 4096;
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    // Guesses at sign-ins on this node. The store counts those at codes, and for all nodes; a guess at a code that was never sent must cost no more.
    private readonly RecentValues<StrongBox<int>> guesses = new(MostCounted);

    /// <summary>POST <c>verify-code</c>: takes the address; a code goes there if the app, or any for the launcher, could admit it.</summary>
    public async Task<IResult> SendAsync(HttpContext context, string host)
    {
        var table = tables.Current;
        SecurityHeaders.NoStore(context.Response);
        if (host == urls.AccessHost && !context.Request.Query.ContainsKey("kid")) // with one it is a SaaS application, whose people sign in there too
        {
            return MethodOf(table, null) is { } own ? await SendAsync(context, table, null, own) : SignInPages.BadLink(table);
        }

        switch (await targets.ReadAsync(context.Request, table, host))
        {
            case LoginTarget.Found found when MethodOf(table, found.App) is { } method:
                return await SendAsync(context, table, found, method);
            case LoginTarget.Found found:
                return SignInPages.NoMethod(table, found.App);
            case LoginTarget.Restart restart:
                return Results.Redirect(AppLogin.Url(urls, restart.Host, restart.ReturnTo, switchPerson: false));
            case LoginTarget.Unknown:
                return SignInPages.NoApp(table);
            default:
                return SignInPages.BadLink(table);
        }
    }

    /// <summary>GET <c>verify-code</c>: asks for the code.</summary>
    public IResult Show(HttpContext context)
    {
        var table = tables.Current;
        SecurityHeaders.NoStore(context.Response);
        return context.Request.Query[NonceParameter] is [{ } nonce] && Open(context, table, nonce) is { } open
            ? pages.Code(table, open.App, open.State, nonce, completion.Again(open.State, switchPerson: true))
            : Gone(table);
    }

    /// <summary>GET <c>resend-code</c>: another code to the same address. The one before stays good for its time.</summary>
    public IResult Resend(HttpContext context)
    {
        var table = tables.Current;
        SecurityHeaders.NoStore(context.Response);
        return context.Request.Query[NonceParameter] is [{ } nonce] && context.Request.Headers["Sec-Purpose"].Count == 0 && Open(context, table, nonce) is { } open
            ? Post(context, table, open.App, Again(open.State), open.Browser)
            : Gone(table);
    }

    /// <summary>POST <c>callback</c>: takes the code.</summary>
    public async Task<IResult> RedeemAsync(HttpContext context)
    {
        var table = tables.Current;
        SecurityHeaders.NoStore(context.Response);
        if (await PostedForm.ReadAsync(context.Request, context.RequestAborted) is not { } form
            || form[NonceParameter] is not [{ } nonce] || form["code"] is not [{ Length: <= 32 } typed] || Open(context, table, nonce) is not { } open)
        {
            return Gone(table);
        }

        var code = string.Concat(typed.Where(c => !char.IsWhiteSpace(c)));
        var answer = MayGuess(open.State.Id)
            ? await pins.GuessAsync(open.State.Id, PinCourier.Hash(open.Browser, open.State.Id, code), context.RequestAborted)
            : PinAnswer.Wrong;
        if (answer == PinAnswer.Right)
        {
            var facts = Facts(open.State.PinEmail!); // opened as one that has an address
            return open.App is { } app
                ? await completion.FinishAsync(context, table, app, open.State, facts)
                : await completion.FinishLauncherAsync(context, table, open.State, facts);
        }

        var ray = RayId.Of(context);
        LogWrong(ray, answer);
        return pages.Code(
            table, open.App, open.State, nonce, completion.Again(open.State, switchPerson: true),
            answer == PinAnswer.Used
                ? "This One-Time PIN has already been used."
                : "That account does not have access, or the code is not the one that was sent, or is over. A code takes five guesses at most.");
    }

    // No target: the launcher.
    private async Task<IResult> SendAsync(HttpContext context, AccessTable table, LoginTarget.Found? target, LoginMethodEntry method)
    {
        // The cookie is Lax: a foreign page's post comes without it.
        if (CookieValues.Only(context.Request, AccessCookies.Session) is not { } browser)
        {
            return pages.Ask(context, table, target?.App, target?.Host ?? "", "Your browser did not send the cookie that this page had set. Allow cookies for this site, and send the form again.");
        }

        if (await PostedForm.ReadAsync(context.Request, context.RequestAborted) is not { } form || EmailAddress.Canonical(form["email"] is [{ } one] ? one.Trim() : null) is not { } email)
        {
            return pages.Ask(context, table, target?.App, target?.Host ?? "", "That is not a plain e-mail address: expected one @, no quotes and no spaces.");
        }

        return Post(context, table, target?.App, State(target, method, browser, email, LauncherEndpoint.ReturnToOf(context.Request)), browser);
    }

    private RedirectHttpResult Post(HttpContext context, AccessTable table, AppEntry? app, LoginState state, string browser)
    {
        courier.Post(new PinOrder { Table = table, App = app, State = state, Browser = browser, Address = ClientAddress.Of(context) });
        return TypedResults.Redirect($"/cdn-cgi/access/verify-code/{(app is null ? urls.AccessHost : state.Host)}?{NonceParameter}={states.Seal(state)}");
    }

    private LoginState State(LoginTarget.Found? target, LoginMethodEntry method, string browser, string email, string returnTo) => new()
    {
        Id = NewId(),
        Aud = target?.App.App.Aud ?? "",
        IsLauncher = target is null,
        Host = target?.Host ?? "",
        ReturnTo = target?.ReturnTo ?? returnTo,
        AppSessionHash = target?.AppSessionHash ?? "",
        CommonName = target?.CommonName,
        BrowserHash = AccessCookies.HashOf(browser),
        LoginMethodId = method.Method.Id,
        Nonce = "",
        PinEmail = email,
        ExpiresAt = clock.GetUtcNow() + Life,
    };

    private LoginState Again(LoginState before) => new()
    {
        Id = NewId(),
        Aud = before.Aud,
        IsLauncher = before.IsLauncher,
        Host = before.Host,
        ReturnTo = before.ReturnTo,
        AppSessionHash = before.AppSessionHash,
        CommonName = before.CommonName,
        BrowserHash = before.BrowserHash,
        LoginMethodId = before.LoginMethodId,
        Nonce = "",
        PinEmail = before.PinEmail,
        ExpiresAt = clock.GetUtcNow() + Life,
    };

    private bool MayGuess(string id)
    {
        if (guesses.Find(id) is not { } count)
        {
            guesses.Add(id, count = new StrongBox<int>());
        }

        return Interlocked.Increment(ref count.Value) <= IOneTimePins.MostGuesses;
    }

    private Opened? Open(HttpContext context, AccessTable table, string nonce)
    {
        if (states.OpenLogin(nonce, out var expired) is not { PinEmail: not null } state || expired
            || CookieValues.Only(context.Request, AccessCookies.Session) is not { } browser || !AccessCookies.Matches(context.Request, AccessCookies.Session, state.BrowserHash))
        {
            return null;
        }

        AppEntry? app = null;
        return (state.IsLauncher || (table.AppsByAud.TryGetValue(state.Aud, out app) && SsoPaths.IsEntrance(table, urls, app, state.Host, state.ReturnTo)))
            && MethodOf(table, app)?.Method.Id == state.LoginMethodId
                ? new Opened(state, app, browser)
                : null;
    }

    private static LoginMethodEntry? MethodOf(AccessTable table, AppEntry? app) =>
        (app is null ? table.LoginMethods : table.LoginMethodsOf(app)).FirstOrDefault(m => m.Method.Type == LoginMethodTypes.OneTimePin);

    private static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    // A mailbox is one proof and no second factor: no amr, so that no policy takes it for one.
    private IdentityFacts Facts(string email) => new()
    {
        Email = email,
        Name = "",
        Subject = "",
        ProviderSession = "",
        AuthenticatedAt = clock.GetUtcNow(),
        ClaimsJson = SessionClaims.Write(PinJudge.Claims(email)),
        GroupsJson = "[]",
        Amr = [],
    };

    private static IResult Gone(AccessTable table) => Page.Message(
        StatusCodes.Status400BadRequest,
        "This page is over",
        "A code is good for ten minutes, in the browser that asked for it. Open the application again to get a new one.",
        brand: table.Organization.Name);

    [LoggerMessage(EventId = 3244, Level = LogLevel.Information, Message = "A code was not taken ({Ray}): {Answer}")]
    private partial void LogWrong(string ray, PinAnswer answer);

    // A class, so that the cookie is never printed.
    private sealed class Opened(LoginState state, AppEntry? app, string browser)
    {
        public LoginState State { get; } = state;

        /// <summary>Null means the launcher.</summary>
        public AppEntry? App { get; } = app;

        public string Browser { get; } = browser;
    }
}
