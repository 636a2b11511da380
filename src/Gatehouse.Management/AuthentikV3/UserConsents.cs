using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Users;
using Gatehouse.Model.Tokens;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/core/user_consent/ (contract §4.15).</summary>
internal sealed class UserConsents(ConsentDirectory directory)
{
    private const string Model = "UserConsent";
    private const string Path = "/core/user_consent/";

    private static readonly Ordering<UserConsent> Orders = new(
        ("pk", c => c.Id), ("expires", c => c.ExpiresAt), ("application", c => c.ApplicationId), ("user", c => c.UserId));

    public static void Map(ApiRoutes routes) => routes
        .Get<UserConsents>(Path, Need.User, (c, r) => c.ListAsync(r))
        .Get<UserConsents>(Path + "{id}/", Need.User, (c, r) => c.RetrieveAsync(r))
        .Delete<UserConsents>(Path + "{id}/", Need.Anybodys, (c, r) => c.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var (user, application) = (query.Integer("user"), query.Id("application"));
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.ListAsync(request.Caller, user, application, order, paging, request.Aborted), c => Body(request.Caller, c));
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        Answer.OneOf(request.RouteInt("id") is { } id ? await directory.FindAsync(request.Caller, id, request.Aborted) : null, Model, c => Body(request.Caller, c));

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteInt("id") is { } id
        ? await Answer.OfAsync(await directory.RemoveAsync(request.Caller, id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private static JsonObject Body(ApiCaller caller, ConsentFacts facts) => new()
    {
        ["pk"] = facts.Consent.Id,
        ["expires"] = facts.Consent.ExpiresAt is { } end ? JsonList.Time(end) : null,
        ["expiring"] = facts.Consent.ExpiresAt is not null,
        ["user"] = UserBody.For(caller, facts.User),
        ["application"] = Applications.Body(facts.Application),
        ["permissions"] = string.Join(' ', facts.Consent.Scopes),
    };
}
