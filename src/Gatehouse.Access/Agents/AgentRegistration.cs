using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Agents;

/// <summary>POST <c>/cdn-cgi/access/oauth/registration</c>: a program introduces itself (RFC 7591). Its id is what it said, sealed: nothing is stored, so nothing fills up.</summary>
internal sealed class AgentRegistration(AgentStates states, TimeProvider clock)
{
    private const int LargestBody = 16 * 1024;
    private const int MostRedirects = 5;
    private const int LongestRedirect = 512;
    private const int LongestName = 80;

    private static readonly string[] AuthMethods = ["none", "client_secret_basic", "client_secret_post"];

    /// <summary>201 with the client's id, or why not.</summary>
    public async Task<IResult> HandleAsync(HttpContext context, AccessTable table)
    {
        SecurityHeaders.NoStore(context.Response);
        var takers = table.AppsByAud.Values.Where(a => a.App.Agents is { RegistrationEnabled: true }).ToList();
        if (takers.Count == 0)
        {
            return AgentAnswers.Error(StatusCodes.Status403Forbidden, "access_denied", "no application takes clients that register themselves");
        }

        if (await ReadAsync(context.Request, context.RequestAborted) is not { } body)
        {
            return AgentAnswers.Error(StatusCodes.Status400BadRequest, "invalid_client_metadata", "the body must be a JSON object");
        }

        var redirects = Texts(body, "redirect_uris");
        if (redirects is not { Count: > 0 and <= MostRedirects } || redirects.Exists(r => r.Length > LongestRedirect || !AgentRedirects.IsSafe(r)))
        {
            return AgentAnswers.Error(StatusCodes.Status400BadRequest, "invalid_redirect_uri", $"redirect_uris holds 1 to {MostRedirects} https URLs, or http ones of this machine");
        }

        if (redirects.Exists(r => !takers.Exists(a => AgentRedirects.Takes(a.App.Agents!, r)))) // as found
        {
            return AgentAnswers.Error(StatusCodes.Status400BadRequest, "invalid_client_metadata", "redirect_uri is not allowed by the account configuration");
        }

        var method = Text(body, "token_endpoint_auth_method") ?? "none";
        if (!AuthMethods.Contains(method))
        {
            return AgentAnswers.Error(StatusCodes.Status400BadRequest, "invalid_client_metadata", $"token_endpoint_auth_method is one of {string.Join(", ", AuthMethods)}");
        }

        return Made(NameOf(body), redirects, method, takers.Select(a => a.App.Aud));
    }

    private IResult Made(string name, List<string> redirects, string method, IEnumerable<string> apps)
    {
        var secret = method == "none" ? null : Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var now = clock.GetUtcNow();
        var answer = new JsonObject
        {
            ["client_id"] = states.Seal(new AgentClient
            {
                Name = name,
                RedirectUris = redirects,
                SecretHash = secret is null ? null : AgentStates.HashOf(secret),
                IssuedAt = now,
                Apps = PackedApps.Of(apps),
            }),
            ["client_id_issued_at"] = now.ToUnixTimeSeconds(),
            ["client_name"] = name,
            ["redirect_uris"] = new JsonArray([.. redirects.Select(r => JsonValue.Create(r))]),
            ["grant_types"] = new JsonArray("authorization_code", "refresh_token"),
            ["response_types"] = new JsonArray("code"),
            ["token_endpoint_auth_method"] = method,
        };
        if (secret is not null)
        {
            answer["client_secret"] = secret;
            answer["client_secret_expires_at"] = 0;
        }

        return Results.Text(answer.ToJsonString(), "application/json", statusCode: StatusCodes.Status201Created);
    }

    // Shown to people, who are to trust it no further than that.
    private static string NameOf(JsonElement body)
    {
        var name = new string([.. (Text(body, "client_name") ?? "").Where(c => !char.IsControl(c) && char.GetUnicodeCategory(c) != System.Globalization.UnicodeCategory.Format)]).Trim();
        return name.Length == 0 ? "a program without a name" : name.Length > LongestName ? name[..LongestName] : name;
    }

    private static async Task<JsonElement?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var buffer = new byte[LargestBody + 1];
        var length = 0;
        for (int read; length < buffer.Length && (read = await request.Body.ReadAsync(buffer.AsMemory(length), cancellationToken)) > 0;)
        {
            length += read;
        }

        if (length > LargestBody)
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(buffer.AsMemory(0, length), new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            // A name with an escape that stands for no character shows only when it is read.
            return json.RootElement.EnumerateObject().All(p => p.Name.Length >= 0) ? json.RootElement.Clone() : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement body, string name) => body.TryGetProperty(name, out var value) ? Text(value) : null;

    private static List<string>? Texts(JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(v => Text(v) ?? "")] : null;

    private static string? Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // a lone surrogate, or bytes that are not UTF-8
        }
    }
}
