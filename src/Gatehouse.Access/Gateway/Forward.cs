using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace Gatehouse.Access.Gateway;

/// <summary>What came of forwarding. A closed set.</summary>
internal enum ForwardResult
{
    /// <summary>The browser has its answer, or has gone, or was cut off.</summary>
    Done,

    /// <summary>The session ended before the answer began, or whatever else it was admitted by; nothing was sent.</summary>
    SessionEnded,
}

/// <summary>Sends an admitted request to its origin and the answer back, both as streams. The one place that knows YARP.</summary>
internal sealed partial class Forward(
    IHttpForwarder forwarder, OriginClients clients, LiveStreams streams, TimeProvider clock, IOptions<GatewayOptions> options, ILogger<Forward> logger)
{
    private readonly GatewayOptions options = options.Value;

    private readonly ForwarderRequestConfig config = new()
    {
        ActivityTimeout = options.Value.IdleTimeout,
        Version = System.Net.HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
    };

    /// <summary>Forwards; answers 502 or 504 itself when the origin doesn't answer.</summary>
    public async Task<ForwardResult> RunAsync(HttpContext context, OriginEntry origin, Passage passage)
    {
        var admission = passage.Admission;
        if (!origin.IsUsable)
        {
            await FailAsync(context, origin, OriginFailure.Of(ForwarderError.RequestCreation, null, null));
            return ForwardResult.Done;
        }

        var hasBody = context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };
        LiftLimits(context, admission, hasBody);
        using var running = new ForwardedRequest(passage, streams, options.ResponseTimeout, clock);
        running.OnRequest(context, hasBody);
        WebSocketFeatures.Watch(context, running.OnWebSocket);
        var error = await forwarder.SendAsync(
            context, origin.Prefix, clients.For(origin), config, new OriginTransformer(origin, passage, running), running.Cut);
        return error == ForwarderError.None ? ForwardResult.Done : await EndAsync(context, origin, running, error);
    }

    // A body may be of any size; someone who was admitted may also be slow.
    private static void LiftLimits(HttpContext context, Admission admission, bool hasBody)
    {
        if (hasBody && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        if (admission.Token is null)
        {
            return;
        }

        if (hasBody && context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } inbound)
        {
            inbound.MinDataRate = null;
        }

        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } outbound)
        {
            outbound.MinDataRate = null;
        }
    }

    private async Task<ForwardResult> EndAsync(HttpContext context, OriginEntry origin, ForwardedRequest running, ForwarderError error)
    {
        if (context.RequestAborted.IsCancellationRequested || (context.Response.HasStarted && (running.IsSessionEnded || running.IsOver)))
        {
            return ForwardResult.Done;
        }

        if (running.IsSessionEnded)
        {
            context.Response.Clear();
            return ForwardResult.SessionEnded;
        }

        var fault = context.Features.Get<IForwarderErrorFeature>()?.Exception;
        if (context.Response.HasStarted)
        {
            // The forwarder has aborted the connection, so that half an answer never looks whole.
            LogBroken(OriginFailure.AddressOf(origin), error, fault?.GetBaseException().Message);
            return ForwardResult.Done;
        }

        if (error == ForwarderError.RequestBodyClient)
        {
            var status = context.Response.StatusCode;
            context.Response.Clear();
            await GatewayPages.BadBodyAsync(context, status);
            return ForwardResult.Done;
        }

        await FailAsync(context, origin, OriginFailure.Of(error, fault, running.IsTooLate ? options.ResponseTimeout : null));
        return ForwardResult.Done;
    }

    private Task FailAsync(HttpContext context, OriginEntry origin, OriginFailure failure)
    {
        context.Response.Clear();
        var ray = RayId.Of(context);
        LogFailed(origin.Hostname.Hostname, OriginFailure.AddressOf(origin), failure.Detail is { } detail ? $"{failure.What} ({detail})" : failure.What, ray);
        return GatewayPages.OriginFailedAsync(context, failure);
    }

    [LoggerMessage(EventId = 3102, Level = LogLevel.Warning, Message = "{Hostname}: the service at {Address} {What} (ray {Ray})")]
    private partial void LogFailed(string hostname, string address, string what, string ray);

    [LoggerMessage(EventId = 3103, Level = LogLevel.Warning, Message = "An answer of {Address} was cut off midway: {Error} ({Reason})")]
    private partial void LogBroken(string address, ForwarderError error, string? reason);
}
