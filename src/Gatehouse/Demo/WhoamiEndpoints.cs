using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Demo;

/// <summary>What the demo's app answers: who you are (a page, or JSON when asked for), <c>/events</c> that ticks, <c>/ws</c> that echoes.</summary>
internal sealed class WhoamiEndpoints(AssertionCheck check, TimeProvider clock)
{
    private const string Assertion = "Cf-Access-Jwt-Assertion";
    private const int EchoBuffer = 16 * 1024;

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Answers the request.</summary>
    public Task AnswerAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/events" => TickAsync(context),
        "/ws" => EchoAsync(context),
        _ => ShowAsync(context),
    };

    private async Task ShowAsync(HttpContext context)
    {
        var request = context.Request;
        var verdict = await check.CheckAsync(request.Headers[Assertion], context.RequestAborted);
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (request.Headers.Accept.ToString().Contains("application/json", StringComparison.OrdinalIgnoreCase))
        {
            context.Response.Headers.CacheControl = "no-store";
            await context.Response.WriteAsJsonAsync(
                new
                {
                    request.Method,
                    Target = target,
                    Verified = verdict is AssertionVerdict.Verified,
                    Why = (verdict as AssertionVerdict.NotVerified)?.Why,
                    Claims = (verdict as AssertionVerdict.Verified)?.Claims,
                    Headers = request.Headers.ToDictionary(h => h.Key, h => h.Value.ToArray()),
                },
                Indented,
                context.RequestAborted);
            return;
        }

        await new PageResult<WhoamiPage>(
            new Dictionary<string, object?>
            {
                [nameof(WhoamiPage.Asked)] = $"{request.Method} {target}",
                [nameof(WhoamiPage.Verified)] = verdict is AssertionVerdict.Verified,
                [nameof(WhoamiPage.Why)] = (verdict as AssertionVerdict.NotVerified)?.Why,
                [nameof(WhoamiPage.Claims)] = verdict is AssertionVerdict.Verified { Claims: var claims } ? JsonSerializer.Serialize(claims, Indented) : null,
                [nameof(WhoamiPage.Headers)] = IdentityHeaders(request),
            },
            StatusCodes.Status200OK).ExecuteAsync(context);
    }

    private static List<KeyValuePair<string, string>> IdentityHeaders(HttpRequest request) =>
        [.. request.Headers
            .Where(h => h.Key.StartsWith("Cf-", StringComparison.OrdinalIgnoreCase) || h.Key.StartsWith("X-", StringComparison.OrdinalIgnoreCase))
            .OrderBy(h => h.Key, StringComparer.OrdinalIgnoreCase)
            .Select(h => new KeyValuePair<string, string>(h.Key, Shortened(h.Value.ToString())))];

    private static string Shortened(string text) =>
        text.Length <= 120 ? text : string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, 60)}… ({text.Length} characters)");

    private async Task TickAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        using var timer = new PeriodicTimer(Tick, clock);
        try
        {
            for (var n = 0; ; n++)
            {
                await context.Response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"id: {n}\ndata: {clock.GetUtcNow():O}\n\n"), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                await timer.WaitForNextTickAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // the reader left: that is how a stream of events ends
        }
    }

    private static async Task EchoAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            context.Response.Headers.Upgrade = "websocket";
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[EchoBuffer];
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
                    return;
                }

                await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
            }
        }
        catch (Exception left) when (left is OperationCanceledException or WebSocketException)
        {
            // the other end left without closing
        }
    }
}
