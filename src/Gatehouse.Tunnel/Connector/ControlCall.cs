using System.Net;
using System.Runtime.InteropServices;
using Gatehouse.Tunnel.Wire;
using Gatehouse.Tunnel.Wire.Capnp;
using Gatehouse.Tunnel.Wire.Rpc;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tunnel.Connector;

/// <summary>The connector's end of a control stream: registers, brings its own rules, and says when it leaves.</summary>
internal sealed partial class ControlCall(ConnectorState state, TimeProvider clock, ILogger<ControlCall> logger)
{
    private const uint BootstrapQuestion = 0;
    private const uint CallQuestion = 1;

    private static readonly string[] Features = [TunnelHeaders.AllowRemoteConfig, "serialized_headers"];

    /// <summary>Speaks until the edge or we end it.</summary>
    public async Task RunAsync(HttpContext context, EdgeLink link)
    {
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        context.Response.ContentType = "application/octet-stream";
        await SendAsync(context, RpcFrames.Bootstrap(BootstrapQuestion));
        await SendAsync(context, RpcFrames.PipelinedCall(CallQuestion, RpcTags.RegisterConnection, BootstrapQuestion, Introduce(link).Write));

        // Once registered, our leaving ends the waiting for more.
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        using var onLeave = state.Leaving.UnsafeRegister(s => ((CancellationTokenSource)s!).CancelAfter(TimeSpan.Zero), waiting);
        try
        {
            while (await CapnpMessage.ReadAsync(context.Request.Body, CapnpMessage.LargestOfStrangers, waiting.Token) is { } message)
            {
                if (!await HearAsync(context, link, RpcMessage.Of(message)))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (state.Leaving.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            await LeaveAsync(context, link);
        }
        catch (InvalidDataException fault)
        {
            LogUnreadable(link.Pace.Index, fault.Message);
            link.Close();
        }
    }

    private async Task<bool> HearAsync(HttpContext context, EdgeLink link, RpcMessage message)
    {
        switch (message)
        {
            case RpcMessage.Results { Answer: CallQuestion } results when !link.Pace.IsServing:
                await SendAsync(context, RpcFrames.Finish(CallQuestion));
                return await JudgeAsync(context, link, RegistrationAnswer.Of(results.Content));
            case RpcMessage.Results results:
                await SendAsync(context, RpcFrames.Finish(results.Answer));
                return true;
            case RpcMessage.Failure failure:
                LogRefused(link.Pace.Index, failure.Reason);
                link.Pace.OnRefused(TimeSpan.FromSeconds(10));
                link.Close();
                return false;
            case RpcMessage.Abort abort:
                LogRefused(link.Pace.Index, abort.Reason);
                link.Close();
                return false;
            default:
                return true;
        }
    }

    private async Task<bool> JudgeAsync(HttpContext context, EdgeLink link, RegistrationAnswer answer)
    {
        if (answer is RegistrationAnswer.Refused refused)
        {
            LogRefused(link.Pace.Index, refused.Cause);
            link.Pace.OnRefused(refused.RetryAfter);
            await SendAsync(context, RpcFrames.Abort("rpc: shutdown"));
            link.Close();
            return false;
        }

        var accepted = (RegistrationAnswer.Accepted)answer;
        link.Pace.OnRegistered();
        state.FirstRegistered.TrySetResult();
        LogRegistered(link.Pace.Index, accepted.Connection, accepted.Location);
        if (link.Pace.Index == 0 && !accepted.IsRemotelyManaged && state.Options.LocalConfiguration is { } own)
        {
            await SendAsync(context, RpcFrames.Call(CallQuestion, RpcTags.UpdateLocalConfiguration, (to, content) =>
                to.Data(to.Struct(content, 0, 1), System.Text.Encoding.UTF8.GetBytes(own))));
        }

        return true;
    }

    private async Task LeaveAsync(HttpContext context, EdgeLink link)
    {
        if (!link.Pace.IsServing)
        {
            link.Close();
            return;
        }

        LogLeaving(link.Pace.Index);
        using var late = new CancellationTokenSource(state.Options.GracePeriod, clock);
        await context.Response.Body.WriteAsync(RpcFrames.Call(CallQuestion, RpcTags.UnregisterConnection, (to, content) => to.Struct(content, 0, 0)), late.Token);
        await context.Response.Body.FlushAsync(late.Token);
        try
        {
            // The answer, and then the edge closes when requests under way are done.
            while (await CapnpMessage.ReadAsync(context.Request.Body, CapnpMessage.LargestOfStrangers, late.Token) is { } message)
            {
                if (RpcMessage.Of(message) is RpcMessage.Results { Answer: CallQuestion })
                {
                    await SendAsync(context, RpcFrames.Finish(CallQuestion));
                    await SendAsync(context, RpcFrames.Abort("rpc: shutdown"));
                    return;
                }
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or InvalidDataException)
        {
            link.Close();
        }
    }

    private Registration Introduce(EdgeLink link) => new()
    {
        AccountTag = state.Options.Credentials.AccountTag,
        Secret = state.Options.Credentials.Secret,
        TunnelId = state.Options.Credentials.TunnelId,
        Index = (byte)link.Pace.Index,
        ConnectorId = state.Id,
        Features = Features,
        Version = state.Options.Version,
        Arch = $"{(OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsWindows() ? "windows" : "unknown")}_{RuntimeInformation.ProcessArchitecture switch { Architecture.X64 => "amd64", Architecture.Arm64 => "arm64", var other => other.ToString() }}",
        OriginIp = (link.LocalEndPoint as IPEndPoint)?.Address,
        PreviousAttempts = (byte)Math.Min(link.Pace.Failures, 255),
    };

    private static async Task SendAsync(HttpContext context, byte[] frame)
    {
        await context.Response.Body.WriteAsync(frame, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    [LoggerMessage(EventId = 4205, Level = LogLevel.Information, Message = "Connection {Index} is registered as {Connection} at {Location}")]
    private partial void LogRegistered(int index, Guid connection, string location);

    [LoggerMessage(EventId = 4206, Level = LogLevel.Error, Message = "Connection {Index}: the edge refused it: {Reason}. Trying again")]
    private partial void LogRefused(int index, string reason);

    [LoggerMessage(EventId = 4207, Level = LogLevel.Warning, Message = "Connection {Index}: the edge said something that can't be read: {Reason}")]
    private partial void LogUnreadable(int index, string reason);

    [LoggerMessage(EventId = 4208, Level = LogLevel.Information, Message = "Connection {Index} leaves; requests under way are let finish")]
    private partial void LogLeaving(int index);
}
