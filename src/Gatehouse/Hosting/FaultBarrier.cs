using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;

namespace Gatehouse.Hosting;

/// <summary>The outermost handler: what nobody else answered becomes a 500 with a request id and nothing else.</summary>
internal sealed partial class FaultBarrier(ILogger<FaultBarrier> logger)
{
    /// <summary>Runs <paramref name="next"/>.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "This is the one place that answers for a bug; it is logged whole.")]
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort(); // nobody waits for an answer
        }
        catch (BadHttpRequestException refused)
        {
            LogRefused(refused.StatusCode, refused.Message);
            await AnswerAsync(context, refused.StatusCode, "bad_request", "This request can't be understood", "What was sent is not well-formed HTTP, or is larger than this address takes.");
        }
        catch (Exception fault)
        {
            LogFault(fault, context.TraceIdentifier);
            await AnswerAsync(context, StatusCodes.Status500InternalServerError, "internal_error", "Something went wrong here", "The fault is ours and has been logged. When you report it, name the request id.");
        }
    }

    private static async Task AnswerAsync(HttpContext context, int status, string code, string title, string text)
    {
        if (context.Response.HasStarted)
        {
            context.Abort(); // half an answer must not look like a whole one
            return;
        }

        var strictTransport = context.Response.Headers.StrictTransportSecurity;
        context.Response.Clear();
        context.Response.Headers.StrictTransportSecurity = strictTransport;
        SecurityHeaders.NoStore(context.Response);
        if (WantsPage(context.Request))
        {
            await Page.Message(status, title, text, [new("Request id", context.TraceIdentifier)]).ExecuteAsync(context);
            return;
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync($$"""{"error":"{{code}}","request_id":"{{JsonEncodedText.Encode(context.TraceIdentifier)}}"}""", context.RequestAborted);
    }

    private static bool WantsPage(HttpRequest request)
    {
        foreach (var value in request.Headers.Accept)
        {
            if (value?.Contains("text/html", StringComparison.OrdinalIgnoreCase) == true)
            {
                return true;
            }
        }

        return false;
    }

    [LoggerMessage(EventId = 1301, Level = LogLevel.Error, Message = "Request {RequestId} failed")]
    private partial void LogFault(Exception fault, string requestId);

    [LoggerMessage(EventId = 1302, Level = LogLevel.Information, Message = "Request refused with {Status}: {Reason}")]
    private partial void LogRefused(int status, string reason);
}
