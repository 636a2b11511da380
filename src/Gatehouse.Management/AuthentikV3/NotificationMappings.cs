using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Notifications;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Notifications;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/propertymappings/notification/ (contract §5.2): expressions that make what webhooks are sent.</summary>
internal sealed class NotificationMappings(NotificationDirectory directory, SaveWebhookMapping save, WebhookMappings mappings)
{
    private const string Model = "NotificationWebhookMapping";
    private const string Path = "/propertymappings/notification/";

    private static readonly Ordering<WebhookMapping> Orders = new(("name", m => m.Name), ("pk", m => m.Id));

    // An expression may hold the key of the service that is called.
    public static void Map(ApiRoutes routes) => routes
        .Get<NotificationMappings>(Path, Need.FreshSuperuser, (m, r) => m.ListAsync(r))
        .Post<NotificationMappings>(Path, Need.Superuser, (m, r) => m.CreateAsync(r))
        .Get<NotificationMappings>(Path + "{id}/", Need.FreshSuperuser, (m, r) => m.RetrieveAsync(r))
        .Put<NotificationMappings>(Path + "{id}/", Need.Superuser, (m, r) => m.UpdateAsync(r, isPartial: false))
        .Patch<NotificationMappings>(Path + "{id}/", Need.Superuser, (m, r) => m.UpdateAsync(r, isPartial: true))
        .Delete<NotificationMappings>(Path + "{id}/", Need.Superuser, (m, r) => m.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var (name, search, order) = (query.Text("name"), query.Search, query.Order(Orders));
        return query.AnswerAsync(paging => directory.MappingsAsync(name, search, order, paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        Answer.OneOf(request.RouteGuid("id") is { } id ? await directory.MappingAsync(id, request.Aborted) : null, Model, Body);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("name", "expression");
        var (name, expression) = Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(name, expression, request.Aborted), Model, m => Task.FromResult<IResult>(new JsonAnswer(201, Body(m))));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("name", "expression");
        }

        var (name, expression) = Read(body);
        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(id, name, expression, request.Aborted), Model, m => Task.FromResult(Answer.Ok(Body(m))));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await save.DeleteAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private static (Maybe<string> Name, Maybe<string> Expression) Read(BodyFields body) =>
        (body.Text("name", 1000, mayBeBlank: false), body.Text("expression", 16 * 1024, mayBeBlank: false));

    private JsonObject Body(WebhookMapping mapping) => new()
    {
        ["pk"] = mapping.Id.ToString(),
        ["name"] = mapping.Name,
        ["expression"] = mappings.TextOf(mapping),
    };
}
