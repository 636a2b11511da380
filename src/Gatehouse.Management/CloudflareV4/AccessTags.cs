using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Tags;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/tags (contract §3.10). The name is the key.</summary>
internal sealed class AccessTags(TagDirectory tags, SaveTag save)
{
    private const string Path = "/accounts/{account}/access/tags";

    public static void Map(ApiRoutes routes) => routes
        .Get<AccessTags>(Path, Need.Superuser, (t, r) => t.ListAsync(r))
        .Post<AccessTags>(Path, Need.Superuser, (t, r) => t.CreateAsync(r))
        .Get<AccessTags>(Path + "/{name}", Need.Superuser, (t, r) => t.AnswerAsync(r.Route("name"), 200, r))
        .Put<AccessTags>(Path + "/{name}", Need.Superuser, (t, r) => t.RenameAsync(r))
        .Delete<AccessTags>(Path + "/{name}", Need.Superuser, (t, r) => t.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request) => new PageQuery(request.Query).AnswerAsync(paging => tags.ListAsync(paging, request.Aborted), Body);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("name");
        var name = body.Text("name", 350, mayBeBlank: false).Or("");
        return body.Faults.Count > 0 ? Envelope.Refused(body.Faults) : await WrittenAsync(await save.CreateAsync(name, request.Aborted), 201, request);
    }

    private async Task<IResult> RenameAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("name");
        var name = body.Text("name", 350, mayBeBlank: false).Or("");
        return body.Faults.Count > 0 ? Envelope.Refused(body.Faults) : await WrittenAsync(await save.RenameAsync(request.Route("name"), name, request.Aborted), 200, request);
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => await Envelope.OfAsync(
        await save.DeleteAsync(request.Route("name"), request.Aborted), Unknown.Tag, tag => Task.FromResult(Envelope.Ok(new JsonObject { ["name"] = tag.Name })));

    private Task<IResult> WrittenAsync(WriteResult<AppTag> result, int status, ApiRequest request) =>
        Envelope.OfAsync(result, Unknown.Tag, tag => AnswerAsync(tag.Name, status, request));

    private async Task<IResult> AnswerAsync(string name, int status, ApiRequest request) =>
        await tags.FindAsync(name, request.Aborted) is { } facts ? Envelope.Ok(Body(facts), status) : Envelope.Unknown(Unknown.Tag);

    private static JsonObject Body(TagFacts facts) => new()
    {
        ["name"] = facts.Tag.Name,
        ["app_count"] = facts.AppCount,
        ["created_at"] = JsonList.Time(facts.Tag.CreatedAt),
        ["updated_at"] = JsonList.Time(facts.Tag.UpdatedAt),
    };
}
