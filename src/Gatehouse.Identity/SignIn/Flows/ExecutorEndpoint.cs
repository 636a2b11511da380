using System.Diagnostics;
using System.Text.Json;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary><c>GET|POST /api/v3/flows/executor/&lt;slug&gt;/?query=</c>: authentik's flow executor.</summary>
internal sealed partial class ExecutorEndpoint(FlowExecutor executor, CrossSite crossSite, BrowserSessions sessions, ILogger<ExecutorEndpoint> logger)
{
    /// <summary>The current challenge.</summary>
    public async Task<IResult> GetAsync(HttpContext context, string slug, CancellationToken cancellationToken) =>
        crossSite.IsForeign(context.Request)
            ? Refuse(403, "CSRF Failed: the request comes from another site.", "a foreign origin")
            : await RunAsync(context, slug, null, cancellationToken);

    /// <summary>An answer to it.</summary>
    public async Task<IResult> PostAsync(HttpContext context, string slug, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (crossSite.IsForeign(request))
        {
            return Refuse(403, "CSRF Failed: the request comes from another site.", "a foreign origin");
        }

        // Forms of other sites can send text/plain but not this, without asking first (Fetch, CORS-safelisted request-header).
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            return Refuse(415, "Unsupported media type; send application/json.", "no JSON");
        }

        if (await sessions.FindAsync(request, cancellationToken) is { } browser && !crossSite.IsProven(request, browser.Session.Id))
        {
            return Refuse(403, "CSRF Failed: CSRF token missing or incorrect.", "signed in, but neither our Origin nor the token");
        }

        return await FlowAnswer.ReadAsync(request, cancellationToken) is { } answer
            ? await RunAsync(context, slug, answer, cancellationToken)
            : Refuse(400, "JSON parse error: expected one object of at most 64 KiB.", "malformed JSON");
    }

    private async Task<IResult> RunAsync(HttpContext context, string slug, FlowAnswer? answer, CancellationToken cancellationToken)
    {
        if (Query(context.Request) is not { } query)
        {
            return Refuse(400, "The query parameter is sent once, with at most 8192 characters.", "unreadable query parameter");
        }

        var key = BrowserSessions.EnsureKey(context);
        switch (await executor.RunAsync(context, key, slug, query, answer, cancellationToken))
        {
            case FlowOutcome.Unknown:
                return Refuse(404, "No Flow matches the given query.", "no such flow");
            case FlowOutcome.Busy:
                context.Response.Headers.RetryAfter = "1";
                return Refuse(503, "Many people are signing in right now. Try again in a moment.", "too many passwords to check");
            case FlowOutcome.Again:
                SecurityHeaders.NoStore(context.Response);
                return Results.Redirect($"/api/v3/flows/executor/{Uri.EscapeDataString(slug)}/?query={Uri.EscapeDataString(query.Raw)}");
            case FlowOutcome.Show shown:
                crossSite.Offer(context, BrowserSessions.WrittenKey(context) ?? key);
                return Json(200, shown.Challenge);
            default:
                throw new UnreachableException();
        }
    }

    private static FlowQuery? Query(HttpRequest request)
    {
        StringValues sent = request.Query["query"];
        return sent.Count > 1 ? null : FlowQuery.Read(sent.Count == 0 ? "" : sent[0] ?? "");
    }

    private JsonAnswer Refuse(int status, string detail, string reason)
    {
        LogRefused(status, reason);
        return Json(status, new ErrorBody(detail));
    }

    private static JsonAnswer Json(int status, object body) => new JsonAnswer(status, JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), FlowJson.Default));

    [LoggerMessage(EventId = 2207, Level = LogLevel.Information, Message = "Executor refused a request with {Status}: {Reason}")]
    private partial void LogRefused(int status, string reason);

    private sealed class JsonAnswer(int status, byte[] body) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            SecurityHeaders.NoStore(response);
            response.StatusCode = status;
            response.ContentType = "application/json";
            response.ContentLength = body.Length;
            return response.Body.WriteAsync(body, httpContext.RequestAborted).AsTask();
        }
    }
}
