using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Tokens;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/core/tokens/ (contract §4.9). Keys are in no list and no detail.</summary>
internal sealed class Tokens(TokenDirectory directory, SaveToken save, TokenKeys keys, IEventLog log, Actor actor)
{
    private const string Model = "Token";

    private static readonly Ordering<ApiToken> Orders = new(
        ("identifier", t => t.Identifier), ("pk", t => t.Id), ("expires", t => t.ExpiresAt), ("expiring", t => t.ExpiresAt != null), ("intent", t => t.Intent),
        ("user", t => t.UserId), ("description", t => t.Description), ("managed", t => t.Managed));

    public static void Map(ApiRoutes routes) => routes
        .Get<Tokens>("/core/tokens/", Need.Self, (t, r) => t.ListAsync(r))
        .Post<Tokens>("/core/tokens/", Need.Key, (t, r) => t.CreateAsync(r))
        .Get<Tokens>("/core/tokens/{identifier}/", Need.Self, (t, r) => t.RetrieveAsync(r))
        .Put<Tokens>("/core/tokens/{identifier}/", Need.Key, (t, r) => t.UpdateAsync(r, isPartial: false))
        .Patch<Tokens>("/core/tokens/{identifier}/", Need.Key, (t, r) => t.UpdateAsync(r, isPartial: true))
        .Delete<Tokens>("/core/tokens/{identifier}/", Need.Self, (t, r) => t.DeleteAsync(r))
        .Get<Tokens>("/core/tokens/{identifier}/view_key/", Need.Key, (t, r) => t.ViewKeyAsync(r))
        .Post<Tokens>("/core/tokens/{identifier}/set_key/", Need.Key, (t, r) => t.SetKeyAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var filter = new TokenFilter
        {
            Identifier = query.Text("identifier"),
            Intent = query.Choice("intent", Words.TokenIntents),
            Username = query.Text("user__username"),
            Description = query.Text("description"),
            Managed = query.Text("managed"),
            IsExpiring = query.Flag("expiring"),
            ExpiresAt = query.Time("expires"),
            Search = query.Search,
        };
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.ListAsync(request.Caller, filter, order, paging, request.Aborted), t => Body(request.Caller, t));
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) => Answer.OneOf(await FindAsync(request), Model, t => Body(request.Caller, t));

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("identifier");
        var fields = Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(request.Caller, fields, request.Aborted), Model, token => SavedAsync(201, token, request));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("identifier");
        }

        var fields = Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(
                await save.UpdateAsync(request.Caller, request.Route("identifier"), fields, request.Aborted), Model, token => SavedAsync(200, token, request));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => await Answer.OfAsync(
        await save.DeleteAsync(request.Caller, request.Route("identifier"), request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()));

    // Told before it is shown: no key leaves without its event.
    private async Task<IResult> ViewKeyAsync(ApiRequest request)
    {
        if (await FindAsync(request) is not { } found || keys.Open(found.Token) is not { } key)
        {
            return Answer.NotFound(Model);
        }

        await log.WriteAsync(actor.Event(EventActions.SecretView, TokenEvents.About(found.Token)), request.Aborted);
        return Answer.Ok(new JsonObject { ["key"] = key });
    }

    private async Task<IResult> SetKeyAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("key");
        var key = body.Text("key", 4096, mayBeBlank: false).Or("");
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(
                await save.SetKeyAsync(request.Caller, request.Route("identifier"), key, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()));
    }

    private Task<TokenFacts?> FindAsync(ApiRequest request) => directory.FindAsync(request.Caller, request.Route("identifier"), request.Aborted);

    private async Task<IResult> SavedAsync(int status, ApiToken token, ApiRequest request) =>
        await directory.FindAsync(request.Caller, token.Identifier, request.Aborted) is { } found ? new JsonAnswer(status, Body(request.Caller, found)) : Answer.NotFound(Model);

    private static TokenFields Read(BodyFields body) => new()
    {
        Identifier = body.Text("identifier", 255, mayBeBlank: false),
        Intent = body.Choice("intent", Words.TokenIntents),
        User = body.Number("user"),
        Description = body.Text("description", 10_000),
        ExpiresAt = body.NullableTime("expires"),
        IsExpiring = body.Flag("expiring"),
        Managed = body.NullableText("managed", 255),
    };

    private static JsonObject Body(ApiCaller caller, TokenFacts facts) => new()
    {
        ["pk"] = facts.Token.Id.ToString(),
        ["managed"] = facts.Token.Managed,
        ["identifier"] = facts.Token.Identifier,
        ["intent"] = Words.TokenIntents.Of(facts.Token.Intent),
        ["user"] = facts.Token.UserId,
        ["user_obj"] = UserBody.For(caller, facts.User),
        ["description"] = facts.Token.Description,
        ["expires"] = facts.Token.ExpiresAt is { } end ? JsonList.Time(end) : null,
        ["expiring"] = facts.Token.ExpiresAt is not null,
    };
}
