using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc;

/// <summary>Answers with JSON that nobody may keep (RFC 6749 §5.1).</summary>
internal sealed class JsonAnswer(int status, JsonObject? body) : IResult
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The <c>WWW-Authenticate</c> header; null means none.</summary>
    public string? Challenge { get; init; }

    /// <summary>Documents about the server, not about a person: may be kept, and are indented for readers.</summary>
    public bool IsPublic { get; init; }

    /// <summary>What kind of JSON it is.</summary>
    public string ContentType { get; init; } = "application/json";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = status;
        response.Headers.XContentTypeOptions = "nosniff";
        if (!IsPublic)
        {
            SecurityHeaders.NoStore(response);
        }

        if (Challenge is not null)
        {
            response.Headers.WWWAuthenticate = Challenge;
        }

        if (body is not null)
        {
            response.ContentType = ContentType;
            await response.WriteAsync(body.ToJsonString(IsPublic ? Indented : null), httpContext.RequestAborted);
        }
    }

    /// <summary>The error answer of RFC 6749 §5.2, with the request's id as authentik adds it.</summary>
    public static JsonAnswer Refused(HttpContext context, OAuthRefusal refusal, int status, string? challenge = null) => new(
        status,
        new JsonObject { ["error"] = refusal.Code, ["error_description"] = refusal.Description, ["request_id"] = context.TraceIdentifier })
    {
        Challenge = refusal.IsBasicChallenge ? "Basic realm=\"gatehouse\", charset=\"UTF-8\"" : challenge,
    };
}
