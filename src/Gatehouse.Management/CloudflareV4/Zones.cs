using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Management.Dns;
using Gatehouse.Management.Http;
using Gatehouse.Management.Settings;
using Gatehouse.Management.Tunnels;
using Gatehouse.Model.Dns;
using Gatehouse.Model.Hosts;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/zones and /zones/{zone}/dns_records (contract §3.12): one zone, the base domain, with what tunnels need of it.</summary>
internal sealed class Zones(DnsDirectory directory, SaveDnsRecord save, TunnelDirectory tunnels, SaveOrganization organizations, PublicUrls urls)
{
    private const string Path = "/zones/{zone}/dns_records";

    public static void Map(ApiRoutes routes) => routes
        .Get<Zones>("/zones", Need.Superuser, (z, r) => z.ListZonesAsync(r))
        .Get<Zones>("/zones/{zone}", Need.Superuser, (z, r) => z.InAsync(r, async () => Envelope.Ok(await z.ZoneAsync(r))))
        .Get<Zones>(Path, Need.Superuser, (z, r) => z.InAsync(r, () => z.ListAsync(r)))
        .Post<Zones>(Path, Need.Superuser, (z, r) => z.InAsync(r, () => z.CreateAsync(r)))
        .Get<Zones>(Path + "/{id}", Need.Superuser, (z, r) => z.InAsync(r, () => z.RetrieveAsync(r)))
        .Put<Zones>(Path + "/{id}", Need.Superuser, (z, r) => z.InAsync(r, () => z.ChangeAsync(r, isWhole: true)))
        .Patch<Zones>(Path + "/{id}", Need.Superuser, (z, r) => z.InAsync(r, () => z.ChangeAsync(r, isWhole: false)))
        .Delete<Zones>(Path + "/{id}", Need.Superuser, (z, r) => z.InAsync(r, () => z.DeleteAsync(r)))
        .Put<Zones>("/zones/{zone}/tunnels/{tunnel}/routes", Need.Superuser, (z, r) => z.InAsync(r, () => z.RouteAsync(r)));

    private string Id => IdOf(urls);

