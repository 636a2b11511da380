using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Tokens;
using Gatehouse.Model.Tokens;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/oauth2/access_tokens/, refresh_tokens/ and authorization_codes/ (contract §4.5): to read and to take back. Providers stand in them without their secret.</summary>
internal sealed class OAuthTokens(GrantDirectory directory, TimeProvider clock)
{
    private const string Code = "AuthorizationCode";

    // Keys rise with time.
    private static readonly Dictionary<string, bool> NewestFirst = new(StringComparer.Ordinal) { ["pk"] = false, ["-pk"] = true };

    public static void Map(ApiRoutes routes)
    {
        MapTokens(routes, "/oauth2/access_tokens/", OAuthTokenKind.Access);
        MapTokens(routes, "/oauth2/refresh_tokens/", OAuthTokenKind.Refresh);
        routes
            .Get<OAuthTokens>("/oauth2/authorization_codes/", Need.User, (t, r) => t.CodesAsync(r))
            .Get<OAuthTokens>("/oauth2/authorization_codes/{id}/", Need.User, (t, r) => t.CodeAsync(r))
            .Delete<OAuthTokens>("/oauth2/authorization_codes/{id}/", Need.Anybodys, (t, r) => t.RemoveCodeAsync(r));
    }

    private static void MapTokens(ApiRoutes routes, string path, OAuthTokenKind kind) => routes
        .Get<OAuthTokens>(path, Need.User, (t, r) => t.TokensAsync(r, kind))
        .Get<OAuthTokens>(path + "{id}/", Need.User, (t, r) => t.TokenAsync(r, kind))
        .Delete<OAuthTokens>(path + "{id}/", Need.Anybodys, (t, r) => t.RemoveTokenAsync(r, kind));

    private Task<IResult> TokensAsync(ApiRequest request, OAuthTokenKind kind)
    {
        var query = new ListQuery(request.Query);
        var filter = new GrantFilter(query.Integer("user"), query.Integer("provider"));
        var newestFirst = query.Choice("ordering", NewestFirst) ?? true;
        return query.AnswerAsync(paging => directory.TokensAsync(request.Caller, kind, filter, newestFirst, paging, request.Aborted), t => TokenBody(request.Caller, t));
    }

    private Task<IResult> CodesAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var filter = new GrantFilter(query.Integer("user"), query.Integer("provider"));
        var newestFirst = query.Choice("ordering", NewestFirst) ?? true;
        return query.AnswerAsync(paging => directory.CodesAsync(request.Caller, filter, newestFirst, paging, request.Aborted), c => CodeBody(request.Caller, c));
    }

    private async Task<IResult> TokenAsync(ApiRequest request, OAuthTokenKind kind) => Answer.OneOf(
        request.RouteLong("id") is { } id ? await directory.TokenAsync(request.Caller, kind, id, request.Aborted) : null, ModelOf(kind), t => TokenBody(request.Caller, t));

    private async Task<IResult> CodeAsync(ApiRequest request) => Answer.OneOf(
        request.RouteLong("id") is { } id ? await directory.CodeAsync(request.Caller, id, request.Aborted) : null, Code, c => CodeBody(request.Caller, c));

    private async Task<IResult> RemoveTokenAsync(ApiRequest request, OAuthTokenKind kind) =>
        request.RouteLong("id") is { } id && await directory.RemoveTokenAsync(request.Caller, kind, id, request.Aborted) ? Answer.NoContent() : Answer.NotFound(ModelOf(kind));

    private async Task<IResult> RemoveCodeAsync(ApiRequest request) =>
        request.RouteLong("id") is { } id && await directory.RemoveCodeAsync(request.Caller, id, request.Aborted) ? Answer.NoContent() : Answer.NotFound(Code);

    private static string ModelOf(OAuthTokenKind kind) => kind == OAuthTokenKind.Access ? "AccessToken" : "RefreshToken";

    // We keep hashes of tokens and nothing of what was in them.
    private JsonObject TokenBody(ApiCaller caller, GrantedFacts facts)
    {
        var body = CodeBody(caller, facts);
        body["id_token"] = "{}";
        body["revoked"] = facts.IsRevoked;
        return body;
    }

    private JsonObject CodeBody(ApiCaller caller, GrantedFacts facts) => new()
    {
        ["pk"] = facts.Id,
        ["provider"] = ProviderBody.Base(facts.Provider, facts.Application),
        ["user"] = UserBody.For(caller, facts.User),
        ["is_expired"] = facts.ExpiresAt <= clock.GetUtcNow(),
        ["expires"] = JsonList.Time(facts.ExpiresAt),
        ["scope"] = JsonList.Of(facts.Scopes),
    };
}
