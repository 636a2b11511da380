using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Policies;
using Gatehouse.Management.Tunnels;
using Gatehouse.Model.Tunnels;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/cfd_tunnel and /tunnels (contract §3.11).</summary>
internal sealed class Tunnels(
    TunnelDirectory directory, SaveTunnel save, DeleteTunnel delete, SaveTunnelConfiguration configure,
    TunnelConnectors connectors, DropConnections drop, ITunnelConnections notes, LintPolicies lint)
{
    private const string Path = "/accounts/{account}/cfd_tunnel";

    public static void Map(ApiRoutes routes) => routes
        .Get<Tunnels>("/accounts/{account}/tunnels", Need.Superuser, (t, r) => t.ListAsync(r))
        .Get<Tunnels>(Path, Need.Superuser, (t, r) => t.ListAsync(r))
        .Post<Tunnels>(Path, Need.Superuser, (t, r) => t.CreateAsync(r))
        .Get<Tunnels>(Path + "/{id}", Need.Superuser, (t, r) => t.WithAsync(r, async tunnel => Envelope.Ok(await t.BodyAsync(r, tunnel))))
        .Patch<Tunnels>(Path + "/{id}", Need.Superuser, (t, r) => t.UpdateAsync(r))
        .Delete<Tunnels>(Path + "/{id}", Need.Superuser, (t, r) => t.DeleteAsync(r))
        .Get<Tunnels>(Path + "/{id}/token", Need.Superuser, (t, r) => t.WithAsync(r, tunnel => t.TokenAsync(r, tunnel)))
        .Get<Tunnels>(Path + "/{id}/configurations", Need.Superuser, (t, r) => t.WithAsync(r, tunnel => t.ConfigurationAsync(r, tunnel)))
        .Put<Tunnels>(Path + "/{id}/configurations", Need.Superuser, (t, r) => t.ConfigureAsync(r))
        .Get<Tunnels>(Path + "/{id}/connections", Need.Superuser, (t, r) => t.WithAsync(r, tunnel => t.ConnectionsAsync(r, tunnel)))
        .Delete<Tunnels>(Path + "/{id}/connections", Need.Superuser, (t, r) => t.WithAsync(r, tunnel => t.DropAsync(r, tunnel)))
        .Get<Tunnels>(Path + "/{id}/connectors/{connector}", Need.Superuser, (t, r) => t.WithAsync(r, tunnel => t.ConnectorAsync(r, tunnel)));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new PageQuery(request.Query);
        query.NotSupported("existed_at");
        query.NotSupported("was_active_at");
        query.NotSupported("was_inactive_at");
        query.NotSupported("status");
        var uuid = query.Text("uuid");
        var filter = new TunnelFilter(
            query.Text("name"),
            query.Text("include_prefix") ?? query.Text("name_prefix"),
            query.Text("exclude_prefix"),
            uuid is null ? null : Guid.TryParse(uuid, out var id) ? id : Guid.Empty,
            query.Text("is_deleted") is null ? null : query.Flag("is_deleted"));
        IReadOnlyDictionary<Guid, IReadOnlyList<TunnelConnector>> connected = new Dictionary<Guid, IReadOnlyList<TunnelConnector>>();
        return query.AnswerAsync(
            async paging =>
            {
                var page = await directory.ListAsync(filter, paging, request.Aborted);
                connected = await connectors.OfAsync([.. page.Items.Select(t => t.Id)], request.Aborted);
                return page;
            },
            tunnel => TunnelBody.Of(tunnel, request.Route("account"), connected[tunnel.Id], notes));
    }

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("name");
        var fields = Read(body);
        return body.Faults.Count > 0
            ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(await save.CreateAsync(fields, request.Aborted), Unknown.Tunnel, async tunnel =>
            {
                var credentials = await directory.CredentialsAsync(tunnel, request.Aborted);
                var result = await BodyAsync(request, tunnel);
                result["token"] = credentials.ToToken();
                result["credentials_file"] = new JsonObject
                {
                    ["AccountTag"] = credentials.AccountTag,
                    ["TunnelID"] = tunnel.Id.ToString(),
                    ["TunnelName"] = tunnel.Name,
                    ["TunnelSecret"] = Convert.ToBase64String(credentials.Secret),
                };
                return Envelope.Ok(result);
            });
    }

    private async Task<IResult> UpdateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var fields = Read(body);
        return request.RouteGuid("id") is not { } id ? Envelope.Unknown(Unknown.Tunnel)
            : body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Unknown.Tunnel, async tunnel => Envelope.Ok(await BodyAsync(request, tunnel)));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is not { } id
        ? Envelope.Unknown(Unknown.Tunnel)
        : await Envelope.OfAsync(
            await delete.RunAsync(id, request.Query["cascade"] == "true", request.Aborted), Unknown.Tunnel, async tunnel => Envelope.Ok(await BodyAsync(request, tunnel)));

    private async Task<IResult> TokenAsync(ApiRequest request, Tunnel tunnel) =>
        Envelope.Ok(JsonValue.Create((await directory.CredentialsAsync(tunnel, request.Aborted)).ToToken()));

    private async Task<IResult> ConfigurationAsync(ApiRequest request, Tunnel tunnel)
    {
        if (await directory.ConfigurationAsync(tunnel.Id, request.Aborted) is { } kept && tunnel.IsRemotelyManaged)
        {
            return Envelope.Ok(Configuration(request, kept));
        }

        // What a connector brought, when it is the one who says.
        var local = await connectors.LocalConfigurationAsync(tunnel.Id, request.Aborted);
        return Envelope.Ok(new JsonObject
        {
            ["tunnel_id"] = tunnel.Id.ToString(),
            ["account_id"] = request.Route("account"),
            ["version"] = 0,
            ["config"] = Parsed(local),
            ["source"] = "local",
            ["created_at"] = JsonList.Time(tunnel.CreatedAt),
        });
    }

    private async Task<IResult> ConfigureAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true).Require("config");
        return request.RouteGuid("id") is not { } id ? Envelope.Unknown(Unknown.Tunnel)
            : body.Faults.Count > 0 || !body.TryGet("config", out var config) ? Envelope.Refused(body.Faults)
            : await Envelope.OfAsync(
                await configure.ReplaceAsync(id, config, request.Caller.UserId, request.Aborted), Unknown.Tunnel,
                async kept => Envelope.Saying(Configuration(request, kept), 200, await lint.OfWildcardsAsync(request.Aborted)));
    }

    private async Task<IResult> ConnectionsAsync(ApiRequest request, Tunnel tunnel) =>
        Envelope.Ok(JsonList.Of(await connectors.OfAsync(tunnel.Id, request.Aborted), TunnelBody.Connector));

    private async Task<IResult> ConnectorAsync(ApiRequest request, Tunnel tunnel) =>
        request.RouteGuid("connector") is { } id && (await connectors.OfAsync(tunnel.Id, request.Aborted)).FirstOrDefault(c => c.Id == id) is { } connector
            ? Envelope.Ok(TunnelBody.Connector(connector))
            : Envelope.Unknown(Unknown.Tunnel);

    private async Task<IResult> DropAsync(ApiRequest request, Tunnel tunnel)
    {
        Guid? connector = null;
        if (request.Query["client_id"] is [{ Length: > 0 } text])
        {
            if (!Guid.TryParse(text, out var one))
            {
                return Envelope.Unknown(Unknown.Tunnel);
            }

            connector = one;
        }

        await drop.RunAsync(tunnel.Id, connector, request.Aborted);
        return Envelope.Ok(new JsonObject());
    }

    private async Task<IResult> WithAsync(ApiRequest request, Func<Tunnel, Task<IResult>> answer) =>
        request.RouteGuid("id") is { } id && await directory.FindAsync(id, request.Aborted) is { } tunnel ? await answer(tunnel) : Envelope.Unknown(Unknown.Tunnel);

    private async Task<JsonObject> BodyAsync(ApiRequest request, Tunnel tunnel) =>
        TunnelBody.Of(tunnel, request.Route("account"), await connectors.OfAsync(tunnel.Id, request.Aborted), notes);

    private static JsonObject Configuration(ApiRequest request, TunnelConfiguration kept) => new()
    {
        ["tunnel_id"] = kept.TunnelId.ToString(),
        ["account_id"] = request.Route("account"),
        ["version"] = kept.Number,
        ["config"] = JsonNode.Parse(kept.Json),
        ["source"] = "cloudflare",
        ["created_at"] = JsonList.Time(kept.CreatedAt),
    };

    private static JsonNode? Parsed(ReadOnlyMemory<byte> json)
    {
        try
        {
            return json.IsEmpty ? null : JsonNode.Parse(json.Span);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static TunnelFields Read(BodyFields body) => new()
    {
        Name = body.Text("name", Tunnel.LongestName, mayBeBlank: false),
        Secret = body.Text("tunnel_secret", 4096, mayBeBlank: false),
        IsRemotelyManaged = body.Choice("config_src", new Dictionary<string, bool> { ["local"] = false, ["cloudflare"] = true }),
    };
}
