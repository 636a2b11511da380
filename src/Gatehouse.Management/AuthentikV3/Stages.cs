using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Stages;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Stages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/stages/ (contract §3.5 and §4.11): every kind under its path, by its description.</summary>
internal sealed class Stages(StageDirectory directory, SaveStage save, DeleteStage delete)
{
    private const string Model = "Stage";

    // Kinds of authentik that do not exist here: lists of them are empty.
    private static readonly string[] Absent =
    [
        "account_lockdown", "authenticator/duo", "authenticator/email", "authenticator/endpoint_gdtc", "authenticator/sms", "authenticator/webauthn_device_types", "captcha",
        "endpoints", "mtls", "source",
    ];

    private static readonly Ordering<Stage> Orders = new(("name", s => s.Name), ("pk", s => s.Id));

    public static void Map(ApiRoutes routes)
    {
        foreach (var kind in StageKinds.All)
        {
            var root = $"/stages/{kind.Path}/";
            routes
                .Get<Stages>(root, Need.Superuser, (s, r) => s.ListAsync(r, kind))
                .Post<Stages>(root, Need.Superuser, (s, r) => s.CreateAsync(r, kind))
                .Get<Stages>(root + "{id}/", Need.Superuser, (s, r) => s.RetrieveAsync(r, kind))
                .Put<Stages>(root + "{id}/", Need.Superuser, (s, r) => s.UpdateAsync(r, kind, isPartial: false))
                .Patch<Stages>(root + "{id}/", Need.Superuser, (s, r) => s.UpdateAsync(r, kind, isPartial: true))
                .Delete<Stages>(root + "{id}/", Need.Superuser, (s, r) => s.DeleteAsync(r, kind));
        }

        foreach (var path in Absent)
        {
            routes.Get<Stages>($"/stages/{path}/", Need.Superuser, (_, r) => new ListQuery(r.Query).AnswerAsync(_ => Task.FromResult(new Slice<JsonObject>([], 0)), o => o));
        }

        routes
            .Get<Stages>("/stages/email/templates/", Need.Superuser, (_, _) => Task.FromResult(Answer.List(EmailSettings.Templates, StageBody.Template)))
            .Get<Stages>("/stages/all/", Need.Superuser, (s, r) => s.ListAsync(r, null))
            .Get<Stages>("/stages/all/types/", Need.User, (_, _) => Task.FromResult(Answer.Ok(JsonList.Of(StageKinds.All, StageBody.Kind))))
            .Get<Stages>("/stages/all/user_settings/", Need.User, (s, r) => s.UserSettingsAsync(r))
            .Get<Stages>("/stages/all/{id}/", Need.Superuser, (s, r) => s.RetrieveAsync(r, null))
            .Delete<Stages>("/stages/all/{id}/", Need.Superuser, (s, r) => s.DeleteAsync(r, null));
    }

    private Task<IResult> ListAsync(ApiRequest request, StageKind? kind)
    {
        var query = new ListQuery(request.Query);
        var filter = new StageFilter
        {
            Type = kind?.Type,
            Id = query.Id("stage_uuid"),
            Name = query.Text("name"),
            IsUnused = query.Flag("no_flows"),
            Search = query.Search,
            Settings = SettingsFilter.Read(query, kind?.Fields.Where(f => !f.IsSecret).Select(f => (f.Name, f.DefaultJson)) ?? []) is { } settings ? settings.Fits : null,
        };
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.ListAsync(filter, order, paging, request.Aborted), kind is null ? StageBody.Plain : StageBody.Of);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request, StageKind? kind) =>
        Answer.OneOf(request.RouteGuid("id") is { } id ? await directory.FindAsync(id, kind?.Type, request.Aborted) : null, Model, kind is null ? StageBody.Plain : StageBody.Of);

    private async Task<IResult> CreateAsync(ApiRequest request, StageKind kind)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("name");
        var fields = new StageFields(body.Text("name", 255, mayBeBlank: false), request.Body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(kind, fields, request.Aborted), Model, stage => SavedAsync(201, stage.Id, request));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, StageKind kind, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("name");
        }

        var fields = new StageFields(body.Text("name", 255, mayBeBlank: false), request.Body);
        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(kind, id, fields, isPartial, request.Aborted), Model, stage => SavedAsync(200, stage.Id, request));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request, StageKind? kind) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await delete.RunAsync(id, kind?.Type, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    // Stages that people can set up for themselves: those that name a flow for it.
    private async Task<IResult> UserSettingsAsync(ApiRequest request)
    {
        var all = await directory.ListAsync(new StageFilter(), stages => stages.OrderBy(s => s.Name), new Paging(1, 1000), request.Aborted);
        return Answer.Ok(JsonList.Of(all.Items.Where(f => ConfigureFlow(f.Stage) is not null), f => new JsonObject
        {
            ["object_uid"] = f.Stage.Id.ToString(),
            ["component"] = StageKinds.Of(f.Stage.Type).Component.Replace("ak-stage-", "ak-user-settings-", StringComparison.Ordinal).Replace("-form", "", StringComparison.Ordinal),
            ["title"] = StageKinds.Of(f.Stage.Type).VerboseName,
            ["configure_url"] = $"/flows/-/configure/{f.Stage.Id}/",
            ["icon_url"] = null,
        }));
    }

    private static Guid? ConfigureFlow(Stage stage) =>
        StageKinds.Of(stage.Type).Fields.OfType<ReferenceField>().FirstOrDefault(f => f.Name == "configure_flow") is { } field ? stage.Setting(field) : null;

    private async Task<IResult> SavedAsync(int status, Guid id, ApiRequest request) =>
        await directory.FindAsync(id, null, request.Aborted) is { } stage ? new JsonAnswer(status, StageBody.Of(stage)) : Answer.NotFound(Model);
}
