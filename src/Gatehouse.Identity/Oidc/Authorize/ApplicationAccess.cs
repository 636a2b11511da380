using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>Whether a person may use an application: its policy bindings decide (contract: applications, policy engine).</summary>
internal sealed partial class ApplicationAccess(GatehouseDb db, IPolicyEngine engine, IHttpContextAccessor requests, ILogger<ApplicationAccess> logger)
{
    /// <summary>Judges an authorization request.</summary>
    public Task<PolicyVerdict> JudgeAsync(AuthorizeRequest request, User user, CancellationToken cancellationToken) => JudgeAsync(
        request.Client,
        user.Id,
        new Dictionary<string, object>
        {
            ["oauth_scopes"] = request.Scopes,
            ["oauth_grant_type"] = "authorization_code",
            ["oauth_redirect_uri"] = request.Target.RedirectUri,
            ["oauth_client_id"] = request.Client.Provider.ClientId,
        },
        cancellationToken);

    /// <summary>Judges a request for tokens that no person stands behind right now.</summary>
    public Task<PolicyVerdict> JudgeAsync(Client client, int userId, string grantType, IReadOnlyList<string> scopes, CancellationToken cancellationToken) =>
        JudgeAsync(
            client,
            userId,
            new Dictionary<string, object> { ["oauth_scopes"] = scopes, ["oauth_grant_type"] = grantType, ["oauth_client_id"] = client.Provider.ClientId },
            cancellationToken);

    /// <summary>
    /// Whether whoever holds this refresh token may no longer use the application. Asked outside of the transaction that uses the token up:
    /// a policy may write. One query where nothing is bound.
    /// </summary>
    public async Task<bool> IsLostAsync(Client client, string refreshHash, CancellationToken cancellationToken)
    {
        if (client.Application is not { } application)
        {
            return false;
        }

        var holder = await (
            from row in db.OAuthTokens.AsNoTracking()
            join grant in db.Grants.AsNoTracking() on row.GrantId equals grant.Id
            where row.Hash == refreshHash && row.Kind == OAuthTokenKind.Refresh && row.ProviderId == client.Provider.Id
                && db.PolicyBindings.Any(b => b.TargetId == application.Id && b.IsEnabled)
            select new { grant.UserId, grant.Scopes }).SingleOrDefaultAsync(cancellationToken);
        return holder is not null
            && !(await JudgeAsync(client, holder.UserId, "refresh_token", holder.Scopes, cancellationToken)).IsPassing;
    }

    /// <summary>Whether a person is shown what each rule said: superusers are.</summary>
    public async Task<bool> MaySeeLogAsync(User user, CancellationToken cancellationToken) => (await db.PersonAsync(user, "", cancellationToken)).IsSuperuser;

    private async Task<PolicyVerdict> JudgeAsync(Client client, int userId, Dictionary<string, object> context, CancellationToken cancellationToken)
    {
        if (client.Application is not { } application)
        {
            return new PolicyVerdict(false, [], ["the provider has no application"]);
        }

        if (requests.HttpContext is { } http)
        {
            context["http_request"] = HttpFacts.Of(http);
        }

        var address = requests.HttpContext is { } sender ? ClientAddress.Of(sender).ToString() : null;
        var verdict = await engine.JudgeAsync(application.Id, new PolicySubject(userId, address, context), cancellationToken);
        if (!verdict.IsPassing)
        {
            LogDenied(userId, application.Slug, verdict.Log);
        }

        return verdict;
    }

    [LoggerMessage(EventId = 2121, Level = LogLevel.Information, Message = "User {UserId} may not use application {Slug}: {Reason}")]
    private partial void LogDenied(int userId, string slug, IReadOnlyList<string> reason);
}

/// <summary>What policies learn of a request. No query and no cookies: they hold secrets.</summary>
internal static class HttpFacts
{
    /// <summary>Path, method and user agent.</summary>
    public static Dictionary<string, object> Of(HttpContext http) => new()
    {
        ["path"] = http.Request.Path.Value ?? "",
        ["method"] = http.Request.Method,
        ["user_agent"] = http.Request.Headers.UserAgent.ToString() is { Length: <= 512 } agent ? agent : "",
    };
}
