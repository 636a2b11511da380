using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Management.Users;
using Gatehouse.Model.Bindings;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/policies/bindings/ and /policies/reputation/scores/ (contract §2.7, §4.12).</summary>
internal sealed class PolicyBindings(
    PolicyBindingDirectory directory, SavePolicyBinding save, DeletePolicyBinding delete, ReputationDirectory reputations, UserDirectory users, IGeoReader places)
{
    private const string Model = "PolicyBinding";
    private const string Scores = "/policies/reputation/scores/";

    private static readonly Ordering<PolicyBinding> Orders = new(("order", b => b.Order), ("pk", b => b.Id), ("enabled", b => b.IsEnabled), ("timeout", b => b.Timeout));
    private static readonly Ordering<Reputation> ScoreOrders = new(("identifier", r => r.Identifier), ("pk", r => r.Id), ("ip", r => r.Ip), ("score", r => r.Score), ("updated", r => r.UpdatedAt));

    public static void Map(ApiRoutes routes) => routes
        .Get<PolicyBindings>("/policies/bindings/", Need.Superuser, (b, r) => b.ListAsync(r))
        .Post<PolicyBindings>("/policies/bindings/", Need.Superuser, (b, r) => b.CreateAsync(r))
        .Get<PolicyBindings>("/policies/bindings/{id}/", Need.Superuser, (b, r) => b.RetrieveAsync(r))
        .Put<PolicyBindings>("/policies/bindings/{id}/", Need.Superuser, (b, r) => b.UpdateAsync(r, isPartial: false))
        .Patch<PolicyBindings>("/policies/bindings/{id}/", Need.Superuser, (b, r) => b.UpdateAsync(r, isPartial: true))
        .Delete<PolicyBindings>("/policies/bindings/{id}/", Need.Superuser, (b, r) => b.DeleteAsync(r))
        .Get<PolicyBindings>(Scores, Need.Superuser, (b, r) => b.ListScoresAsync(r))
        .Get<PolicyBindings>(Scores + "{id}/", Need.Superuser, (b, r) => b.RetrieveScoreAsync(r))
        .Delete<PolicyBindings>(Scores + "{id}/", Need.Superuser, (b, r) => b.DeleteScoreAsync(r));

    private async Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var filter = new BindingFilter
        {
            Targets = [.. query.Ids("target"), .. query.Ids("target_in")],
            Policy = query.Id("policy"),
            HasNoPolicy = query.Flag("policy__isnull"),
            IsEnabled = query.Flag("enabled"),
            Order = query.Numbers("order") is [.., var order] ? order : null,
            Timeout = query.Numbers("timeout") is [.., var timeout] ? timeout : null,
        };
        var ordering = query.Order(Orders);
        var uids = await users.UidsAsync(request.Aborted);
        return await query.AnswerAsync(paging => directory.ListAsync(filter, ordering, paging, request.Aborted), f => PolicyBody.Of(f, uids));
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request)
    {
        var uids = await users.UidsAsync(request.Aborted);
        return Answer.OneOf(request.RouteGuid("id") is { } id ? await directory.FindAsync(id, request.Aborted) : null, Model, f => PolicyBody.Of(f, uids));
    }

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("target", "order");
        var fields = PolicyBody.ReadBinding(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Aborted), Model, binding => SavedAsync(201, binding.Id, request));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("target", "order");
        }

        var fields = PolicyBody.ReadBinding(body);
        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Model, binding => SavedAsync(200, binding.Id, request));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await delete.RunAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private async Task<IResult> SavedAsync(int status, Guid id, ApiRequest request)
    {
        var uids = await users.UidsAsync(request.Aborted);
        return await directory.FindAsync(id, request.Aborted) is { } found ? new JsonAnswer(status, PolicyBody.Of(found, uids)) : Answer.NotFound(Model);
    }

    private Task<IResult> ListScoresAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var filter = new ScoreFilter
        {
            Identifier = query.Text("identifier"),
            Identifiers = [.. query.Texts("identifier_in").SelectMany(t => t.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))],
            Ip = query.Text("ip"),
            Score = query.Signed("score"),
            Search = query.Search,
        };
        var order = query.Order(ScoreOrders);
        return query.AnswerAsync(paging => reputations.ListAsync(filter, order, paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveScoreAsync(ApiRequest request) =>
        Answer.OneOf(request.RouteGuid("id") is { } id ? await reputations.FindAsync(id, request.Aborted) : null, "Reputation", Body);

    private async Task<IResult> DeleteScoreAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await reputations.DeleteAsync(id, request.Aborted), "Reputation", _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound("Reputation");

    private JsonObject Body(Reputation score) => PolicyBody.Of(score, IPAddress.TryParse(score.Ip, out var address) ? places.Find(address) : null);
}
