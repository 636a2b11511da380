using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc;

/// <summary>Whether a user may use a client's application: asked at each authorization and each grant, so that access taken away ends with the next token.</summary>
internal sealed partial class ApplicationAccess(GatehouseDb db, IPolicyEngine policies, ClientDirectory clients, OAuthEvents events, ILogger<ApplicationAccess> logger)
{
    /// <summary>Judges the application's bindings. <paramref name="facts"/>: more that expressions may read.</summary>
    public async Task<PolicyVerdict> JudgeAsync(
        Client client, int userId, AccessRequest request, CancellationToken cancellationToken, IReadOnlyDictionary<string, object>? facts = null)
    {
        if (client.Application is not { } application)
        {
            return await DenyAsync(client, userId, request, new PolicyVerdict(false, [], ["the provider belongs to no application"]), cancellationToken);
        }

        var context = new Dictionary<string, object>(facts ?? new Dictionary<string, object>())
        {
            ["oauth_client_id"] = client.Provider.ClientId,
            ["oauth_scopes"] = request.Scopes,
            ["oauth_grant_type"] = request.GrantType,
        };
        if (request.RedirectUri is { } redirectUri)
        {
            context["oauth_redirect_uri"] = redirectUri;
        }

        if (request.Http is { } http)
        {
            context["http_request"] = http;
        }

        var subject = new PolicySubject(userId, request.ClientIp, context);
        var verdict = await policies.JudgeAsync(application.Id, subject, cancellationToken);

        // A client that registered itself is open to those only who may use the application that let it.
        if (verdict.IsPassing && client.Provider.RegisteredThroughId is { } parent)
        {
            verdict = clients.Find(parent)?.Application is { } through
                ? await policies.JudgeAsync(through.Id, subject, cancellationToken)
                : new PolicyVerdict(false, [], ["the provider that the client registered through has no application any more"]);
        }

        return verdict.IsPassing ? verdict : await DenyAsync(client, userId, request, verdict, cancellationToken);
    }

    /// <summary>Whether a person is shown what each rule said: superusers are.</summary>
    public async Task<bool> MaySeeLogAsync(User user, CancellationToken cancellationToken) => (await db.PersonAsync(user, "", cancellationToken)).IsSuperuser;

    // Every denial is an event, whether its policies want to be logged or not: an administrator has to see who was turned away.
    private async Task<PolicyVerdict> DenyAsync(Client client, int userId, AccessRequest request, PolicyVerdict verdict, CancellationToken cancellationToken)
    {
        LogDenied(userId, client.Application?.Slug ?? "", verdict.Log);
        events.Denied(client, await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == userId, cancellationToken), request.GrantType, request.ClientIp, verdict);
        return verdict;
    }

    [LoggerMessage(EventId = 2121, Level = LogLevel.Information, Message = "User {UserId} may not use application {Slug}: {Reason}")]
    private partial void LogDenied(int userId, string slug, IReadOnlyList<string> reason);
}

/// <summary>What is asked for, and from where.</summary>
internal sealed record AccessRequest(string GrantType, IReadOnlyList<string> Scopes, string? ClientIp)
{
    /// <summary>Where the answer goes; null when there is no redirect.</summary>
    public string? RedirectUri { get; init; }

    /// <summary>What rules may know of the request.</summary>
    public Dictionary<string, object>? Http { get; init; }

    public static AccessRequest Of(HttpContext context, string grantType, IReadOnlyList<string> scopes) =>
        new(grantType, scopes, ClientAddress.Of(context).ToString()) { Http = HttpFacts.Of(context) };
}
