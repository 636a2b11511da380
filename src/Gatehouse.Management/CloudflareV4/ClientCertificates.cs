using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Machines;
using Gatehouse.Model.Machines;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/certificates (contract §3.10): the authorities of client certificates, and what hosts do with these.</summary>
internal sealed class ClientCertificates(ClientAuthorityDirectory directory, SaveClientAuthority save)
{
    private const string Path = "/accounts/{account}/access/certificates";
    private const int LongestPem = 100_000;

    public static void Map(ApiRoutes routes) => routes
        .Get<ClientCertificates>(Path, Need.Superuser, (c, r) => c.ListAsync(r))
        .Post<ClientCertificates>(Path, Need.Superuser, (c, r) => c.CreateAsync(r))
        .Get<ClientCertificates>(Path + "/settings", Need.Superuser, (c, r) => c.SettingsAsync(r))
        .Put<ClientCertificates>(Path + "/settings", Need.Superuser, (c, r) => c.ChangeSettingsAsync(r))
        .Get<ClientCertificates>(Path + "/{id}", Need.Superuser, (c, r) => c.RetrieveAsync(r))
        .Put<ClientCertificates>(Path + "/{id}", Need.Superuser, (c, r) => c.UpdateAsync(r))
        .Delete<ClientCertificates>(Path + "/{id}", Need.Superuser, (c, r) => c.DeleteAsync(r));

    private Task<IResult> ListAsync(ApiRequest request) => new PageQuery(request.Query).AnswerAsync(paging => directory.ListAsync(paging, request.Aborted), Body);

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        request.RouteGuid("id") is { } id && await directory.FindAsync(id, request.Aborted) is { } authority
            ? Envelope.Ok(Body(authority))
            : Envelope.Unknown(Unknown.Certificate);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("name", "certificate");
        var (name, pem, hosts) = (body.Text("name", 350, mayBeBlank: false).Or(""), body.Text("certificate", LongestPem).Or(""), body.Texts("associated_hostnames").Or([]));
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(
                await save.CreateAsync(name, pem, hosts, request.Aborted), Unknown.Certificate, a => Task.FromResult(Envelope.Ok(Body(a), 201)));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var (name, hosts) = (body.Text("name", 350, mayBeBlank: false), body.Texts("associated_hostnames"));
        if (body.TryGet("certificate", out _))
        {
            body.Refuse("certificate", "the certificate itself does not change; upload another");
        }

        return request.RouteGuid("id") is not { } id ? Envelope.Unknown(Unknown.Certificate)
            : body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(
                await save.UpdateAsync(id, name, hosts, request.Aborted), Unknown.Certificate, a => Task.FromResult(Envelope.Ok(Body(a))));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is not { } id
        ? Envelope.Unknown(Unknown.Certificate)
        : await Envelope.OfAsync(
            await save.DeleteAsync(id, request.Aborted), Unknown.Certificate, a => Task.FromResult(Envelope.Ok(new JsonObject { ["id"] = a.Id.ToString() })));

    private async Task<IResult> SettingsAsync(ApiRequest request) => Envelope.Ok(JsonList.Of(await directory.SettingsAsync(request.Aborted), s => new JsonObject
    {
        ["hostname"] = s.Hostname,
        ["china_network"] = false,
        ["client_certificate_forwarding"] = s.IsForwarded,
    }));

    private async Task<IResult> ChangeSettingsAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("settings");
        var forwards = new Dictionary<string, bool>(StringComparer.OrdinalIgnoreCase);
        foreach (var (index, element) in body.Elements("settings").Or([]).Index())
        {
            if (element.ValueKind != System.Text.Json.JsonValueKind.Object)
            {
                body.Refuse("settings", "a setting is an object");
                continue;
            }

            var fields = new BodyFields(element, nullIsAbsent: true, $"settings.{index}.").Require("hostname");
            fields.NotYet("china_network");
            var host = fields.Text("hostname", 253, mayBeBlank: false).Or("");
            if (!forwards.TryAdd(host, fields.Flag("client_certificate_forwarding").Or(false)))
            {
                fields.Refuse("hostname", $"'{host}' is listed twice");
            }

            body.Faults.AddRange(fields.Faults);
        }

        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(await save.SetAsync(forwards, request.Aborted), Unknown.Certificate, _ => SettingsAsync(request));
    }

    private static JsonObject Body(ClientAuthority authority) => new()
    {
        ["id"] = authority.Id.ToString(),
        ["name"] = authority.Name,
        ["fingerprint"] = authority.Fingerprint,
        ["associated_hostnames"] = JsonList.Of(authority.Hostnames),
        ["expires_on"] = JsonList.Time(authority.ExpiresAt),
        ["created_at"] = JsonList.Time(authority.CreatedAt),
        ["updated_at"] = JsonList.Time(authority.UpdatedAt),
    };
}
