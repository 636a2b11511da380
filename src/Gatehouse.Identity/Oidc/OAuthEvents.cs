using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Users;
using Gatehouse.Store.Events;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc;

/// <summary>What OAuth writes down (contract §5.1).</summary>
internal sealed class OAuthEvents(IEventLog log, IEventRows rows, RepeatedEvents repeated, TimeProvider clock)
{
    private const int MostRemembered = 10_000;

    // Machines fetch tokens all the time; each token has a row of its own, so one event a minute tells enough.
    private static readonly TimeSpan SameLogin = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(int UserId, int ProviderId, string Method, string Ip), DateTimeOffset> logins = new();

    /// <summary>The row for somebody who let a client in, perhaps on behalf of whom they act as; to be saved with the grant.</summary>
    public Event Authorized(Client client, SignedInBrowser browser, IReadOnlyList<string> scopes, HttpContext context) =>
        rows.RowOf(
            new NewEvent(EventActions.AuthorizeApplication, ActorOf(browser.Impersonator ?? browser.User), IpOf(context), new JsonObject
            {
                ["authorized_application"] = new JsonObject
                {
                    ["pk"] = client.Application?.Id.ToString("N"),
                    ["name"] = client.Application?.Name,
                    ["app"] = "authentik_core",
                    ["model_name"] = "application",
                },
                ["flow"] = client.Provider.AuthorizationFlowId.ToString("N"),
                ["scopes"] = string.Join(' ', scopes),
            })
            {
                OnBehalfOf = browser.IsImpersonating ? ActorOf(browser.User) : null,
            });

    /// <summary>To be called when such a row was committed.</summary>
    public void Written() => rows.Written();

    /// <summary>Somebody may not use a client's application.</summary>
    public void Denied(Client client, User? user, string grantType, string? clientIp, PolicyVerdict verdict) => repeated.Enqueue(new NewEvent(
        EventActions.PolicyExecution, user is null ? null : ActorOf(user), clientIp, new JsonObject
        {
            ["message"] = "Access to the application was denied",
            ["model"] = client.Application is { } application ? EventRow.Target("authentik_core", "application", application.Id.ToString("N"), application.Name) : ModelOf(client),
            ["result"] = new JsonObject { ["passing"] = false, ["messages"] = Tokens.Claims.ArrayOf(verdict.Messages), ["log_messages"] = Tokens.Claims.ArrayOf(verdict.Log) },
            ["grant_type"] = grantType,
        }), TargetOf(client));

    /// <summary>A machine proved who it is, by <paramref name="method"/> (<c>token</c>, <c>jwt</c>, <c>oauth_client_secret</c>).</summary>
    public void MachineLogin(Client client, User user, string method, HttpContext context)
    {
        var now = clock.GetUtcNow();
        var ip = IpOf(context);
        if (logins.Count > MostRemembered)
        {
            logins.Clear();
        }

        var key = (user.Id, client.Provider.Id, method, ip);
        if (logins.TryGetValue(key, out var last) && now - last < SameLogin)
        {
            return;
        }

        logins[key] = now;
        log.Enqueue(new NewEvent(EventActions.Login, ActorOf(user), ip, new JsonObject
        {
            ["auth_method"] = method,
            ["auth_method_args"] = new JsonObject { ["provider"] = ModelOf(client) },
        }));
    }

    /// <summary>A refresh token came a second time: two hold it.</summary>
    public void RefreshTokenReused(TokenRequest request, User user) => log.Enqueue(new NewEvent(EventActions.SuspiciousRequest, ActorOf(user), IpOf(request.Context), new JsonObject
    {
        ["message"] = "Revoked refresh token was used",
        ["provider"] = ModelOf(request.Client),
    }));

    /// <summary>An authorization code came a second time: two have it.</summary>
    public void CodeReused(TokenRequest request, User user) => log.Enqueue(new NewEvent(EventActions.SuspiciousRequest, ActorOf(user), IpOf(request.Context), new JsonObject
    {
        ["message"] = "Authorization code was used again",
        ["provider"] = ModelOf(request.Client),
    }));

    /// <summary>A machine came with a name and an app password that do not belong together.</summary>
    /// <param name="user">Whose name that is; null means nobody's.</param>
    public void MachineFailed(TokenRequest request, string typed, User? user) => repeated.Enqueue(new NewEvent(
        EventActions.LoginFailed, user is null ? null : ActorOf(user), IpOf(request.Context), new JsonObject
        {
            ["username"] = typed,
            ["auth_method"] = "token",
            ["auth_method_args"] = new JsonObject { ["provider"] = ModelOf(request.Client) },
        }), TargetOf(request.Client));

    /// <summary>A token that was revoked, or whose grant was, came to userinfo.</summary>
    public void RevokedTokenUsed(Client client, User user, HttpContext context) => log.Enqueue(new NewEvent(EventActions.SuspiciousRequest, ActorOf(user), IpOf(context), new JsonObject
    {
        ["message"] = "Revoked token was used",
        ["provider"] = ModelOf(client),
    }));

    /// <summary>A client came with a redirect URI that is not registered.</summary>
    public void BadRedirectUri(Client client, string? offered, string cause, HttpContext context) => repeated.Enqueue(new NewEvent(EventActions.ConfigurationError, null, IpOf(context), new JsonObject
    {
        ["message"] = "Invalid redirect URI used by provider",
        ["provider"] = ModelOf(client),
        ["redirect_uri"] = offered,
        ["expected"] = Tokens.Claims.ArrayOf(client.Provider.RedirectUris.Select(r => r.Url)),
        ["cause"] = cause,
    }), TargetOf(client));

    private static string TargetOf(Client client) => "client " + client.Provider.ClientId;

    private static EventActor ActorOf(User user) => new(user.Id, user.Username, user.Email);

    private static JsonObject ModelOf(Client client) => new()
    {
        ["pk"] = client.Provider.Id,
        ["name"] = client.Provider.Name,
        ["app"] = "authentik_providers_oauth2",
        ["model_name"] = "oauth2provider",
    };

    private static string IpOf(HttpContext context) => ClientAddress.Of(context).ToString();
}
