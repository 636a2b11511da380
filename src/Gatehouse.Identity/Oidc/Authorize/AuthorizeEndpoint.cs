using System.Diagnostics;
using System.Globalization;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Pages;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Providers;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>/application/o/authorize/ (RFC 6749 §3.1, OpenID Connect Core §3.1.2).</summary>
internal sealed partial class AuthorizeEndpoint(
    AuthorizeValidator validator,
    BrowserSessions sessions,
    AuthorizationFlows flows,
    AuthorizeStanding standing,
    AuthorizationIssuer issuer,
    PushedRequests pushed,
    ApplicationAccess access,
    OAuthEvents events,
    RoundMarkers markers,
    BrandLooks looks,
    WarningLog warnings,
    ILogger<AuthorizeEndpoint> logger)
{
    // What still fits into a request line when it comes back as a GET.
    private const int LongestQuery = 6 * 1024;

    /// <summary>A posted request goes on as a GET: another site's POST comes without our cookie, its GET with it.</summary>
    public static async Task<IResult> HandlePostAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (await OAuthParameters.OfFormAsync(context.Request, cancellationToken) is null)
        {
            return Page.Message(StatusCodes.Status400BadRequest, "Bad Request", "The body of the request is no form that can be read.");
        }

        var query = new QueryBuilder(context.Request.Form).ToString();
        return query.Length > LongestQuery
            ? Page.Message(StatusCodes.Status400BadRequest, "Bad Request", "The request is too long.")
            : new PrivateRedirect(AuthorizeQuery.Path + query, StatusCodes.Status303SeeOther);
    }

    public async Task<IResult> HandleAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (context.Request.QueryString.Value is not { Length: > 1 } query)
        {
            return Page.Message(StatusCodes.Status404NotFound, "Not Found", "This address is for applications; it does nothing without their parameters.");
        }

        switch (await validator.CheckAsync(query, cancellationToken))
        {
            case AuthorizeCheck.UnknownClient unknown:
                LogBadClient(unknown.Reason);
                return Page.Message(
                    StatusCodes.Status400BadRequest, "Client ID Error", $"The client ID is missing or invalid: {unknown.Reason}. The application is not set up with this identity provider.");
            case AuthorizeCheck.BadRedirectUri bad:
                LogBadRedirectUri(bad.Client.Provider.ClientId, Printable(bad.Offered), bad.Reason);
                events.BadRedirectUri(bad.Client, Printable(bad.Offered), bad.Reason, context);
                return RedirectError(bad);
            case AuthorizeCheck.BadRequestUri gone:
                LogBadClient(gone.Reason);
                return UsedUp();
            case AuthorizeCheck.Refused refused:
                return Reply(refused.Client, refused.Reply);
            case AuthorizeCheck.Stands { Request: var request }:
                warnings.Tell(request.Client);
                if (request.PushedHash is { } hash)
                {
                    await pushed.OpenAsync(hash, cancellationToken);
                }

                return await DecideAsync(context, request, await sessions.FindAsync(context.Request, cancellationToken), cancellationToken);
            default:
                throw new UnreachableException();
        }
    }

    private async Task<IResult> DecideAsync(HttpContext context, AuthorizeRequest request, SignedInBrowser? browser, CancellationToken cancellationToken)
    {
        if (request.Parameters.Has(AuthorizeQuery.Declined))
        {
            return request.PushedHash is { } hash && !await pushed.UseUpAsync(hash, cancellationToken)
                ? UsedUp()
                : Reply(request.Client, request.Target.Error(OAuthError.AccessDenied, "The person declined."));
        }

        if (browser is null && request.IsSilent)
        {
            return Reply(request.Client, request.Target.Error(OAuthError.LoginRequired, "Nobody is signed in."));
        }

        if (request.Client.Application is null)
        {
            LogUnassigned(request.Client.Provider.ClientId);
            return Page.Message(
                StatusCodes.Status200OK, "Permission denied", "The application could not be resolved: its provider is not assigned to any application.", action: ("/", "Go home"));
        }

        if (browser is null || !standing.IsLoginFresh(request, browser))
        {
            return request.IsSilent
                ? Reply(request.Client, request.Target.Error(OAuthError.LoginRequired, "The sign-in is older than asked for."))
                : await SignInAsync(context.Request, request, browser, cancellationToken);
        }

        if (!await standing.IsExpectedAsync(request, browser, cancellationToken))
        {
            return request.IsSilent || standing.IsLoginDone(request, browser)
                ? Reply(request.Client, request.Target.Error(OAuthError.LoginRequired, "Somebody else is signed in than the id_token_hint names."))
                : await SignInAsync(context.Request, request, browser, cancellationToken);
        }

        if (!standing.IsAccountChosen(request, browser)) // never silent: that goes with no other word
        {
            return await ChooseAsync(context.Request, request, browser, cancellationToken);
        }

        // A page, so that the person reads why; a silent request shows none, whatever the answer (OpenID Connect Core §3.1.2.1).
        var asked = AccessRequest.Of(context, request.Type.GrantType, request.Scopes) with { RedirectUri = request.Target.RedirectUri };
        if (await access.JudgeAsync(request.Client, browser.User.Id, asked, cancellationToken) is { IsPassing: false } verdict)
        {
            return request.IsSilent
                ? Reply(request.Client, request.Target.Error(OAuthError.AccessDenied, "The person may not use this application."))
                : await DeniedAsync(context.Request, request, browser, verdict, cancellationToken);
        }

        var need = markers.IsAgreed(request, browser.Session) ? FlowNeed.Nothing : await flows.NeedAsync(request, browser, cancellationToken);
        return (need, request.IsSilent) switch
        {
            (FlowNeed.Nothing, _) => (await issuer.IssueAsync(request, browser, context, cancellationToken))?.ToResult() ?? UsedUp(),
            (FlowNeed.Consent, true) => Reply(request.Client, request.Target.Error(OAuthError.ConsentRequired, "The person has not consented yet.")),
            (_, true) => Reply(request.Client, request.Target.Error(OAuthError.InteractionRequired, "The authorization flow has a question.")),
            _ => await AskAsync(request, cancellationToken),
        };
    }

    private async Task<IResult> AskAsync(AuthorizeRequest request, CancellationToken cancellationToken) =>
        await flows.AuthorizationSlugAsync(request.Client, cancellationToken) is { } slug
            ? new PrivateRedirect($"/if/flow/{slug}/?{request.Query}{AuthorizeStanding.KeptMarkers(request)}")
            : Reply(request.Client, request.Target.Error(OAuthError.ServerError, "The provider's authorization flow does not exist."));

    // Without the marker, a demand for a fresh sign-in would be made again after it.
    private async Task<IResult> SignInAsync(HttpRequest http, AuthorizeRequest request, SignedInBrowser? browser, CancellationToken cancellationToken)
    {
        var isDemanded = request.WantsLogin || request.WantsAccount || request.MaxAge is not null || request.Parameters.Has(AuthorizeRequest.HintName);

        // Whom nobody asked to prove themselves again is not asked for what their browser is remembered for.
        var isAgain = browser is not null || request.WantsLogin || request.MaxAge is not null;
        return await SignInPageAsync(http, request, isDemanded ? markers.DemandLogin(request, browser?.Session) : null, isAgain, cancellationToken) is { } page
            ? new PrivateRedirect(page)
            : Reply(request.Client, request.Target.Error(OAuthError.ServerError, "There is no flow to sign in by."));
    }

    private async Task<string?> SignInPageAsync(HttpRequest http, AuthorizeRequest request, string? marker, bool isAgain, CancellationToken cancellationToken) =>
        await flows.AuthenticationSlugAsync(http, request.Client, cancellationToken) is { } slug ? AuthorizeQuery.LoginPage(slug, request.Query, marker, isAgain) : null;

    private async Task<IResult> ChooseAsync(HttpRequest http, AuthorizeRequest request, SignedInBrowser browser, CancellationToken cancellationToken)
    {
        var look = (await looks.OfAsync(http, cancellationToken)).Shown;
        return new PageResult<AccountPage>(
            new Dictionary<string, object?>
            {
                [nameof(AccountPage.Look)] = look,
                [nameof(AccountPage.Application)] = NameOf(request.Client),
                [nameof(AccountPage.User)] = browser.User,
                [nameof(AccountPage.GoOn)] = $"{AuthorizeQuery.Path}?{request.Query}{AuthorizeStanding.KeptMarkers(request)}&{RoundMarkers.Account}={markers.Choose(request, browser.Session)}",
                [nameof(AccountPage.Another)] = await SignInPageAsync(http, request, markers.DemandLogin(request, browser.Session), isAgain: true, cancellationToken),
                [nameof(AccountPage.Cancel)] = AuthorizeQuery.Decline(request.Query),
            },
            StatusCodes.Status200OK)
        {
            Look = look,
        };
    }

    private async Task<IResult> DeniedAsync(HttpRequest http, AuthorizeRequest request, SignedInBrowser browser, PolicyVerdict verdict, CancellationToken cancellationToken)
    {
        var look = (await looks.OfAsync(http, cancellationToken)).Shown;
        return new PageResult<DeniedPage>(
            new Dictionary<string, object?>
            {
                [nameof(DeniedPage.Look)] = look,
                [nameof(DeniedPage.Username)] = browser.User.Username,
                [nameof(DeniedPage.NotYou)] = await SignInPageAsync(http, request, markers.DemandLogin(request, browser.Session), isAgain: true, cancellationToken),
                [nameof(DeniedPage.Application)] = NameOf(request.Client),
                [nameof(DeniedPage.Messages)] = verdict.Messages,
                [nameof(DeniedPage.Log)] = await access.MaySeeLogAsync(browser.User, cancellationToken) ? verdict.Log : [],
            },
            StatusCodes.Status200OK)
        {
            Look = look,
        };
    }

    private static string NameOf(Client client) => client.Application?.Name ?? client.Provider.Name;

    private IResult Reply(Client client, AuthorizeReply reply)
    {
        LogRefused(reply.Error ?? "", client.Provider.ClientId, reply.Description ?? "");
        return reply.ToResult();
    }

    private static IResult UsedUp() => Page.Message(
        StatusCodes.Status400BadRequest, "Request Error", "This sign-in request has expired, or was answered already. Start again from the application.", action: ("/", "Go home"));

    private static PageResult<RedirectErrorPage> RedirectError(AuthorizeCheck.BadRedirectUri bad) => new(
        new Dictionary<string, object?>
        {
            [nameof(RedirectErrorPage.ClientName)] = NameOf(bad.Client),
            [nameof(RedirectErrorPage.Offered)] = bad.Offered,
            [nameof(RedirectErrorPage.Registered)] = bad.Client.Provider.RedirectUris.FindAll(r => r.Type == RedirectUriType.Authorization),
            [nameof(RedirectErrorPage.Reason)] = bad.Reason,
        },
        StatusCodes.Status400BadRequest);

    // One line of the log whatever was sent, and no query: it may hold a secret.
    private static string Printable(string? offered) => offered is null
        ? "-"
        : string.Concat(offered.Split('?', '#')[0].Take(200).Select(c => char.IsControl(c) ? $"\\u{((int)c).ToString("x4", CultureInfo.InvariantCulture)}" : c.ToString()));

    [LoggerMessage(EventId = 2102, Level = LogLevel.Warning, Message = "Authorization refused, no redirect: {Reason}")]
    private partial void LogBadClient(string reason);

    [LoggerMessage(EventId = 2103, Level = LogLevel.Warning, Message = "Authorization refused, no redirect: client {ClientId} offered the redirect URI {Offered}: {Reason}")]
    private partial void LogBadRedirectUri(string clientId, string offered, string reason);

    [LoggerMessage(EventId = 2104, Level = LogLevel.Information, Message = "Authorization refused: {Code}, client {ClientId} ({Reason})")]
    private partial void LogRefused(string code, string clientId, string reason);

    [LoggerMessage(EventId = 2105, Level = LogLevel.Warning, Message = "Authorization refused: the provider of client {ClientId} is not assigned to any application")]
    private partial void LogUnassigned(string clientId);
}
