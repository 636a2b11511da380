using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Management.Decisions;
using Gatehouse.Management.Http;
using Gatehouse.Model.Policies;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>/access/logs/access_requests (contract §3.10): the log of decisions. A plain list, as Cloudflare's; page on until it is empty.</summary>
internal sealed class AccessLogs(DecisionDirectory directory)
{
    private const int Usual = 25;
    private const int Most = 1000;
    private const string AppType = "self_hosted";

    // Cloudflare's.
    private static readonly string[] AppTypes =
        [AppType, "saas", "ssh", "vnc", "rdp", "app_launcher", "warp", "biso", "bookmark", "dash_sso", "infrastructure", "mcp", "mcp_portal"];

    public static void Map(ApiRoutes routes) => routes
        .Get<AccessLogs>("/accounts/{account}/access/logs/access_requests", Need.Superuser, (l, r) => l.ListAsync(r))
        .Get<AccessLogs>("/accounts/{account}/access/logs/access-requests", Need.Superuser, (l, r) => l.ListAsync(r)); // as the Go client spells it

    private async Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new PageQuery(request.Query);
        var maySeePeople = request.Caller.May(Permissions.PeopleRead);
        if (!maySeePeople && (query.Text("email") is not null || query.Text("user_id") is not null))
        {
            return Envelope.Failed(403, 10000, "Authentication error");
        }

        var filter = Read(query);
        var type = SoughtText(query, "app_type", text => AppTypes.Contains(text) ? text : null);
        var fields = query.Text("fields")?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        var paging = new Paging(query.Number("page", 1, 1_000_000), query.Number(query.Text("limit") is not null ? "limit" : "per_page", Usual, Most));
        return query.Fault is { } fault
            ? fault
            : type is { } wanted && (wanted.Value == AppType) == wanted.IsNot
            ? Envelope.Ok(new JsonArray()) // all applications are of the one type
            : Envelope.Ok(JsonList.Of(await directory.ListAsync(filter, paging, request.Aborted), d => Body(d, maySeePeople, fields)));
    }

    private static DecisionFilter Read(PageQuery query) => new()
    {
        Since = Time(query, "since"),
        Until = Time(query, "until"),
        Email = ReadEmail(query),
        Allowed = Sought(query, "allowed", ReadFlag),
        App = Sought(query, "app_uid", ReadId),
        Country = SoughtText(query, "country_code", text => text.Length == 2 ? text.ToUpperInvariant() : null),
        LoginMethod = Sought(query, "idp", ReadId),
        NonIdentity = Sought(query, "non_identity", ReadFlag),
        Id = SoughtText(query, "ray_id", text => text.ToLowerInvariant()),
        User = Sought(query, "user_id", ReadId),
        OldestFirst = query.Text("direction") switch
        {
            null or "desc" => false,
            "asc" => true,
            _ => Refuse(query, "direction must be asc or desc"),
        },
    };

    private static (string, EmailMatch)? ReadEmail(PageQuery query)
    {
        if (query.Text("email") is not { } text)
        {
            return null;
        }

        var isExact = query.Flag("email_exact");
        var how = query.Text("emailOp") switch
        {
            "eq" => EmailMatch.Equal,
            "neq" => EmailMatch.Other,
            "contains" => EmailMatch.Part,
            null => isExact || EmailAddress.Canonical(text) is not null ? EmailMatch.Equal : EmailMatch.Part,
            _ => Refuse(query, "emailOp must be eq, neq or contains") ? EmailMatch.Other : EmailMatch.Equal,
        };
        return (EmailAddress.Canonical(text) ?? text.ToLowerInvariant(), how);
    }

    private static Sought<T>? Sought<T>(PageQuery query, string name, Func<string, T?> read)
        where T : struct => query.Text(name) is not { } text ? null
        : read(text) is { } value ? new Sought<T>(value, IsNot(query, name))
        : Refuse(query, $"{name} can't be read") ? null : null;

    private static Sought<string>? SoughtText(PageQuery query, string name, Func<string, string?> read) => query.Text(name) is not { } text ? null
        : read(text) is { } value ? new Sought<string>(value, IsNot(query, name))
        : Refuse(query, $"{name} can't be read") ? null : null;

    private static bool IsNot(PageQuery query, string name) => query.Text(name + "Op") switch
    {
        null or "eq" => false,
        "neq" => true,
        _ => Refuse(query, $"{name}Op must be eq or neq"),
    };

    private static DateTimeOffset? Time(PageQuery query, string name)
    {
        if (query.Text(name) is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return time;
        }

        query.Refuse($"{name} must be RFC 3339, such as 2026-01-02T03:04:05Z");
        return null;
    }

    private static bool? ReadFlag(string text) => text is "true" or "false" ? text == "true" : null;

    private static Guid? ReadId(string text) => Guid.TryParse(text, out var id) ? id : null;

    private static bool Refuse(PageQuery query, string text)
    {
        query.Refuse(text);
        return false;
    }

    private static JsonObject Body(LoggedDecision facts, bool maySeePeople, HashSet<string>? fields)
    {
        var record = facts.Record;
        var body = new JsonObject
        {
            ["action"] = record.Action,
            ["allowed"] = record.Allowed,
            ["app_domain"] = record.Host,
            ["app_name"] = record.AppName,
            ["app_type"] = AppType,
            ["app_uid"] = record.AppId?.ToString() ?? "",
            ["connection"] = facts.LoginMethodType ?? "",
            ["country"] = record.Country ?? "",
            ["created_at"] = JsonList.Time(record.At),
            ["ip_address"] = record.Address,
            ["ray_id"] = record.Id,
            ["user_email"] = maySeePeople ? record.Email ?? "" : "",
            ["user_id"] = maySeePeople ? facts.UserId?.ToString() ?? "" : "",
            ["purpose_justification_response"] = maySeePeople ? record.Purpose : null,
            ["temporary_access_approvers"] = maySeePeople ? record.Approvers : null,
        };
        if (fields is not null)
        {
            foreach (var name in body.Select(p => p.Key).Where(k => !fields.Contains(k)).ToList())
            {
                body.Remove(name);
            }
        }

        return body;
    }
}
