using System.Text.Json.Nodes;
using Gatehouse.Management.Events;
using Gatehouse.Management.Http;
using Gatehouse.Model.Events;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/events/events/ (contract §5.1). What happened can't be changed or taken back: there is no PUT, PATCH or DELETE.</summary>
internal sealed class Events(EventDirectory directory, SaveEvent save)
{
    private const string Model = "Event";
    private const string Path = "/events/events/";

    private static readonly Ordering<Event> Orders = new(
        ("-created", e => e.CreatedAt), ("created", e => e.CreatedAt), ("pk", e => e.Id), ("action", e => e.Action), ("app", e => e.App),
        ("user", e => e.Username), ("client_ip", e => e.ClientIp), ("expires", e => e.ExpiresAt));

    public static void Map(ApiRoutes routes) => routes
        .Get<Events>(Path, Need.Superuser, (e, r) => e.ListAsync(r))
        .Post<Events>(Path, Need.Superuser, (e, r) => e.CreateAsync(r))
        .Get<Events>(Path + "actions/", Need.User, (_, _) => Task.FromResult(Actions()))
        .Get<Events>(Path + "volume/", Need.Superuser, (e, r) => e.VolumeAsync(r))
        .Get<Events>(Path + "top_per_user/", Need.Superuser, (e, r) => e.TopAsync(r))
        .Get<Events>(Path + "{id}/", Need.Superuser, (e, r) => e.RetrieveAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var filter = Filter(query);
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.ListAsync(filter, order, paging, request.Aborted), EventBody.Of);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        Answer.OneOf(request.RouteGuid("id") is { } id ? await directory.FindAsync(id, request.Aborted) : null, Model, EventBody.Of);

    // Whoever makes an event says what happened, never who they are or when it was.
    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("action", "app");
        var action = body.Text("action", 80, mayBeBlank: false).Or("");
        var app = body.Text("app", 200, mayBeBlank: false).Or("");
        var context = body.ObjectText("context").Or("{}");
        if (body.Faults.Count == 0 && !EventActions.IsKnown(action))
        {
            body.Refuse("action", $"\"{action}\" is not a valid choice; your own begin with {EventActions.CustomPrefix}.");
        }

        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : new JsonAnswer(201, EventBody.Of(await save.RunAsync(action, app, context, request.Aborted)));
    }

    private async Task<IResult> VolumeAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var filter = Filter(query);
        var days = Math.Clamp(query.Integer("history_days") ?? 7, 1, 366);
        return query.Refusal ?? Answer.List(await directory.VolumeAsync(filter, days, request.Aborted), c => new JsonObject
        {
            ["action"] = c.Action,
            ["time"] = JsonList.Time(c.At),
            ["count"] = c.Count,
        });
    }

    private async Task<IResult> TopAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var filter = Filter(query);
        var most = Math.Clamp(query.Integer("top_n") ?? 15, 1, 100);
        return query.Refusal ?? Answer.List(await directory.TopAsync(filter, most, request.Aborted), t => new JsonObject
        {
            ["application"] = JsonNode.Parse(t.Newest.ContextJson)?["authorized_application"]?.DeepClone() ?? new JsonObject(),
            ["counted_events"] = t.Count,
            ["unique_users"] = t.Users,
        });
    }

    private static EventFilter Filter(ListQuery query)
    {
        return new EventFilter
        {
            Action = query.Text("action"),
            Actions = query.Texts("actions"),
            Username = query.Text("username"),
            ClientIp = query.Text("client_ip"),
            TargetKey = query.Text("context_model_pk")?.Replace("-", "", StringComparison.Ordinal),
            TargetModel = query.Text("context_model_name"),
            TargetApp = query.Text("context_model_app"),
            AuthorizedKey = query.Text("context_authorized_app")?.Replace("-", "", StringComparison.Ordinal),
            NamesWhatNoneHas = query.Text("brand_name") is not null || query.Text("context_device") is not null,
            Search = query.Search,
        };
    }

    private static IResult Actions() => Answer.List(EventActions.All, action => new JsonObject
    {
        ["name"] = char.ToUpperInvariant(action[0]) + action[1..].Replace('_', ' ').TrimEnd(),
        ["description"] = "",
        ["component"] = action,
        ["model_name"] = "",
        ["requires_enterprise"] = false,
        ["deprecated"] = false,
    });
}
