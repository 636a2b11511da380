using Gatehouse.Model.Tunnels;
using Gatehouse.Model.Tunnels.Ingress;
using Gatehouse.Tunnel.Connector.Origins;
using Gatehouse.Tunnel.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tunnel.Connector;

/// <summary>What the edge asks of us: the kind of a stream decides, in this order.</summary>
internal sealed partial class RequestRouter(
    ConnectorState state, ControlCall control, AccessCheck access, HttpProxy http, StreamProxy streams, ILogger<RequestRouter> logger)
{
    /// <summary>Answers a request of the edge.</summary>
    public async Task RunAsync(HttpContext context, EdgeLink link)
    {
        string? kind = context.Request.Headers[TunnelHeaders.Kind];
        switch (kind)
        {
            case TunnelHeaders.UpdateConfiguration:
                await UpdateAsync(context);
                return;
            case TunnelHeaders.ControlStream:
                await control.RunAsync(context, link);
                return;
            default:
                await CountedAsync(context, kind == TunnelHeaders.WebSocket);
                return;
        }
    }

    private async Task CountedAsync(HttpContext context, bool isWebSocket)
    {
        state.Counts.Begin();
        var isFailure = false;
        try
        {
            isFailure = !await ProxyAsync(context, isWebSocket);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException && context.RequestAborted.IsCancellationRequested)
        {
            // The visitor, or the edge, has gone.
        }
        finally
        {
            state.Counts.End(context.Response.StatusCode, isFailure);
        }
    }

    /// <summary>False when the service could not be reached.</summary>
    private async Task<bool> ProxyAsync(HttpContext context, bool isWebSocket)
    {
        if (!isWebSocket && context.Request.Headers[TunnelHeaders.TcpSource] is [{ Length: > 0 }])
        {
            return state.Ingress.PrivateNetwork is { } settings
                ? await streams.RawAsync(context, context.Request.Host.Value ?? "", settings)
                : await Answers.FailedAsync(context, new OriginFault(TunnelHop.Tcp, "can't be dialed: private routing is not enabled for this tunnel"));
        }

        var (table, host) = (state.Ingress, context.Request.Host.Value ?? "");
        if (table.Find(host, IngressTable.PathOf(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget)) is not { } rule)
        {
            return Answers.Status(context, StatusCodes.Status503ServiceUnavailable);
        }

        if (table.IsGuarded && !await MayPassAsync(context, rule, table.Find(host, context.Request.Path.Value ?? "/")))
        {
            return Answers.Status(context, StatusCodes.Status403Forbidden);
        }

        return rule.Target switch
        {
            ServiceTarget.Status status => Answers.Status(context, status.Code),
            ServiceTarget.Hello => await Answers.HelloAsync(context, state.Id),
            ServiceTarget.Tcp tcp => await streams.WebSocketAsync(context, tcp.Host, tcp.Port, rule.Settings),
            ServiceTarget.Bastion => await streams.BastionAsync(context, rule.Settings),
            _ => await http.RunAsync(context, rule, isWebSocket),
        };
    }

    // A service may go by the path that is left when its dots are followed. What guards that one has to be met as well.
    private async Task<bool> MayPassAsync(HttpContext context, IngressRule rule, IngressRule? followed)
    {
        foreach (var guard in followed is null || ReferenceEquals(followed, rule) ? [rule] : new[] { rule, followed })
        {
            if (guard.Settings.Access is { } required && await access.FaultOfAsync(required, context.Request.Headers[AccessCheck.Header], context.RequestAborted) is { } why)
            {
                LogNoAccess(guard.Hostname, why);
                return false;
            }
        }

        return true;
    }

    private async Task UpdateAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0;)
        {
            await body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
            if (body.Length > ConfigurationPush.Largest)
            {
                break;
            }
        }

        if (body.Length > ConfigurationPush.Largest || ConfigurationPush.Read(body.GetBuffer().AsMemory(0, (int)body.Length)) is not { } push)
        {
            await Answers.FailedAsync(context, new OriginFault(TunnelHop.Connector, "did not understand the configuration"));
            return;
        }

        var reply = state.Apply(push).ToBody();
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(reply, context.RequestAborted);
    }

    [LoggerMessage(EventId = 4212, Level = LogLevel.Warning, Message = "A request for {Hostname} was refused at the connector: {Why}")]
    private partial void LogNoAccess(string hostname, string why);
}

/// <summary>The answers a connector gives in the wire's form.</summary>
internal static class Answers
{
    /// <summary>Begins the service's answer.</summary>
    public static void Head(HttpContext context, int status, IEnumerable<KeyValuePair<string, string>> headers, long? length)
    {
        context.Response.StatusCode = status == StatusCodes.Status101SwitchingProtocols ? StatusCodes.Status200OK : status;
        context.Response.Headers[TunnelHeaders.UserHeaders] = UserHeaders.Write(headers);
        context.Response.Headers[TunnelHeaders.Meta] = ResponseMeta.OriginText;
        context.Response.ContentLength = length;
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
    }

    /// <summary>A status without a body.</summary>
    public static bool Status(HttpContext context, int status)
    {
        Head(context, status, [], status is 204 or 304 or (>= 100 and < 200) ? null : 0);
        return true;
    }

    /// <summary>The service could not be reached; false, for the count.</summary>
    public static Task<bool> FailedAsync(HttpContext context, OriginFault fault)
    {
        if (context.Response.HasStarted)
        {
            context.Abort(); // half an answer must not look whole
            return Task.FromResult(false);
        }

        context.Response.Clear();
        context.Response.StatusCode = StatusCodes.Status502BadGateway;
        context.Response.Headers[TunnelHeaders.Meta] = ResponseMeta.Failed(fault.Hop, fault.What);
        context.Response.ContentLength = 0;
        return Task.FromResult(false);
    }

    /// <summary>A page that shows that the tunnel works.</summary>
    public static async Task<bool> HelloAsync(HttpContext context, Guid connector)
    {
        var page = System.Text.Encoding.UTF8.GetBytes($"<!doctype html><title>It works</title><h1>It works</h1><p>This page comes from connector {connector}.</p>\n");
        Head(context, StatusCodes.Status200OK, [new("Content-Type", "text/html; charset=utf-8"), new("Content-Length", page.Length.ToString(System.Globalization.CultureInfo.InvariantCulture))], page.Length);
        await context.Response.Body.WriteAsync(page, context.RequestAborted);
        return true;
    }
}
