using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Bindings;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc;

/// <summary>Whether a user may use a client's application: asked at each authorization and each grant, so that access taken away ends with the next token.</summary>
internal sealed class ApplicationAccess(IPolicyEngine policies, ClientDirectory clients)
{
    /// <summary>Judges the application's bindings. <paramref name="facts"/>: more that expressions may read.</summary>
    public async Task<PolicyVerdict> JudgeAsync(
        Client client, int userId, AccessRequest request, CancellationToken cancellationToken, IReadOnlyDictionary<string, object>? facts = null)
    {
        if (client.Application is not { } application)
        {
            return new PolicyVerdict(false, [], ["the provider belongs to no application"]);
        }

        var context = new Dictionary<string, object>(facts ?? new Dictionary<string, object>())
        {
            ["oauth_client_id"] = client.Provider.ClientId,
            ["oauth_scopes"] = request.Scopes,
            ["oauth_grant_type"] = request.GrantType,
        };
        var subject = new PolicySubject(userId, request.ClientIp, context);
        var verdict = await policies.JudgeAsync(application.Id, subject, cancellationToken);

        // A client that registered itself is open to those only who may use the application that let it.
        return verdict.IsPassing && client.Provider.RegisteredThroughId is { } parent
            ? clients.Find(parent)?.Application is { } through
                ? await policies.JudgeAsync(through.Id, subject, cancellationToken)
                : new PolicyVerdict(false, [], ["the provider that the client registered through has no application any more"])
            : verdict;
    }
}

/// <summary>What is asked for, and from where.</summary>
internal sealed record AccessRequest(string GrantType, IReadOnlyList<string> Scopes, string? ClientIp)
{
    public static AccessRequest Of(HttpContext context, string grantType, IReadOnlyList<string> scopes) =>
        new(grantType, scopes, ClientAddress.Of(context).ToString());
}
