using System.Text.Json.Nodes;
using Gatehouse.Management.Flows;
using Gatehouse.Management.Http;
using Gatehouse.Management.Stages;
using Gatehouse.Model.Flows;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/flows/bindings/ (contract §4.11).</summary>
internal sealed class FlowBindings(BindingDirectory directory, StageDirectory stages, SaveBinding save, DeleteBinding delete)
{
    private const string Model = "FlowStageBinding";
    private const string Root = "/flows/bindings/";

    private static readonly Ordering<FlowStageBinding> Orders = new(("order", b => b.Order), ("pk", b => b.Id), ("target", b => b.FlowId), ("stage", b => b.StageId));

    public static void Map(ApiRoutes routes) => routes
        .Get<FlowBindings>(Root, Need.Superuser, (b, r) => b.ListAsync(r))
        .Post<FlowBindings>(Root, Need.Superuser, (b, r) => b.CreateAsync(r))
        .Get<FlowBindings>(Root + "{id}/", Need.Superuser, (b, r) => b.RetrieveAsync(r))
        .Put<FlowBindings>(Root + "{id}/", Need.Superuser, (b, r) => b.UpdateAsync(r, isPartial: false))
        .Patch<FlowBindings>(Root + "{id}/", Need.Superuser, (b, r) => b.UpdateAsync(r, isPartial: true))
        .Delete<FlowBindings>(Root + "{id}/", Need.Superuser, (b, r) => b.DeleteAsync(r));

    private async Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var filter = new BindingFilter
        {
            Id = SameOf(query.Id("fsb_uuid"), query.Id("pbm_uuid")), // one key here
            Flow = query.Id("target"),
            Stage = query.Id("stage"),
            Order = query.Integer("order"),
            EvaluateOnPlan = query.Flag("evaluate_on_plan"),
            ReEvaluatePolicies = query.Flag("re_evaluate_policies"),
            PolicyEngineMode = query.Word("policy_engine_mode", FlowBody.EngineModes),
            InvalidResponseAction = query.Word("invalid_response_action", FlowBody.InvalidActions),
            Policies = query.Ids("policies"),
            Search = query.Search,
        };
        var order = query.Order(Orders);
        IReadOnlyDictionary<Guid, JsonObject> shown = new Dictionary<Guid, JsonObject>();
        return await query.AnswerAsync(
            async paging =>
            {
                var slice = await directory.ListAsync(filter, order, paging, request.Aborted);
                shown = await ShowAsync(slice.Items, request.Aborted);
                return slice;
            },
            b => FlowBody.Of(b, shown.GetValueOrDefault(b.StageId)?.DeepClone() as JsonObject));
    }

    private static Guid? SameOf(Guid? one, Guid? other) => one is null || other is null || one == other ? one ?? other : Guid.Empty;

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        request.RouteGuid("id") is { } id ? await SavedAsync(200, id, request) : Answer.NotFound(Model);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("target", "stage", "order");
        var fields = FlowBody.ReadBinding(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Aborted), Model, binding => SavedAsync(201, binding.Id, request));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("target", "stage", "order");
        }

        var fields = FlowBody.ReadBinding(body);
        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Model, binding => SavedAsync(200, binding.Id, request));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await delete.RunAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private async Task<IResult> SavedAsync(int status, Guid id, ApiRequest request)
    {
        if (await directory.FindAsync(id, request.Aborted) is not { } binding)
        {
            return Answer.NotFound(Model);
        }

        var shown = await ShowAsync([binding], request.Aborted);
        return new JsonAnswer(status, FlowBody.Of(binding, shown.GetValueOrDefault(binding.StageId)));
    }

    private async Task<IReadOnlyDictionary<Guid, JsonObject>> ShowAsync(IReadOnlyList<FlowStageBinding> bindings, CancellationToken cancellationToken) =>
        (await stages.DescribeAsync([.. bindings.Select(b => b.Stage).OfType<Stage>().DistinctBy(s => s.Id)], cancellationToken)).ToDictionary(s => s.Stage.Id, StageBody.Plain);
}