    /// <summary>The id of the one zone.</summary>
    public static string IdOf(PublicUrls urls) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("zone:" + urls.Domain)).AsSpan(0, 16));

    private async Task<IResult> ListZonesAsync(ApiRequest request)
    {
        var query = new PageQuery(request.Query);
        var isAsked = (query.Text("name") is not { } name || name == urls.Domain)
            && (query.Text("account.id") is not { } account || account == (await organizations.FindAsync(request.Aborted))?.Id);
        var zone = isAsked ? await ZoneAsync(request) : null;
        return await query.AnswerAsync(
            paging => Task.FromResult(new Slice<JsonObject>(zone is not null && paging.Page == 1 ? [zone] : [], zone is null ? 0 : 1)), body => body);
    }

    private async Task<JsonObject> ZoneAsync(ApiRequest request) => new()
    {
        ["id"] = Id,
        ["name"] = urls.Domain,
        ["status"] = "active",
        ["type"] = "full",
        ["paused"] = false,
        ["name_servers"] = new JsonArray(),
        ["account"] = await organizations.FindAsync(request.Aborted) is { } own ? new JsonObject { ["id"] = own.Id, ["name"] = own.Name } : null,
    };

    private async Task<IResult> InAsync(ApiRequest request, Func<Task<IResult>> answer) =>
        request.Route("zone") == Id ? await answer() : Envelope.Failed(404, 7003, "Could not route to this zone, perhaps your object identifier is invalid?");

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new PageQuery(request.Query);
        var name = (query.Text("name") ?? query.Text("name.exact"))?.ToLowerInvariant();
        var (type, content) = (query.Text("type"), query.Text("content") ?? query.Text("content.exact"));
        return query.AnswerAsync(paging => directory.ListAsync(name, type, content, paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        RecordId(request) is { } id && await directory.FindAsync(id, request.Aborted) is { } record ? Envelope.Ok(Body(record)) : Envelope.Unknown(Unknown.DnsRecord);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("name", "type", "content");
        var draft = Read(body, null);
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(await save.CreateAsync(draft, request.Aborted), Unknown.DnsRecord, record => Task.FromResult(Envelope.Ok(Body(record))));
    }

    private async Task<IResult> ChangeAsync(ApiRequest request, bool isWhole)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        if (isWhole)
        {
            body.Require("name", "type", "content");
        }

        Read(body, null);
        return RecordId(request) is not { } id ? Envelope.Unknown(Unknown.DnsRecord)
            : body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(
                await save.ChangeAsync(id, record => Read(body, isWhole ? null : record), request.Aborted), Unknown.DnsRecord, record => Task.FromResult(Envelope.Ok(Body(record))));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => RecordId(request) is not { } id
        ? Envelope.Unknown(Unknown.DnsRecord)
        : await Envelope.OfAsync(
            await save.DeleteAsync(id, request.Aborted), Unknown.DnsRecord, record => Task.FromResult(Envelope.Ok(new JsonObject { ["id"] = record.Id.ToString("N") })));

    // `cloudflared tunnel route dns` asks for it.
    private async Task<IResult> RouteAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("type", "user_hostname");
        var (hostname, overwrite) = (body.Text("user_hostname", 253, mayBeBlank: false).Or(""), body.Flag("overwrite_existing").Or(false));
        if (body.Text("type", 10).Or("dns") != "dns")
        {
            body.Refuse("type", "only dns routes are supported");
        }

        if (body.Faults.Count > 0)
        {
            return Envelope.Refused(body.Faults);
        }

        if (request.RouteGuid("tunnel") is not { } tunnel || await tunnels.FindAsync(tunnel, request.Aborted) is not { DeletedAt: null })
        {
            return Envelope.Unknown(Unknown.Tunnel);
        }

        var draft = new DnsRecordDraft(hostname, "CNAME", tunnel + DnsRecord.TunnelSuffix, 1, true, "");
        var found = await directory.FindAsync(hostname.ToLowerInvariant(), request.Aborted);
        if (found?.Content == draft.Content)
        {
            return Envelope.Ok(new JsonObject { ["cname"] = "unchanged", ["name"] = found.Name });
        }

        var result = found is not null && overwrite ? await save.ChangeAsync(found.Id, _ => draft, request.Aborted) : await save.CreateAsync(draft, request.Aborted);
        return await Envelope.OfAsync(
            result, Unknown.DnsRecord, record => Task.FromResult(Envelope.Ok(new JsonObject { ["cname"] = found is null ? "new" : "updated", ["name"] = record.Name })));
    }

    private static Guid? RecordId(ApiRequest request) => Guid.TryParseExact(request.Route("id"), "N", out var id) ? id : null;

    private static DnsRecordDraft Read(BodyFields body, DnsRecord? other) => new(
        body.Text("name", 255, mayBeBlank: false).Or(other?.Name ?? ""),
        body.Text("type", 10, mayBeBlank: false).Or(other?.Type ?? ""),
        body.Text("content", 4096, mayBeBlank: false).Or(other?.Content ?? ""),
        body.Number("ttl").Or(other?.Ttl ?? 1),
        body.Flag("proxied").Or(other?.IsProxied ?? false),
        body.Text("comment", 500).Or(other?.Comment ?? ""));

    private JsonObject Body(DnsRecord record) => new()
    {
        ["id"] = record.Id.ToString("N"),
        ["zone_id"] = Id,
        ["zone_name"] = urls.Domain,
        ["name"] = record.Name,
        ["type"] = record.Type,
        ["content"] = record.Content,
        ["proxiable"] = record.Type is "A" or "AAAA" or "CNAME",
        ["proxied"] = record.IsProxied,
        ["ttl"] = record.Ttl,
        ["comment"] = record.Comment,
        ["tags"] = new JsonArray(),
        ["settings"] = new JsonObject(),
        ["meta"] = new JsonObject(),
        ["created_on"] = JsonList.Time(record.CreatedAt),
        ["modified_on"] = JsonList.Time(record.UpdatedAt),
    };
}
