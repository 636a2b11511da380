using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Prompts;
using Gatehouse.Management.Stages;
using Gatehouse.Management.Users;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Prompts;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/stages/prompt/prompts/ (contract §3.5): the fields that prompt stages ask.</summary>
internal sealed class Prompts(PromptDirectory directory, StageDirectory stages, UserDirectory users, SavePrompt save, DeletePrompt delete)
{
    private const string Model = "Prompt";
    private const string Root = "/stages/prompt/prompts/";

    private static readonly string[] Required = ["name", "field_key", "label", "type"];

    private static readonly Ordering<PromptField> Orders = new(
        ("field_key", p => p.FieldKey), ("name", p => p.Name), ("label", p => p.Label), ("type", p => p.Type), ("order", p => p.Order), ("pk", p => p.Id));

    public static void Map(ApiRoutes routes) => routes
        .Get<Prompts>(Root, Need.Superuser, (p, r) => p.ListAsync(r))
        .Post<Prompts>(Root, Need.Superuser, (p, r) => p.CreateAsync(r))
        .Post<Prompts>(Root + "preview/", Need.Superuser, (p, r) => p.PreviewAsync(r))
        .Get<Prompts>(Root + "{id}/", Need.Superuser, (p, r) => p.RetrieveAsync(r))
        .Put<Prompts>(Root + "{id}/", Need.Superuser, (p, r) => p.UpdateAsync(r, isPartial: false))
        .Patch<Prompts>(Root + "{id}/", Need.Superuser, (p, r) => p.UpdateAsync(r, isPartial: true))
        .Delete<Prompts>(Root + "{id}/", Need.Superuser, (p, r) => p.DeleteAsync(r));

    private async Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var (name, key, label, type, search) = (query.Text("name"), query.Text("field_key"), query.Text("label"), query.Text("type"), query.Search);
        var hint = query.Text("placeholder");
        var order = query.Order(Orders);
        return await query.AnswerAsync(
            paging => directory.ListAsync(
                prompts =>
                {
                    prompts = prompts.Where(p => (name == null || p.Name == name) && (key == null || p.FieldKey == key) && (label == null || p.Label == label) && (type == null || p.Type == type) && (hint == null || p.Placeholder == hint));
                    return search is { Length: > 0 } ? prompts.Search(search, p => p.Name, p => p.FieldKey, p => p.Label, p => p.Placeholder) : prompts;
                },
                order, paging, request.Aborted),
            facts => Body(facts, []));
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) => request.RouteGuid("id") is { } id ? await SavedAsync(200, id, request) : Answer.NotFound(Model);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require(Required);
        var fields = Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Aborted), Model, field => SavedAsync(201, field.Id, request));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require(Required);
        }

        var fields = Read(body);
        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Model, field => SavedAsync(200, field.Id, request));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await delete.RunAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    // As a flow would ask it of whoever calls. Nothing is kept.
    private async Task<IResult> PreviewAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require(Required);
        var fields = Read(body);
        var field = new PromptField { Id = Guid.Empty, Name = "", FieldKey = "", Label = "", Type = "" };
        List<Fault> faults = body.Faults.Count > 0 ? [.. body.Faults] : [.. fields.ApplyTo(field)];
        if (faults.Count > 0)
        {
            return Answer.Refused(faults);
        }

        var me = await users.FindAsync(request.Caller.UserId, request.Aborted);
        return Answer.Ok(new JsonObject { ["component"] = "ak-stage-prompt", ["fields"] = new JsonArray(Question(field, ShownPrompt.Of(field, me?.User))) });
    }

    private static JsonObject Question(PromptField field, ShownPrompt shown) => new()
    {
        ["field_key"] = field.FieldKey,
        ["label"] = field.Label,
        ["type"] = field.Type,
        ["required"] = field.IsRequired && !PromptTypes.IsDisplay(field.Type),
        ["placeholder"] = shown.Placeholder,
        ["initial_value"] = field.Type == PromptTypes.Password ? "" : shown.Initial,
        ["order"] = field.Order,
        ["sub_text"] = field.SubText,
        ["choices"] = PromptTypes.IsChoice(field.Type) ? JsonList.Of(shown.Choices, c => new JsonObject { ["value"] = c.Value, ["label"] = c.Label }) : null,
    };

    private static PromptFields Read(BodyFields body) => new()
    {
        Name = body.Text("name", 255, mayBeBlank: false),
        FieldKey = body.Text("field_key", 255, mayBeBlank: false),
        Label = body.Text("label", 1000, mayBeBlank: false),
        Type = body.Text("type", 100, mayBeBlank: false),
        IsRequired = body.Flag("required"),
        Placeholder = body.Text("placeholder", 10_000),
        PlaceholderIsExpression = body.Flag("placeholder_expression"),
        InitialValue = body.Text("initial_value", 10_000),
        InitialValueIsExpression = body.Flag("initial_value_expression"),
        Order = body.Number("order"),
        SubText = body.Text("sub_text", 10_000),
    };

    private async Task<IResult> SavedAsync(int status, Guid id, ApiRequest request)
    {
        if (await directory.FindAsync(id, request.Aborted) is not { } facts)
        {
            return Answer.NotFound(Model);
        }

        return new JsonAnswer(status, Body(facts, await stages.DescribeAsync(facts.Stages, request.Aborted)));
    }

    private static JsonObject Body(PromptFacts facts, IReadOnlyList<StageFacts> asking) => new()
    {
        ["pk"] = facts.Field.Id.ToString(),
        ["name"] = facts.Field.Name,
        ["field_key"] = facts.Field.FieldKey,
        ["label"] = facts.Field.Label,
        ["type"] = facts.Field.Type,
        ["required"] = facts.Field.IsRequired,
        ["placeholder"] = facts.Field.Placeholder,
        ["initial_value"] = facts.Field.InitialValue,
        ["order"] = facts.Field.Order,
        ["prompt_stages_obj"] = JsonList.Of(asking.Count > 0 ? asking : [.. facts.Stages.Select(s => new StageFacts(s, []))], StageBody.Of),
        ["sub_text"] = facts.Field.SubText,
        ["placeholder_expression"] = facts.Field.PlaceholderIsExpression,
        ["initial_value_expression"] = facts.Field.InitialValueIsExpression,
    };
}
