using Gatehouse.Access.Gateway;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>A token in hand and the session it stands for; a service has none.</summary>
internal sealed record TokenSession(VerifiedToken Token, AccessSession? Session);

/// <summary>Reads the tokens of a request to Access's own endpoints: the cookie, each value of it, and <c>Cf-Access-Token</c>.</summary>
internal sealed class RequestTokens(TokenVerifier verifier, OrgSessions orgSessions)
{
    private const string TokenHeader = "Cf-Access-Token";

    /// <summary>Whether the request brings anything that could be a token.</summary>
    public static bool HasAny(HttpRequest request) => Texts(request).Any();

    /// <summary>Every good token for <paramref name="host"/>. Null means the team domain, where org tokens do, and those of apps that are enough without their host; an app host takes tokens of its own apps, made for itself, only.</summary>
    public async IAsyncEnumerable<TokenSession> AllAsync(HttpContext context, AccessTable table, string? host)
    {
        foreach (var text in TokenCandidates.Of(Texts(context.Request)))
        {
            if (await verifier.VerifyAsync(text, table) is not { } token || !IsFor(context.Request, token, table, host))
            {
                continue;
            }

            if (token.IdentityNonce is null)
            {
                yield return new TokenSession(token, null);
            }
            else if (await orgSessions.FindKnownAsync(token.IdentityNonce, context.RequestAborted) is { } session)
            {
                yield return new TokenSession(token, session);
            }
        }
    }

    private static bool IsFor(HttpRequest request, VerifiedToken token, AccessTable table, string? host) => host is null
        ? token.Type == TokenType.Org || (table.AppsByAud.TryGetValue(token.Audience, out var any) && token.IsEnough(any))
        : token.Type == TokenType.App && table.AppsByAud.TryGetValue(token.Audience, out var app) && AppHosts.Serves(table, app, host)
            && HostMark.IsOf(token.Host, host, app, token.IdentityNonce is null ? null : GateCookies.BindingOf(request, app));

    private static IEnumerable<string> Texts(HttpRequest request) =>
        CookieValues.All(request, AccessCookies.Authorization)
            .Concat(request.Headers[TokenHeader].OfType<string>())
            .Where(t => t.Length > 0);
}
