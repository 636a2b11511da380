using System.Text.Json.Nodes;
using Gatehouse.Management.Flows;
using Gatehouse.Management.Http;
using Gatehouse.Management.Invitations;
using Gatehouse.Management.Users;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Invitations;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Users;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/stages/invitation/invitations/ (contract §2.5).</summary>
internal sealed class Invitations(InvitationDirectory directory, FlowDirectory flows, UserDirectory users, SaveInvitation save, SendInvitation send, DeleteInvitation delete)
{
    private const string Model = "Invitation";
    private const string Root = "/stages/invitation/invitations/";

    private static readonly string[] Recipients = ["email_addresses", "cc_addresses", "bcc_addresses"];

    private static readonly Ordering<Invitation> Orders = new(("expires", i => i.ExpiresAt), ("name", i => i.Name), ("pk", i => i.Id));

    public static void Map(ApiRoutes routes) => routes
        .Get<Invitations>(Root, Need.Superuser, (i, r) => i.ListAsync(r))
        .Post<Invitations>(Root, Need.Superuser, (i, r) => i.CreateAsync(r))
        .Get<Invitations>(Root + "{id}/", Need.Superuser, (i, r) => i.RetrieveAsync(r))
        .Put<Invitations>(Root + "{id}/", Need.Superuser, (i, r) => i.UpdateAsync(r, isPartial: false))
        .Patch<Invitations>(Root + "{id}/", Need.Superuser, (i, r) => i.UpdateAsync(r, isPartial: true))
        .Delete<Invitations>(Root + "{id}/", Need.Superuser, (i, r) => i.DeleteAsync(r))
        .Post<Invitations>(Root + "{id}/send_email/", Need.Superuser, (i, r) => i.SendAsync(r));

    private async Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var (name, maker, search, slug) = (query.Text("name"), query.Text("created_by__username"), query.Search, query.Text("flow__slug"));
        var expires = query.Time("expires");
        var only = slug is null ? null : await flows.FindAsync(slug, request.Aborted);
        var order = query.Order(Orders);
        var named = await flows.ByIdAsync(request.Aborted);
        var uids = await users.UidsAsync(request.Aborted);
        return await query.AnswerAsync(
            paging => directory.ListAsync(
                invitations =>
                {
                    var found = invitations.Where(i => (name == null || i.Name == name) && (slug == null || (only != null && i.FlowId == only.Id)) && (expires == null || i.ExpiresAt == expires));
                    return search is { Length: > 0 } ? found.Search(search, i => i.Name) : found;
                },
                order, paging, maker, request.Aborted),
            found => Body(found.Invitation, found.Maker, named, uids));
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) => request.RouteGuid("id") is { } id ? await SavedAsync(200, id, request) : Answer.NotFound(Model);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("name");
        var fields = Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Caller.UserId, request.Aborted), Model, invitation => SavedAsync(201, invitation.Id, request));
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
            : await Answer.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Model, invitation => SavedAsync(200, invitation.Id, request));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await delete.RunAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private async Task<IResult> SendAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("email_addresses");
        List<string> addresses = [.. Recipients.SelectMany(f => AddressesOf(body, f)).Distinct(StringComparer.Ordinal)];
        if (body.Text("template", 200, mayBeBlank: false).Is(out var template) && template is not ("invitation" or "email/invitation.html"))
        {
            body.Refuse("template", "There is one message: invitation.");
        }

        if (body.Faults.Count == 0 && addresses.Count is 0 or > SendInvitation.MostAddresses)
        {
            body.Refuse("email_addresses", $"Name 1 to {SendInvitation.MostAddresses} addresses in all.");
        }

        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await send.RunAsync(id, addresses, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()));
    }

    private static List<string> AddressesOf(BodyFields body, string field)
    {
        List<string> addresses = [];
        foreach (var given in body.Texts(field).Or([]))
        {
            if (EmailAddress.Canonical(given) is { } address)
            {
                addresses.Add(address);
            }
            else
            {
                body.Refuse(field, "Enter a valid email address.");
            }
        }

        return addresses;
    }

    private static InvitationFields Read(BodyFields body) => new()
    {
        Name = body.Text("name", 50, mayBeBlank: false),
        ExpiresAt = body.NullableTime("expires"),
        FixedDataJson = body.ObjectText("fixed_data"),
        IsSingleUse = body.Flag("single_use"),
        FlowId = body.NullableId("flow"),
    };

    private async Task<IResult> SavedAsync(int status, Guid id, ApiRequest request) =>
        await directory.FindAsync(id, request.Aborted) is var (invitation, maker)
            ? new JsonAnswer(status, Body(invitation, maker, await flows.ByIdAsync(request.Aborted), await users.UidsAsync(request.Aborted)))
            : Answer.NotFound(Model);

    private static JsonObject Body(Invitation invitation, User? maker, IReadOnlyDictionary<Guid, Flow> flows, Func<int, string> uidOf) => new()
    {
        ["pk"] = invitation.Id.ToString(),
        ["name"] = invitation.Name,
        ["expires"] = invitation.ExpiresAt is { } end ? JsonList.Time(end) : null,
        ["fixed_data"] = JsonNode.Parse(invitation.FixedDataJson),
        ["created_by"] = maker is null ? null : UserBody.Partial(maker, uidOf(maker.Id)),
        ["single_use"] = invitation.IsSingleUse,
        ["flow"] = invitation.FlowId?.ToString(),
        ["flow_obj"] = invitation.FlowId is { } flow && flows.TryGetValue(flow, out var found) ? FlowBody.Of(found) : null,
    };
}
