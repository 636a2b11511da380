using System.Text.Json.Nodes;
using Gatehouse.Management.Hostnames;
using Gatehouse.Management.Http;
using Gatehouse.Model.Origins;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>
/// /public_hostnames: where a hostname's requests go. Ours: Cloudflare knows an origin by its DNS record; field names are those of a tunnel's ingress.
/// </summary>
internal sealed class PublicHostnames(HostnameDirectory directory, SaveHostname save, DeleteHostname delete)
{
    private const string Path = "/accounts/{account}/public_hostnames";

    public static void Map(ApiRoutes routes) => routes
        .Get<PublicHostnames>(Path, Need.Superuser, (h, r) => h.ListAsync(r))
        .Post<PublicHostnames>(Path, Need.Superuser, (h, r) => h.CreateAsync(r))
        .Get<PublicHostnames>(Path + "/{id}", Need.Superuser, (h, r) => h.RetrieveAsync(r))
        .Put<PublicHostnames>(Path + "/{id}", Need.Superuser, (h, r) => h.ReplaceAsync(r))
        .Delete<PublicHostnames>(Path + "/{id}", Need.Superuser, (h, r) => h.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new PageQuery(request.Query);
        var hostname = query.Text("hostname");
        return query.AnswerAsync(paging => directory.ListAsync(hostname, paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        request.RouteGuid("id") is { } id && await directory.FindAsync(id, request.Aborted) is { } hostname
            ? Envelope.Ok(Body(hostname))
            : Envelope.Unknown(Unknown.Hostname);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var draft = Read(body);
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(
                await save.CreateAsync(draft, request.Aborted), Unknown.Hostname, hostname => Task.FromResult(Envelope.Ok(Body(hostname), 201)));
    }

    private async Task<IResult> ReplaceAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var draft = Read(body);
        return request.RouteGuid("id") is not { } id ? Envelope.Unknown(Unknown.Hostname)
            : body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(
                await save.ReplaceAsync(id, draft, request.Aborted), Unknown.Hostname, hostname => Task.FromResult(Envelope.Ok(Body(hostname))));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is not { } id
        ? Envelope.Unknown(Unknown.Hostname)
        : await Envelope.OfAsync(
            await delete.RunAsync(id, request.Aborted), Unknown.Hostname,
            hostname => Task.FromResult(Envelope.Ok(new JsonObject { ["id"] = hostname.Id.ToString() })));

    private static HostnameDraft Read(BodyFields body)
    {
        body.Require("hostname", "service");
        var origin = body.Inner("origin_request");
        var draft = new HostnameDraft(
            body.Text("hostname", 253, mayBeBlank: false).Or(""),
            body.Text("service", 1000, mayBeBlank: false).Or(""),
            origin?.Flag("no_tls_verify").Or(false) ?? false,
            origin?.Text("http_host_header", 300).Or("") is { Length: > 0 } header ? header : null);
        body.Faults.AddRange(origin?.Faults ?? []);
        return draft;
    }

    private static JsonObject Body(PublicHostname hostname) => new()
    {
        ["id"] = hostname.Id.ToString(),
        ["hostname"] = hostname.Hostname,
        ["service"] = hostname.Service,
        ["origin_request"] = new JsonObject
        {
            ["no_tls_verify"] = hostname.NoTlsVerify,
            ["http_host_header"] = hostname.HttpHostHeader,
        },
        ["created_at"] = JsonList.Time(hostname.CreatedAt),
        ["updated_at"] = JsonList.Time(hostname.UpdatedAt),
    };
}
