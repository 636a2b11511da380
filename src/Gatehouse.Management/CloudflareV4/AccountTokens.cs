using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/accounts/{account}/tokens and /user/tokens (contract §3.12): bearer tokens that may do only what their permission groups say.</summary>
internal sealed class AccountTokens(GatehouseDb db, SaveScopedToken save, TimeProvider clock)
{
    public static void Map(ApiRoutes routes)
    {
        foreach (var path in (string[])["/accounts/{account}/tokens", "/user/tokens"])
        {
            routes
                .Get<AccountTokens>(path, Need.Superuser, (t, r) => t.ListAsync(r))
                .Post<AccountTokens>(path, Need.Superuser, (t, r) => t.CreateAsync(r))
                .Get<AccountTokens>(path + "/permission_groups", Need.Superuser, (_, r) => Task.FromResult(Groups(r)))
                .Get<AccountTokens>(path + "/{id}", Need.Superuser, (t, r) => t.RetrieveAsync(r))
                .Put<AccountTokens>(path + "/{id}", Need.Superuser, (t, r) => t.ReplaceAsync(r))
                .Delete<AccountTokens>(path + "/{id}", Need.Superuser, (t, r) => t.DeleteAsync(r))
                .Put<AccountTokens>(path + "/{id}/value", Need.Superuser, (t, r) => t.RollAsync(r));
        }
    }

