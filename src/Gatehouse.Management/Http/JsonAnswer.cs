using System.Text.Json.Nodes;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.Http;

/// <summary>Answers with JSON, or with a bare status when there is no body. Never cached.</summary>
internal sealed class JsonAnswer(int status, JsonNode? body) : IResult
{
    /// <summary>Its status.</summary>
    public int Status => status;

    /// <summary>What it says; null means nothing.</summary>
    public JsonNode? Body => body;

    /// <summary>A header besides; null means none.</summary>
    public (string Name, string Value)? Header { get; init; }

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        SecurityHeaders.NoStore(httpContext.Response);
        httpContext.Response.StatusCode = status;
        if (Header is { } header)
        {
            httpContext.Response.Headers[header.Name] = header.Value;
        }

        if (body is null)
        {
            return Task.CompletedTask;
        }

        httpContext.Response.ContentType = "application/json";
        return httpContext.Response.WriteAsync(body.ToJsonString(), httpContext.RequestAborted);
    }
}
