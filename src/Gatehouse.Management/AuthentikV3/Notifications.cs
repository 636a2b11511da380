using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Notifications;
using Gatehouse.Model.Notifications;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/events/notifications/ (contract §5.2): everybody's own, administrators' too.</summary>
internal sealed class Notifications(NotificationDirectory directory)
{
    private const string Model = "Notification";
    private const string Path = "/events/notifications/";

    private static readonly Ordering<Notification> Orders = new(
        ("-created", n => n.CreatedAt), ("created", n => n.CreatedAt), ("pk", n => n.Id), ("severity", n => n.Severity), ("seen", n => n.IsSeen));

    public static void Map(ApiRoutes routes) => routes
        .Get<Notifications>(Path, Need.User, (n, r) => n.ListAsync(r))
        .Post<Notifications>(Path + "mark_all_seen/", Need.User, (n, r) => n.MarkAllAsync(r))
        .Get<Notifications>(Path + "{id}/", Need.User, (n, r) => n.RetrieveAsync(r))
        .Put<Notifications>(Path + "{id}/", Need.User, (n, r) => n.UpdateAsync(r))
        .Patch<Notifications>(Path + "{id}/", Need.User, (n, r) => n.UpdateAsync(r))
        .Delete<Notifications>(Path + "{id}/", Need.User, (n, r) => n.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var filter = new NotificationFilter
        {
            Severity = query.Choice("severity", Words.Severities),
            IsSeen = query.Flag("seen"),
            EventId = query.Id("event"),
            Body = query.Text("body"),
            CreatedAt = query.Time("created"),
            UserId = query.Integer("user"),
            Search = query.Search,
        };
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.ListAsync(request.Caller.UserId, filter, order, paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) => Answer.OneOf(await FindAsync(request), Model, Body);

    private async Task<IResult> UpdateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        var isSeen = body.Flag("seen");
        if (body.Faults.Count > 0)
        {
            return Answer.Refused(body.Faults);
        }

        return request.RouteGuid("id") is { } id && (!isSeen.Is(out var seen) || await directory.MarkAsync(request.Caller.UserId, id, seen, request.Aborted))
            ? await RetrieveAsync(request)
            : Answer.NotFound(Model);
    }

    private async Task<IResult> MarkAllAsync(ApiRequest request)
    {
        await directory.MarkAsync(request.Caller.UserId, null, isSeen: true, request.Aborted);
        return Answer.NoContent();
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) =>
        request.RouteGuid("id") is { } id && await directory.RemoveAsync(request.Caller.UserId, id, request.Aborted) ? Answer.NoContent() : Answer.NotFound(Model);

    private async Task<NotificationFacts?> FindAsync(ApiRequest request) =>
        request.RouteGuid("id") is { } id ? await directory.FindAsync(request.Caller.UserId, id, request.Aborted) : null;

    private static JsonObject Body(NotificationFacts facts)
    {
        var body = new JsonObject
        {
            ["pk"] = facts.Notification.Id.ToString(),
            ["severity"] = Words.Severities.Of(facts.Notification.Severity),
            ["body"] = facts.Notification.Body,
            ["hyperlink"] = facts.Notification.Hyperlink,
            ["hyperlink_label"] = facts.Notification.HyperlinkLabel,
            ["created"] = JsonList.Time(facts.Notification.CreatedAt),
            ["seen"] = facts.Notification.IsSeen,
        };
        if (facts.Event is { } happened)
        {
            body["event"] = EventBody.Of(happened);
        }

        return body;
    }
}
