using Gatehouse.Identity.Oidc.Authorize;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Providers;
using Gatehouse.Store;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Identity.Oidc;

/// <summary>
/// /application/o/&lt;slug&gt;/end-session/ (OpenID Connect RP-Initiated Logout). Always ends what this client has in the browser's session;
/// the session itself only when the provider's invalidation flow has a logout stage, as in authentik.
/// </summary>
internal sealed partial class EndSessionEndpoint(
    GatehouseDb db,
    ClientDirectory clients,
    TokenVerifier verifier,
    TokenIssuer issuer,
    RedirectUris redirects,
    BrowserSessions sessions,
    TimeProvider clock,
    ILogger<EndSessionEndpoint> logger)
{
    private const int LongestQuery = 6 * 1024;
    private static readonly string[] Known = ["id_token_hint", "post_logout_redirect_uri", "state"];
    private static readonly (string Href, string Text) SignOutOfEverything = ("/if/flow/default-invalidation-flow/", "Sign out of everything");

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
        if (parameters is null || parameters.FirstRepeated(Known) is not null)
        {
            return Refuse(client, "the request can't be read, or holds a parameter twice");
        }

        // Another site's POST comes without our cookie; the same as a GET comes with it.
        if (isPost && BrowserSessions.KeyOf(context.Request) is null && new QueryBuilder(context.Request.Form).ToString() is { Length: > 0 and <= LongestQuery } query)
        {
            return new PrivateRedirect($"/application/o/{application.Slug}/end-session/{query}", StatusCodes.Status303SeeOther);
        }

        JsonWebToken? hint = null;
        if (parameters["id_token_hint"] is { } token && (hint = await ReadHintAsync(token, client, cancellationToken)) is null)
        {
            return Refuse(client, "the id_token_hint is not an ID token of this application");
        }

        if (TargetFault(client, parameters, hint, out var target) is { } fault)
        {
            return Refuse(client, fault);
        }

        return await EndAsync(context, client, application, hint, target, cancellationToken);
    }

    private async Task<IResult> EndAsync(
        HttpContext context, Client client, ClientApplication application, JsonWebToken? hint, string? target, CancellationToken cancellationToken)
    {
        var browser = await sessions.FindAsync(context.Request, cancellationToken);
        if (browser is not null && hint is not null
            && hint.Subject != await issuer.SubjectAsync(client, new Person(browser.User, []), cancellationToken))
        {
            // Somebody else's logout must not end this person's session unasked.
            return Page.Message(
                StatusCodes.Status200OK, "Sign out?", $"{application.Name} asked to sign out another account than the one signed in here ({browser.User.Username}).", action: SignOutOfEverything);
        }

        var endsAll = await EndsSessionAsync(client, cancellationToken);
        if (browser is not null)
        {
            LogEnded(browser.User.Username, client.Provider.ClientId, endsAll);
            await (endsAll ? sessions.EndAsync(context, browser.Session, cancellationToken) : RevokeAsync(client, browser, cancellationToken));
        }

        if (target is not null)
        {
            return new PrivateRedirect(target);
        }

        return endsAll || browser is null
            ? Page.Message(StatusCodes.Status200OK, "Signed out", "You are signed out.")
            : Page.Message(StatusCodes.Status200OK, "Signed out", $"You are signed out of {application.Name}. You are still signed in here.", action: SignOutOfEverything);
    }

    // Its end does not matter, but it must be an ID token: access tokens of ours have a scope.
    private async Task<JsonWebToken?> ReadHintAsync(string token, Client client, CancellationToken cancellationToken) =>
        await verifier.VerifyAsync(token, client, mayBeExpired: true, cancellationToken) is { } jwt && !jwt.TryGetPayloadValue<string>("scope", out _) ? jwt : null;

    // Where to go afterwards: ignored by providers without such URIs (authentik), else registered and proven by a hint.
    private string? TargetFault(Client client, OAuthParameters parameters, JsonWebToken? hint, out string? target)
    {
        target = null;
        if (parameters["post_logout_redirect_uri"] is not { } uri || !client.Provider.RedirectUris.Exists(r => r.Type == RedirectUriType.Logout))
        {
            return null;
        }

        if (hint is null)
        {
            return "post_logout_redirect_uri needs an id_token_hint";
        }

        if (redirects.Fault(uri, client.Provider, RedirectUriType.Logout) is { } fault)
        {
            return $"the post_logout_redirect_uri can't be used: {fault}";
        }

        var joint = uri.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        target = parameters["state"] is { } state ? $"{uri}{joint}state={Uri.EscapeDataString(state)}" : uri;
        return null;
    }

    private Task<bool> EndsSessionAsync(Client client, CancellationToken cancellationToken) => db.FlowStageBindings.AnyAsync(
        b => b.FlowId == client.Provider.InvalidationFlowId && b.Stage!.Type == StageType.UserLogout, cancellationToken); // translated to SQL

    private Task<int> RevokeAsync(Client client, SignedInBrowser browser, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return db.Grants.Where(g => g.SessionId == browser.Session.Id && g.ProviderId == client.Provider.Id && g.RevokedAt == null)
            .ExecuteUpdateAsync(g => g.SetProperty(x => x.RevokedAt, now), cancellationToken);
    }

    private IResult Refuse(Client client, string reason)
    {
        LogRefused(client.Provider.ClientId, reason);
        return Page.Message(StatusCodes.Status400BadRequest, "Logout Error", $"The logout request can't be followed: {reason}.", action: SignOutOfEverything);
    }

    [LoggerMessage(EventId = 2112, Level = LogLevel.Information, Message = "{Username} signed out of client {ClientId}; whole session: {EndsAll}")]
    private partial void LogEnded(string username, string clientId, bool endsAll);

    [LoggerMessage(EventId = 2113, Level = LogLevel.Information, Message = "Logout of client {ClientId} refused: {Reason}")]
    private partial void LogRefused(string clientId, string reason);
}
