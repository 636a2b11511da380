using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Notifications;
using Gatehouse.Management.Users;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Notifications;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/events/transports/ (contract §5.2).</summary>
internal sealed class NotificationTransports(
    NotificationDirectory directory, UserDirectory users, SaveTransport save, SendNotification send, IEventRows rows, Actor actor)
{
    private const string Model = "NotificationTransport";
    private const string Path = "/events/transports/";

    private static readonly Ordering<NotificationTransport> Orders = new(("name", t => t.Name), ("pk", t => t.Id), ("mode", t => t.Mode));

    public static void Map(ApiRoutes routes) => routes
        .Get<NotificationTransports>(Path, Need.Superuser, (n, r) => n.ListAsync(r))
        .Post<NotificationTransports>(Path, Need.Superuser, (n, r) => n.CreateAsync(r))
        .Get<NotificationTransports>(Path + "{id}/", Need.Superuser, (n, r) => n.RetrieveAsync(r))
        .Put<NotificationTransports>(Path + "{id}/", Need.Superuser, (n, r) => n.UpdateAsync(r, isPartial: false))
        .Patch<NotificationTransports>(Path + "{id}/", Need.Superuser, (n, r) => n.UpdateAsync(r, isPartial: true))
        .Delete<NotificationTransports>(Path + "{id}/", Need.Superuser, (n, r) => n.DeleteAsync(r))
        .Post<NotificationTransports>(Path + "{id}/test/", Need.Superuser, (n, r) => n.TestAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var (mode, once, search) = (query.Choice("mode", Words.TransportModes), query.Flag("send_once"), query.Search);
        var (name, url) = (query.Text("name"), query.Text("webhook_url"));
        Func<NotificationTransport, bool>? fits = url is null ? null : t => send.UrlOf(t) == url;
        var order = query.Order(Orders);
        return query.AnswerAsync(paging => directory.TransportsAsync(mode, once, name, fits, search, order, paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) => Answer.OneOf(await FindAsync(request), Model, Body);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("name");
        var fields = Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Aborted), Model, t => Task.FromResult<IResult>(new JsonAnswer(201, Body(t))));
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
            : await Answer.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Model, t => Task.FromResult(Answer.Ok(Body(t))));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await save.DeleteAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private async Task<IResult> TestAsync(ApiRequest request)
    {
        if (await FindAsync(request) is not { } transport || await users.FindAsync(request.Caller.UserId, request.Aborted) is not { } me)
        {
            return Answer.NotFound(Model);
        }

        var happened = rows.RowOf(actor.Event("custom_test", new JsonObject { ["message"] = "This is a test of a notification transport." }));
        return await send.RunAsync(Guid.CreateVersion7(), transport, new Outgoing(happened, Severity.Notice, me.User), request.Aborted) switch
        {
            SendResult.Failed failed => Answer.Detail(500, failed.Reason), // authentik's status for a transport that fails
            SendResult.Done done => Answer.Ok(new JsonObject { ["messages"] = new JsonArray(done.Message) }),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private async Task<NotificationTransport?> FindAsync(ApiRequest request) =>
        request.RouteGuid("id") is { } id ? await directory.TransportAsync(id, request.Aborted) : null;

    private static TransportFields Read(BodyFields body) => new()
    {
        Name = body.Text("name", 1000, mayBeBlank: false),
        Mode = body.Choice("mode", Words.TransportModes),
        Url = body.Text("webhook_url", 2048),
        Authority = body.NullableId("webhook_ca"),
        BodyMapping = body.NullableId("webhook_mapping_body"),
        HeaderMapping = body.NullableId("webhook_mapping_headers"),
        SubjectPrefix = body.Text("email_subject_prefix", 200),
        EmailTemplate = body.Text("email_template", 200),
        SendsOnce = body.Flag("send_once"),
    };

    private JsonObject Body(NotificationTransport transport) => new()
    {
        ["pk"] = transport.Id.ToString(),
        ["name"] = transport.Name,
        ["mode"] = Words.TransportModes.Of(transport.Mode),
        ["mode_verbose"] = transport.Mode switch
        {
            TransportMode.Webhook => "Generic Webhook",
            TransportMode.WebhookSlack => "Slack Webhook (Slack/Discord)",
            TransportMode.Email => "Email",
            _ => "authentik inbuilt notifications",
        },
        ["webhook_url"] = send.UrlOf(transport),
        ["webhook_ca"] = transport.AuthorityId?.ToString(),
        ["webhook_mapping_body"] = transport.BodyMappingId?.ToString(),
        ["webhook_mapping_headers"] = transport.HeaderMappingId?.ToString(),
        ["email_subject_prefix"] = transport.SubjectPrefix,
        ["email_template"] = transport.EmailTemplate,
        ["send_once"] = transport.SendsOnce,
    };
}
