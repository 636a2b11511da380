using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Policies;
using Gatehouse.Model.Policies;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/groups (contract §3.6).</summary>
internal sealed class AccessGroups(RuleGroupDirectory directory, SaveRuleGroup save, DeleteRuleGroup delete)
{
    private const string Path = "/accounts/{account}/access/groups";

    public static void Map(ApiRoutes routes) => routes
        .Get<AccessGroups>(Path, Need.Superuser, (g, r) => g.ListAsync(r))
        .Post<AccessGroups>(Path, Need.Superuser, (g, r) => g.CreateAsync(r))
        .Get<AccessGroups>(Path + "/{id}", Need.Superuser, (g, r) => g.RetrieveAsync(r))
        .Put<AccessGroups>(Path + "/{id}", Need.Superuser, (g, r) => g.ReplaceAsync(r))
        .Delete<AccessGroups>(Path + "/{id}", Need.Superuser, (g, r) => g.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new PageQuery(request.Query);
        var (name, search) = (query.Text("name"), query.Text("search"));
        return query.AnswerAsync(paging => directory.ListAsync(name, search, paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        request.RouteGuid("id") is { } id && await directory.FindAsync(id, request.Aborted) is { } group
            ? Envelope.Ok(Body(group))
            : Envelope.Unknown(Unknown.Group);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var draft = Read(body);
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(await save.CreateAsync(draft, request.Aborted), Unknown.Group, group => Task.FromResult(Envelope.Ok(Body(group), 201)));
    }

    private async Task<IResult> ReplaceAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var draft = Read(body);
        return request.RouteGuid("id") is not { } id ? Envelope.Unknown(Unknown.Group)
            : body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(await save.ReplaceAsync(id, draft, request.Aborted), Unknown.Group, group => Task.FromResult(Envelope.Ok(Body(group))));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is not { } id
        ? Envelope.Unknown(Unknown.Group)
        : await Envelope.OfAsync(
            await delete.RunAsync(id, request.Aborted), Unknown.Group, group => Task.FromResult(Envelope.Ok(new JsonObject { ["id"] = group.Id.ToString() })));

    private static RuleGroupDraft Read(BodyFields body)
    {
        body.Require("name", "include").NotYet("is_default");
        return new RuleGroupDraft(body.Text("name", 350, mayBeBlank: false).Or(""), body.Rules());
    }

    private static JsonObject Body(RuleGroup group) => new()
    {
        ["id"] = group.Id.ToString(),
        ["uid"] = group.Id.ToString(),
        ["name"] = group.Name,
        ["include"] = JsonList.Of(group.Include, RuleJson.ToNode),
        ["exclude"] = JsonList.Of(group.Exclude, RuleJson.ToNode),
        ["require"] = JsonList.Of(group.Require, RuleJson.ToNode),
        ["created_at"] = JsonList.Time(group.CreatedAt),
        ["updated_at"] = JsonList.Time(group.UpdatedAt),
    };
}
