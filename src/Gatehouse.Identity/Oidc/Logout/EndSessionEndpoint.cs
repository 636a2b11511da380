using Gatehouse.Identity.Oidc.Authorize;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Pages;
using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Model.Flows;
using Gatehouse.Store;
using Gatehouse.Store.Sessions;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Logout;

/// <summary>
/// /application/o/&lt;slug&gt;/end-session/ (OpenID Connect RP-Initiated Logout). Always ends what this client has in the browser's session;
/// the session itself when the provider's invalidation flow has a logout stage, as in authentik, or the person asks for it.
/// </summary>
internal sealed partial class EndSessionEndpoint(
    GatehouseDb db,
    ClientDirectory clients,
    LogoutRequests requests,
    LogoutConfirmations confirmations,
    FrontChannel frontChannel,
    BrowserSessions sessions,
    LogoutMark mark,
    BrandLooks looks,
    TimeProvider clock,
    ILogger<EndSessionEndpoint> logger)
{
    private const int LongestQuery = 6 * 1024;

    public async Task<IResult> HandleAsync(HttpContext context, string slug, CancellationToken cancellationToken)
    {
        if (clients.FindBySlug(slug) is not { Application: { } application } client)
        {
            return TypedResults.NotFound();
        }

        var isPost = HttpMethods.IsPost(context.Request.Method);
        var parameters = isPost
            ? await OAuthParameters.OfFormAsync(context.Request, cancellationToken)
            : OAuthParameters.OfQuery(context.Request.QueryString.Value ?? "");

        // Another site's POST comes without our cookie; the same as a GET comes with it.
        if (isPost && parameters is not null && BrowserSessions.KeyOf(context.Request) is null
            && new QueryBuilder(context.Request.Form).ToString() is { Length: > 0 and <= LongestQuery } query)
        {
            return new PrivateRedirect($"/application/o/{application.Slug}/end-session/{query}", StatusCodes.Status303SeeOther);
        }

        var check = await requests.CheckAsync(client, application, parameters, cancellationToken);
        return check.Request is { } request ? await DecideAsync(context, request, cancellationToken) : Refuse(client, check.Fault ?? "");
    }

    private async Task<IResult> DecideAsync(HttpContext context, LogoutRequest request, CancellationToken cancellationToken)
    {
        if (await sessions.FindAsync(context.Request, cancellationToken) is not { } browser)
        {
            return LogoutAnswers.Ended([], await EndAsync(request, cancellationToken));
        }

        var isConfirmed = HttpMethods.IsPost(context.Request.Method) && confirmations.IsGiven(request.Parameters, browser.Session, request.Application);
        if (!isConfirmed && !await requests.IsProvenAsync(request, browser, cancellationToken))
        {
            // A foreign site, or somebody else's logout, must not end this person's session unasked.
            return LogoutAnswers.Question(request, browser, confirmations.Of(browser.Session, request.Application), (await looks.OfAsync(context.Request, cancellationToken)).Shown);
        }

        var isAll = (isConfirmed && request.Parameters.Has(LogoutConfirmations.Everything)) || await EndsSessionAsync(request.Client, cancellationToken);
        LogEnded(browser.User.Username, request.Client.Provider.ClientId, isAll);
        var ended = isAll
            ? await sessions.EndAsync(context, browser.Session, cancellationToken)
            : await SessionEnd.RunForClientAsync(db, browser.Session, request.Client.Provider.Id, clock.GetUtcNow(), cancellationToken);
        mark.Set(context.Response, request.Application.Slug);
        return LogoutAnswers.Ended(await frontChannel.FramesAsync(ended, cancellationToken), await EndAsync(request, cancellationToken));
    }

    // Where the client asked, else what the provider's flow ends with.
    private async Task<string> EndAsync(LogoutRequest request, CancellationToken cancellationToken) =>
        request.Target ?? LogoutEnd.Of(
            await db.Flows.Where(f => f.Id == request.Client.Provider.InvalidationFlowId).Select(f => f.Slug).SingleOrDefaultAsync(cancellationToken) ?? LogoutEnd.UsualFlow,
            request.Application.Slug);

    private Task<bool> EndsSessionAsync(Client client, CancellationToken cancellationToken) => db.FlowStageBindings.AnyAsync(
        b => b.FlowId == client.Provider.InvalidationFlowId && b.Stage!.Type == StageType.UserLogout, cancellationToken); // translated to SQL

    private IResult Refuse(Client client, string reason)
    {
        LogRefused(client.Provider.ClientId, reason);
        return Page.Message(StatusCodes.Status400BadRequest, "Logout Error", $"The logout request can't be followed: {reason}.", action: LogoutAnswers.SignOutOfEverything);
    }

    [LoggerMessage(EventId = 2112, Level = LogLevel.Information, Message = "{Username} signed out of client {ClientId}; whole session: {EndsAll}")]
    private partial void LogEnded(string username, string clientId, bool endsAll);

    [LoggerMessage(EventId = 2113, Level = LogLevel.Information, Message = "Logout of client {ClientId} refused: {Reason}")]
    private partial void LogRefused(string clientId, string reason);
}
