using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Lists;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Policies;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/gateway/lists: lists of addresses that policies name.</summary>
internal sealed class ZeroTrustLists(ListDirectory directory, SaveList save)
{
    private const string Path = "/accounts/{account}/gateway/lists";

    private static readonly FrozenDictionary<string, AccessListKind> Kinds =
        new Dictionary<string, AccessListKind> { ["EMAIL"] = AccessListKind.Email, ["IP"] = AccessListKind.Ip }.ToFrozenDictionary();

    public static void Map(ApiRoutes routes) => routes
        .Get<ZeroTrustLists>(Path, Need.Superuser, (l, r) => l.ListAsync(r))
        .Post<ZeroTrustLists>(Path, Need.Superuser, (l, r) => l.CreateAsync(r))
        .Get<ZeroTrustLists>(Path + "/{id}", Need.Superuser, (l, r) => l.RetrieveAsync(r))
        .Put<ZeroTrustLists>(Path + "/{id}", Need.Superuser, (l, r) => l.ReplaceAsync(r))
        .Patch<ZeroTrustLists>(Path + "/{id}", Need.Superuser, (l, r) => l.EditAsync(r))
        .Delete<ZeroTrustLists>(Path + "/{id}", Need.Superuser, (l, r) => l.DeleteAsync(r))
        .Get<ZeroTrustLists>(Path + "/{id}/items", Need.Superuser, (l, r) => l.ItemsAsync(r));

    private async Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new PageQuery(request.Query);
        query.NotSupported("filter");
        query.NotSupported("order_by");
        var kind = query.Text("type") is not { } type ? (AccessListKind?)null : Kinds.TryGetValue(type, out var known) ? known : null;
        var isOther = query.Text("type") is not null && kind is null; // a kind that we have none of
        var lists = isOther ? [] : await directory.ListAsync(kind, query.Text("search"), request.Aborted);
        return query.Whole(lists, l => Body(l, withItems: false));
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        request.RouteGuid("id") is { } id && await directory.FindAsync(id, request.Aborted) is { } list ? Envelope.Ok(Body(list, withItems: true)) : Envelope.Unknown(Unknown.List);

    private async Task<IResult> ItemsAsync(ApiRequest request) =>
        request.RouteGuid("id") is { } id && await directory.FindAsync(id, request.Aborted) is { } list
            ? await new PageQuery(request.Query).AnswerAsync(
                paging => Task.FromResult(new Slice<AccessListItem>([.. list.Items.Skip((int)Math.Min(paging.Skip, int.MaxValue)).Take(paging.Size)], list.Items.Count)), Item)
            : Envelope.Unknown(Unknown.List);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("name", "type");
        var type = body.Text("type", 40).Or("EMAIL");
        if (!Kinds.TryGetValue(type, out var kind))
        {
            body.Refuse("type", $"lists of type '{type}' can't be had here: only the rules of Access name lists, and those know EMAIL and IP");
        }

        var (name, description, entries) = (body.Text("name", 350, mayBeBlank: false).Or(""), body.Text("description", 1000).Or(""), Entries(body, "items"));
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await AnswerAsync(await save.CreateAsync(name, description, kind, entries.Or([]), request.Aborted), 201);
    }

    private async Task<IResult> ReplaceAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("name");
        var (name, description, entries) = (body.Text("name", 350, mayBeBlank: false).Or(""), body.Text("description", 1000).Or(""), Entries(body, "items"));
        return request.RouteGuid("id") is not { } id ? Envelope.Unknown(Unknown.List)
            : body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : await AnswerAsync(await save.ReplaceAsync(id, name, description, entries.Is(out var given) ? given : null, request.Aborted), 200);
    }

    private async Task<IResult> EditAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var (append, remove) = (Entries(body, "append").Or([]), body.Texts("remove").Or([]));
        return request.RouteGuid("id") is not { } id ? Envelope.Unknown(Unknown.List)
            : body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : await AnswerAsync(await save.EditAsync(id, append, remove, request.Aborted), 200);
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is not { } id
        ? Envelope.Unknown(Unknown.List)
        : await Envelope.OfAsync(await save.DeleteAsync(id, request.Aborted), Unknown.List, list => Task.FromResult(Envelope.Ok(new JsonObject { ["id"] = list.Id.ToString() })));

    private static Task<IResult> AnswerAsync(WriteResult<AccessList> result, int status) =>
        Envelope.OfAsync(result, Unknown.List, list => Task.FromResult(Envelope.Ok(Body(list, withItems: true), status)));

    private static Maybe<List<ListEntry>> Entries(BodyFields body, string name)
    {
        if (!body.Elements(name).Is(out var elements))
        {
            return default;
        }

        var entries = new List<ListEntry>(elements.Count);
        foreach (var (index, element) in elements.Index())
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                body.Refuse($"{name}.{index}", "an item is an object {value, description}");
                continue;
            }

            var fields = new BodyFields(element, nullIsAbsent: true, $"{name}.{index}.").Require("value");
            entries.Add(new ListEntry(fields.Text("value", 300).Or(""), fields.Text("description", 1000).Or("")));
            body.Faults.AddRange(fields.Faults);
        }

        return entries;
    }

    private static JsonObject Body(AccessList list, bool withItems)
    {
        var body = new JsonObject
        {
            ["id"] = list.Id.ToString(),
            ["name"] = list.Name,
            ["description"] = list.Description,
            ["type"] = Kinds.First(k => k.Value == list.Kind).Key,
            ["count"] = list.Items.Count,
            ["created_at"] = JsonList.Time(list.CreatedAt),
            ["updated_at"] = JsonList.Time(list.UpdatedAt),
        };
        if (withItems)
        {
            body["items"] = JsonList.Of(list.Items, Item);
        }

        return body;
    }

    private static JsonObject Item(AccessListItem item) =>
        new() { ["value"] = item.Value, ["description"] = item.Description, ["created_at"] = JsonList.Time(item.AddedAt) };
}
