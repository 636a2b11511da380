using System.Text.Json.Nodes;
using Gatehouse.Management.Groups;
using Gatehouse.Management.Http;
using Gatehouse.Management.Notifications;
using Gatehouse.Management.Users;
using Gatehouse.Model.Notifications;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/events/rules/ (contract §5.2). What a rule fires on is bound to it under /policies/bindings/.</summary>
internal sealed class NotificationRules(NotificationDirectory directory, GroupDirectory groups, UserDirectory users, SaveRule save)
{
    private const string Model = "NotificationRule";
    private const string Path = "/events/rules/";

    private static readonly Ordering<NotificationRule> Orders = new(("name", r => r.Name), ("pk", r => r.Id), ("severity", r => r.Severity));

    public static void Map(ApiRoutes routes) => routes
        .Get<NotificationRules>(Path, Need.Superuser, (n, r) => n.ListAsync(r))
        .Post<NotificationRules>(Path, Need.Superuser, (n, r) => n.CreateAsync(r))
        .Get<NotificationRules>(Path + "{id}/", Need.Superuser, (n, r) => n.RetrieveAsync(r))
        .Put<NotificationRules>(Path + "{id}/", Need.Superuser, (n, r) => n.UpdateAsync(r, isPartial: false))
        .Patch<NotificationRules>(Path + "{id}/", Need.Superuser, (n, r) => n.UpdateAsync(r, isPartial: true))
        .Delete<NotificationRules>(Path + "{id}/", Need.Superuser, (n, r) => n.DeleteAsync(r));

    private async Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var (severity, group, name, search) = (query.Choice("severity", Words.Severities), query.Text("destination_group__name"), query.Text("name"), query.Search);
        var order = query.Order(Orders);
        var found = new Dictionary<Guid, JsonObject>();
        return await query.AnswerAsync(
            async paging =>
            {
                var slice = await directory.RulesAsync(severity, group, name, search, order, paging, request.Aborted);
                foreach (var rule in slice.Items)
                {
                    found[rule.Id] = await BodyAsync(rule, request.Aborted);
                }

                return slice;
            },
            rule => found[rule.Id]);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        request.RouteGuid("id") is { } id && await directory.RuleAsync(id, request.Aborted) is { } rule
            ? Answer.Ok(await BodyAsync(rule, request.Aborted))
            : Answer.NotFound(Model);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("name");
        var fields = Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Aborted), Model, rule => SavedAsync(201, rule, request));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("name");
        }

        var fields = Read(body);
        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Model, rule => SavedAsync(200, rule, request));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await save.DeleteAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private async Task<IResult> SavedAsync(int status, NotificationRule rule, ApiRequest request) => new JsonAnswer(status, await BodyAsync(rule, request.Aborted));

    private static RuleFields Read(BodyFields body) => new()
    {
        Name = body.Text("name", 1000, mayBeBlank: false),
        Transports = body.Ids("transports"),
        Severity = body.Choice("severity", Words.Severities),
        Group = body.NullableId("destination_group"),
        TellsEventUser = body.Flag("destination_event_user"),
    };

    private async Task<JsonObject> BodyAsync(NotificationRule rule, CancellationToken cancellationToken)
    {
        var group = rule.GroupId is { } id ? await groups.FindAsync(id, cancellationToken) : null;
        var uids = await users.UidsAsync(cancellationToken);
        return new JsonObject
        {
            ["pk"] = rule.Id.ToString(),
            ["name"] = rule.Name,
            ["transports"] = JsonList.Of(rule.TransportIds),
            ["severity"] = Words.Severities.Of(rule.Severity),
            ["destination_group"] = rule.GroupId?.ToString(),
            ["destination_group_obj"] = group is null ? null : GroupBody.Of(group, new GroupParts(Users: false, Parents: false, Children: false, InheritedRoles: false), uids),
            ["destination_event_user"] = rule.TellsEventUser,
        };
    }
}
