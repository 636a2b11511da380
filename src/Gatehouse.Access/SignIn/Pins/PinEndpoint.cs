using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.Saas;
using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn.Pins;

/// <summary>Signing in by a code that is sent by mail. Every answer is the same whether an address may enter or not.</summary>
internal sealed partial class PinEndpoint(
    ISnapshot<AccessTable> tables,
    LoginTargets targets,
    SealedStates states,
    IOneTimePins pins,
    PinPages pages,
    PinCourier courier,
    Places places,
    SignInCompletion completion,
    PublicUrls urls,
    TimeProvider clock,
    ILogger<PinEndpoint> logger)
{
    private const string NonceParameter = "nonce";
    private const int Digits = 6;
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    /// <summary>POST <c>verify-code</c>: takes the address; a code goes there if the app could admit it.</summary>
    public async Task<IResult> SendAsync(HttpContext context, string host)
    {
        var table = tables.Current;
        SecurityHeaders.NoStore(context.Response);
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
            ? pages.Code(table, open.App, open.State, nonce, Again(open.State))
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
        var answer = await pins.GuessAsync(open.State.Id, Hash(open.Browser, open.State.Id, code), context.RequestAborted);
        if (answer == PinAnswer.Right)
        {
            return await completion.FinishAsync(context, table, open.App, open.State, Facts(open.State.PinEmail!)); // opened as one that has an address
        }

        var ray = RayId.Of(context);
        LogWrong(ray, answer);
        return pages.Code(
            table, open.App, open.State, nonce, Again(open.State),
            answer == PinAnswer.Used
                ? "This One-Time PIN has already been used."
                : "That account does not have access, or the code is not the one that was sent, or is over. A code takes five guesses at most.");
    }

    private async Task<IResult> SendAsync(HttpContext context, AccessTable table, LoginTarget.Found target, LoginMethodEntry method)
    {
        // The cookie is Lax: a foreign page's post comes without it.
        if (CookieValues.Only(context.Request, AccessCookies.Session) is not { } browser)
        {
            return pages.Ask(context, table, target.App, target.Host, "Your browser did not send the cookie that this page had set. Allow cookies for this site, and send the form again.");
        }

        if (await PostedForm.ReadAsync(context.Request, context.RequestAborted) is not { } form || EmailAddress.Canonical(form["email"] is [{ } one] ? one.Trim() : null) is not { } email)
        {
            return pages.Ask(context, table, target.App, target.Host, "That is not a plain e-mail address: expected one @, no quotes and no spaces.");
        }

        var state = new LoginState
        {
            Id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16)),
            Aud = target.App.App.Aud,
            Host = target.Host,
            ReturnTo = target.ReturnTo,
            AppSessionHash = target.AppSessionHash,
            CommonName = target.CommonName,
            BrowserHash = AccessCookies.HashOf(browser),
            LoginMethodId = method.Method.Id,
            Nonce = "",
            PinEmail = email,
            ExpiresAt = clock.GetUtcNow() + Life,
        };
        var address = ClientAddress.Of(context);
        if (CouldEnter(target, method, email, address))
        {
            courier.Post(Letter(table, target.App, state, browser, address));
        }

        return Results.Redirect($"/cdn-cgi/access/verify-code/{target.Host}?{NonceParameter}={states.Seal(state)}");
    }

    // As if the address were proved, and whatever else is asked outside were answered with yes.
    private bool CouldEnter(LoginTarget.Found target, LoginMethodEntry method, string email, IPAddress address)
    {
        var who = new VisitorIdentity
        {
            Email = email,
            LoginMethodId = method.Method.Id,
            Claims = Claims(email),
            Passed = [.. target.App.Evaluations.Select(Passed.Of)],
        };
        return SignInDecision.Judge(target.App, places.Visitor(target.App, address, who) with { CommonName = target.CommonName }) is Ruling.Admitted;
    }

    private PinLetter Letter(AccessTable table, AppEntry app, LoginState state, string browser, IPAddress address)
    {
        var code = RandomNumberGenerator.GetInt32(1_000_000).ToString("D" + Digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        var email = state.PinEmail!; // made with one
        return new PinLetter
        {
            Pin = new OneTimePin
            {
                Id = state.Id,
                Email = email,
                Network = ClientNetwork.Of(address).ToString(),
                Hash = Hash(browser, state.Id, code),
                CreatedAt = clock.GetUtcNow(),
                ExpiresAt = state.ExpiresAt,
            },
            Mail = PinMail.Compose(email, app.App.Name, table.Organization.Name, code),
        };
    }

    private Opened? Open(HttpContext context, AccessTable table, string nonce) =>
        states.OpenLogin(nonce, out var expired) is { PinEmail: not null } state
        && !expired
        && CookieValues.Only(context.Request, AccessCookies.Session) is { } browser
        && AccessCookies.Matches(context.Request, AccessCookies.Session, state.BrowserHash)
        && table.AppsByAud.TryGetValue(state.Aud, out var app)
        && SsoPaths.IsEntrance(table, urls, app, state.Host, state.ReturnTo)
        && MethodOf(table, app)?.Method.Id == state.LoginMethodId
            ? new Opened(state, app, browser)
            : null;

    private static LoginMethodEntry? MethodOf(AccessTable table, AppEntry app) =>
        table.LoginMethodsOf(app).FirstOrDefault(m => m.Method.Type == LoginMethodTypes.OneTimePin);

    private string Again(LoginState state) => AppLogin.Url(urls, state.Host, state.ReturnTo, switchPerson: true);

    // A mailbox is one proof and no second factor: no amr, so that no policy takes it for one.
    private IdentityFacts Facts(string email) => new()
    {
        Email = email,
        Name = "",
        Subject = "",
        ProviderSession = "",
        AuthenticatedAt = clock.GetUtcNow(),
        Claims = Claims(email),
        GroupsJson = "[]",
        Amr = [],
    };

    private static Dictionary<string, IReadOnlyList<string>> Claims(string email) => new(StringComparer.Ordinal) { ["email"] = [email] };

    private static byte[] Hash(string browser, string id, string code) => HMACSHA256.HashData(Encoding.UTF8.GetBytes(browser), Encoding.UTF8.GetBytes($"{id}:{code}"));

    private static IResult Gone(AccessTable table) => Page.Message(
        StatusCodes.Status400BadRequest,
        "This page is over",
        "A code is good for ten minutes, in the browser that asked for it. Open the application again to get a new one.",
        brand: table.Organization.Name);

    [LoggerMessage(EventId = 3244, Level = LogLevel.Information, Message = "A code was not taken ({Ray}): {Answer}")]
    private partial void LogWrong(string ray, PinAnswer answer);

    // A class, so that the cookie is never printed.
    private sealed class Opened(LoginState state, AppEntry app, string browser)
    {
        public LoginState State { get; } = state;

        public AppEntry App { get; } = app;

        public string Browser { get; } = browser;
    }
}
