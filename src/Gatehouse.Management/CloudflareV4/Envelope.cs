using System.Diagnostics;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>The envelope of Cloudflare's API v4, and the errors in it (contract §3.1).</summary>
internal static class Envelope
{
    public const string InvalidRequest = "access.api.error.invalid_request: ";
    /// <summary>Our code for a message of the linter; Cloudflare has none.</summary>
    public const int Warning = 12900;

    public const string Conflict = "access.api.error.conflict: ";

    /// <summary>200 with a result.</summary>
    public static IResult Ok(JsonNode result, int status = 200) => new JsonAnswer(status, Whole(result, []));

    /// <summary>200 with a result and a message beside it.</summary>
    public static IResult OkSaying(JsonNode result, int code, string message)
    {
        var body = Whole(result, []);
        body["messages"] = new JsonArray(Error(code, message));
        return new JsonAnswer(200, body);
    }

    /// <summary>Adds messages beside the result: what an administrator may want to know, though nothing was refused.</summary>
    public static IResult Saying(JsonNode result, int status, IEnumerable<string> messages)
    {
        var body = Whole(result, []);
        body["messages"] = JsonList.Of(messages, m => Error(Warning, m));
        return new JsonAnswer(status, body);
    }

    /// <summary>One error.</summary>
    public static IResult Failed(int status, int code, string message) => Failed(status, [Error(code, message)]);

    /// <summary>Some errors.</summary>
    public static IResult Failed(int status, JsonArray errors) => new JsonAnswer(status, Whole(null, errors));

    /// <summary>404 in the words of the resource.</summary>
    public static IResult Unknown(Unknown what) => Failed(404, what.Code, what.Message);

    /// <summary>409 that trying again won't mend; SDKs would try twice more.</summary>
    public static IResult Taken(int code, string message) =>
        new JsonAnswer(409, Whole(null, [Error(code, message)])) { Header = ("x-should-retry", "false") };

    /// <summary>400 with every fault, and where in the body it stands.</summary>
    public static IResult Refused(IEnumerable<Fault> faults) => Failed(400, JsonList.Of(faults, f =>
    {
        var error = Error(12130, InvalidRequest + f.Text);
        if (f.Field.Length > 0)
        {
            error["source"] = new JsonObject { ["pointer"] = "/" + f.Field.Replace('.', '/') };
        }

        return error;
    }));

    /// <summary>How a write ended.</summary>
    public static async Task<IResult> OfAsync<T>(WriteResult<T> result, Unknown unknown, Func<T, Task<IResult>> done) => result switch
    {
        WriteResult<T>.Done saved => await done(saved.Value),
        WriteResult<T>.Refused refused => Refused(refused.Faults),
        WriteResult<T>.Taken taken => Taken(12132, Conflict + taken.Fault.Text),
        WriteResult<T>.InUse used => Taken(12132, Conflict + used.Reason),
        WriteResult<T>.Missing => Unknown(unknown),
        WriteResult<T>.Stale => Failed(409, 12132, Conflict + "somebody else is changing it; try again"),
        _ => throw new UnreachableException(),
    };

    /// <summary>A page of a list. Past the end it is empty: SDKs ask on until they get an empty one.</summary>
    public static IResult Page<T>(Slice<T> slice, Paging paging, Func<T, JsonObject> body)
    {
        var whole = Whole(JsonList.Of(slice.Items, body), []);
        whole["result_info"] = new JsonObject
        {
            ["page"] = paging.Page,
            ["per_page"] = paging.Size,
            ["count"] = slice.Items.Count,
            ["total_count"] = slice.Total,
            ["total_pages"] = (slice.Total + paging.Size - 1) / paging.Size,
        };
        return new JsonAnswer(200, whole);
    }

    private static JsonObject Error(int code, string message) => new() { ["code"] = code, ["message"] = message };

    private static JsonObject Whole(JsonNode? result, JsonArray errors) => new()
    {
        ["success"] = errors.Count == 0,
        ["errors"] = errors,
        ["messages"] = new JsonArray(),
        ["result"] = result,
    };
}

/// <summary>How a resource says that there is no such object.</summary>
internal sealed record Unknown(int Code, string Message)
{
    public static readonly Unknown App = new(11021, "access.api.error.unknown_application");
    public static readonly Unknown Policy = new(12135, "access.api.error.unknown_policy");
    public static readonly Unknown List = new(12135, "access.api.error.not_found");
    public static readonly Unknown Tag = new(12135, "access.api.error.not_found");
    public static readonly Unknown Page = new(12135, "access.api.error.not_found");
    public static readonly Unknown Test = new(12135, "access.api.error.not_found");
    public static readonly Unknown Token = new(1003, "Token not found");
    public static readonly Unknown Group = new(12135, "access.api.error.unknown_group");
    public static readonly Unknown LoginMethod = new(12135, "access.api.error.unknown_identity_provider");
    public static readonly Unknown Hostname = new(12135, "access.api.error.not_found");
    public static readonly Unknown Tunnel = new(1003, "Tunnel not found");
    public static readonly Unknown DnsRecord = new(81044, "Record does not exist.");
    public static readonly Unknown ServiceToken = new(12135, "access.api.error.unknown_service_token");
    public static readonly Unknown Certificate = new(12135, "access.api.error.not_found");
    public static readonly Unknown User = new(12135, "access.api.error.unknown_user");
    public static readonly Unknown Authenticator = new(12135, "access.api.error.not_found");
    public static readonly Unknown Session = new(12135, "access.api.error.not_found");
    public static readonly Unknown Organization = new(9999, "access.api.error.not_enabled");
}