    private static IResult Groups(ApiRequest request)
    {
        var query = new PageQuery(request.Query);
        var (name, scope) = (query.Text("name"), query.Text("scope"));
        return query.Whole(
            [.. Permissions.All.Where(g => (name is null || g.Name.Contains(name, StringComparison.OrdinalIgnoreCase)) && (scope is null || g.Scope == scope))],
            g => new JsonObject { ["id"] = g.Id, ["name"] = g.Name, ["scopes"] = new JsonArray(g.Scope), ["is_selectable"] = true });
    }

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new PageQuery(request.Query);
        var tokens = db.ScopedTokens.AsNoTracking();
        var ordered = query.Text("direction") == "desc" ? tokens.OrderByDescending(t => t.CreatedAt).ThenBy(t => t.Id) : tokens.OrderBy(t => t.CreatedAt).ThenBy(t => t.Id);
        return query.AnswerAsync(paging => ordered.SliceAsync(paging, request.Aborted), t => Body(t, request));
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) =>
        IdOf(request) is { } id && await db.ScopedTokens.AsNoTracking().SingleOrDefaultAsync(t => t.Id == id, request.Aborted) is { } token
            ? Envelope.Ok(Body(token, request))
            : Envelope.Unknown(Unknown.Token);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var draft = Read(body, request.Route("account"));
        return body.Faults.Count > 0 ? Envelope.Refused(body.Faults) : await AnswerAsync(await save.CreateAsync(request.Caller, draft, request.Aborted), request);
    }

    private async Task<IResult> ReplaceAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: true);
        var draft = Read(body, request.Route("account"));
        return IdOf(request) is not { } id ? Envelope.Unknown(Unknown.Token)
            : body.Faults.Count > 0 ? Envelope.Refused(body.Faults)
            : await AnswerAsync(await save.ReplaceAsync(request.Caller, id, draft, request.Aborted), request);
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => IdOf(request) is not { } id
        ? Envelope.Unknown(Unknown.Token)
        : await Envelope.OfAsync(
            await save.DeleteAsync(request.Caller, id, request.Aborted), Unknown.Token, gone => Task.FromResult(Envelope.Ok(new JsonObject { ["id"] = gone.Token.Id.ToString("N") })));

    private async Task<IResult> RollAsync(ApiRequest request) => IdOf(request) is not { } id
        ? Envelope.Unknown(Unknown.Token)
        : await Envelope.OfAsync(
            await save.RollAsync(request.Caller, id, request.Aborted), Unknown.Token, issued => Task.FromResult(Envelope.Ok(JsonValue.Create(issued.Value!)))); // just made

    private Task<IResult> AnswerAsync(WriteResult<IssuedToken> result, ApiRequest request) => Envelope.OfAsync(result, Unknown.Token, issued =>
    {
        var body = Body(issued.Token, request);
        if (issued.Value is { } value)
        {
            body["value"] = value;
        }

        return Task.FromResult(Envelope.Ok(body));
    });

    private static Guid? IdOf(ApiRequest request) => Guid.TryParseExact(request.Route("id"), "N", out var id) ? id : null;

    private static ScopedTokenDraft Read(BodyFields body, string account)
    {
        body.Require("name", "policies");
        var grants = new List<TokenGrant>();
        foreach (var (index, element) in body.Elements("policies").Or([]).Index())
        {
            if (ReadGrant(element, $"policies.{index}", account, body) is { } grant)
            {
                grants.Add(grant);
            }
        }

        var addresses = body.Inner("condition")?.Inner("request_ip") ?? BodyFields.Nothing();
        var draft = new ScopedTokenDraft(body.Text("name", 120, mayBeBlank: false).Or(""), grants)
        {
            AllowedAddresses = Ranges(addresses, "in"),
            RefusedAddresses = Ranges(addresses, "not_in"),
            IsDisabled = body.Text("status", 20).Or("active") == "disabled",
            NotBefore = body.NullableTime("not_before").Or(null),
            ExpiresAt = body.NullableTime("expires_on").Or(null),
        };
        body.Faults.AddRange(addresses.Faults);
        return draft;
    }

    private static TokenGrant? ReadGrant(JsonElement element, string path, string account, BodyFields body)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            body.Refuse(path, "a policy is an object {effect, permission_groups, resources}");
            return null;
        }

        var fields = new BodyFields(element, nullIsAbsent: true, path + ".").Require("effect", "permission_groups", "resources");
        var groups = new List<string>();
        foreach (var group in fields.Elements("permission_groups").Or([]))
        {
            if (group.ValueKind == JsonValueKind.Object && group.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String && Permissions.Find(id.GetString() ?? "") is { } known)
            {
                groups.Add(known.Id);
            }
            else
            {
                fields.Refuse("permission_groups", "there is no such permission group; see /tokens/permission_groups");
            }
        }

        var effect = fields.Text("effect", 10).Or("");
        if (effect is not ("allow" or "deny"))
        {
            fields.Refuse("effect", "effect must be allow or deny");
        }

        CheckResources(fields, account);
        body.Faults.AddRange(fields.Faults);
        return new TokenGrant(Guid.CreateVersion7().ToString("N"), effect == "allow", groups);
    }

    // There is one account; a token for a part of it would look narrower than it is.
    private static void CheckResources(BodyFields fields, string account)
    {
        if (fields.Inner("resources") is not { } resources)
        {
            return;
        }

        var names = resources.Root.EnumerateObject().ToList();
        if (names.Count == 0 || names.Exists(n => n.Value.ValueKind != JsonValueKind.String || n.Value.GetString() != "*"
            || (n.Name != "com.cloudflare.api.account.*" && n.Name != "com.cloudflare.api.account.zone.*" && (account.Length == 0 || n.Name != "com.cloudflare.api.account." + account))))
        {
            fields.Refuse("resources", $"resources must be {{\"com.cloudflare.api.account.{(account.Length > 0 ? account : "*")}\":\"*\"}}: tokens are for the whole account");
        }
    }

    private static List<string> Ranges(BodyFields fields, string name)
    {
        var ranges = fields.Texts(name).Or([]).ConvertAll(t => Gatehouse.Model.Policies.RuleJson.Range(t)?.ToString() ?? "");
        if (ranges.Contains(""))
        {
            fields.Refuse(name, "addresses or CIDR ranges whose host bits are zero are expected, such as 192.0.2.0/24");
        }

        return ranges;
    }

    private JsonObject Body(ScopedToken token, ApiRequest request)
    {
        var account = request.Route("account") is { Length: > 0 } named ? named : "*";
        var body = new JsonObject
        {
            ["id"] = token.Id.ToString("N"),
            ["name"] = token.Name,
            ["status"] = token.IsDisabled ? "disabled" : token.ExpiresAt <= clock.GetUtcNow() ? "expired" : "active",
            ["issued_on"] = JsonList.Time(token.CreatedAt),
            ["modified_on"] = JsonList.Time(token.UpdatedAt),
            ["policies"] = JsonList.Of(token.Grants, g => new JsonObject
            {
                ["id"] = g.Id,
                ["effect"] = g.Allows ? "allow" : "deny",
                ["permission_groups"] = JsonList.Of(g.Groups, id => new JsonObject { ["id"] = id, ["name"] = Permissions.Find(id)?.Name }),
                ["resources"] = new JsonObject { ["com.cloudflare.api.account." + account] = "*" },
            }),
        };
        if (token.AllowedAddresses.Count + token.RefusedAddresses.Count > 0)
        {
            body["condition"] = new JsonObject { ["request_ip"] = new JsonObject { ["in"] = JsonList.Of(token.AllowedAddresses), ["not_in"] = JsonList.Of(token.RefusedAddresses) } };
        }

        foreach (var (name, time) in ((string, DateTimeOffset?)[])[("not_before", token.NotBefore), ("expires_on", token.ExpiresAt), ("last_used_on", token.LastUsedAt)])
        {
            if (time is { } at)
            {
                body[name] = JsonList.Time(at);
            }
        }

        return body;
    }
}
