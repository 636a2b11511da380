using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Tunnels.Ingress;
using Gatehouse.Tunnel.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tunnel.Connector.Origins;

/// <summary>Passes a request on to a web service, and its answer back, both as streams.</summary>
internal sealed partial class HttpProxy(OriginClients clients, ILogger<HttpProxy> logger)
{
    private const int PieceSize = 64 * 1024;

    private static readonly UriCreationOptions AsSent = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>Runs to the end of the answer; false when there was none.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps the service from answering is told to the edge; a broken answer is cut.")]
    public async Task<bool> RunAsync(HttpContext context, IngressRule rule, bool isWebSocket)
    {
        if (rule.Settings.DisableChunkedEncoding && !isWebSocket && context.Request.ContentLength is null && HasBody(context))
        {
            return Answers.Status(context, StatusCodes.Status411LengthRequired); // it could be sent in chunks only
        }

        using var request = Shape(context, rule, isWebSocket);
        var pool = clients.For(rule);
        using var stay = isWebSocket || rule.Settings.Http2Origin ? null : pool.Enter(request); // both are connections of another kind
        HttpResponseMessage response;
        try
        {
            response = await pool.SendAsync(request, context.RequestAborted);
        }
        catch (Exception fault) when (!context.RequestAborted.IsCancellationRequested)
        {
            var why = OriginFault.Of(fault);
            LogFailed(rule.Service, why.What, fault.GetBaseException().Message);
            return await Answers.FailedAsync(context, why);
        }

        using (response)
        {
            try
            {
                Answers.Head(context, (int)response.StatusCode, HeadersOf(response), LengthOf(context, response));
                await CopyAsync(context, response, isWebSocket);
                return true;
            }
            catch (Exception fault) when (!context.RequestAborted.IsCancellationRequested)
            {
                LogBroken(rule.Service, fault.GetBaseException().Message);
                context.Abort();
                return false;
            }
        }
    }

    private static HttpRequestMessage Shape(HttpContext context, IngressRule rule, bool isWebSocket)
    {
        var incoming = context.Request;
        var host = rule.Settings.HttpHostHeader.Length > 0 ? rule.Settings.HttpHostHeader : incoming.Host.Value ?? "";
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var request = new HttpRequestMessage(new HttpMethod(incoming.Method), new Uri(AuthorityOf(rule, host) + (target.StartsWith('/') ? target : "/"), AsSent))
        {
            Version = rule.Settings.Http2Origin && !isWebSocket ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        if (!isWebSocket && HasBody(context))
        {
            request.Content = new FlushedContent(incoming.Body, incoming.ContentLength);
        }
        else if (HttpMethods.IsPost(incoming.Method) || HttpMethods.IsPut(incoming.Method) || HttpMethods.IsPatch(incoming.Method))
        {
            request.Content = new ByteArrayContent([]); // says so with a length of 0
        }

        foreach (var (name, values) in incoming.Headers)
        {
            if (name.StartsWith(':') || name.Equals("Host", StringComparison.OrdinalIgnoreCase) || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
                || TunnelHeaders.IsInternal(name) || TunnelHeaders.IsHopByHop(name)
                || (name.Equals("Authorization", StringComparison.OrdinalIgnoreCase) && values.Any(ConnectionAuth.IsIn)))
            {
                continue;
            }

            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        request.Headers.Host = host;
        if (rule.Settings.HttpHostHeader.Length > 0)
        {
            request.Headers.Remove("X-Forwarded-Host");
            request.Headers.TryAddWithoutValidation("X-Forwarded-Host", incoming.Host.Value);
        }

        if (isWebSocket)
        {
            request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
            request.Headers.Remove("Sec-WebSocket-Version");
            request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        }

        return request;
    }

    private static IEnumerable<KeyValuePair<string, string>> HeadersOf(HttpResponseMessage response) =>
        from header in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
        let isChallenge = header.Key.Equals("WWW-Authenticate", StringComparison.OrdinalIgnoreCase)
        from value in header.Value
        let kept = isChallenge ? ConnectionAuth.Without(value) : value
        where !isChallenge || kept.Length > 0
        select new KeyValuePair<string, string>(header.Key, kept);

    private static bool HasBody(HttpContext context) => context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };

    // Where it goes is the pool's business; the authority only keeps apart what must not share a connection. The scheme is for
    // the handler: TLS is done by the pool's own dialing, so https stands here only where HTTP/2 may be agreed on.
    private static string AuthorityOf(IngressRule rule, string host)
    {
        var scheme = rule.Target is ServiceTarget.Web { IsTls: true } or ServiceTarget.Unix { IsTls: true } ? "https" : "http";
        return scheme + "://" + (rule.Settings.MatchSniToHost ? host : rule.Target is ServiceTarget.Web web ? $"{web.Host}:{web.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)}" : "localhost");
    }

    private static long? LengthOf(HttpContext context, HttpResponseMessage response) =>
        HttpMethods.IsHead(context.Request.Method) || response.StatusCode is HttpStatusCode.SwitchingProtocols or HttpStatusCode.NoContent or HttpStatusCode.NotModified
            ? null
            : response.Content.Headers.ContentLength;

    private static async Task CopyAsync(HttpContext context, HttpResponseMessage response, bool isWebSocket)
    {
        var isSwitched = isWebSocket && response.StatusCode == HttpStatusCode.SwitchingProtocols;
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols && !isSwitched)
        {
            throw new IOException("switched protocols without being asked to");
        }

        await using var body = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        if (isSwitched)
        {
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await StreamProxy.PumpAsync(context, body);
            return;
        }

        var endsWithLength = response.Version.Major == 1;
        await CopyAsync(body, context.Response.BodyWriter, context.Response.ContentLength, endsWithLength, context.RequestAborted);
        if (response.TrailingHeaders.NonValidated is { Count: > 0 } trailers && context.Response.SupportsTrailers())
        {
            foreach (var (name, values) in trailers)
            {
                context.Response.AppendTrailer(name, new Microsoft.Extensions.Primitives.StringValues([.. values]));
            }
        }
    }

    // Each piece leaves as it comes; the last one of a known length with the end of the answer, in one frame and one packet, where nothing can
    // come between them. Over HTTP/2 the end may come later, with trailers, or never.
    private static async Task CopyAsync(Stream from, PipeWriter to, long? length, bool endsWithLength, CancellationToken cancellationToken)
    {
        var piece = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(length ?? PieceSize, 1024, PieceSize)); // most answers are small
        try
        {
            long total = 0;
            for (int read; (read = await ReadAsync(from, piece, isWhole: total == length, cancellationToken)) > 0;)
            {
                to.Write(piece.AsSpan(0, read));
                total += read;
                if (total != length || !endsWithLength)
                {
                    await to.FlushAsync(cancellationToken);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private static async ValueTask<int> ReadAsync(Stream from, Memory<byte> into, bool isWhole, CancellationToken cancellationToken)
    {
        try
        {
            return await from.ReadAsync(into, cancellationToken);
        }
        catch (IOException) when (isWhole)
        {
            return 0; // a reset stream had said all it had announced
        }
    }

    [LoggerMessage(EventId = 4213, Level = LogLevel.Warning, Message = "{Service} {What} ({Reason})")]
    private partial void LogFailed(string service, string what, string reason);

    [LoggerMessage(EventId = 4214, Level = LogLevel.Warning, Message = "An answer of {Service} was cut off midway: {Reason}")]
    private partial void LogBroken(string service, string reason);

    /// <summary>A body whose pieces leave as they come.</summary>
    private sealed class FlushedContent(Stream body, long? length) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            var piece = ArrayPool<byte>.Shared.Rent(PieceSize);
            try
            {
                for (int read; (read = await body.ReadAsync(piece, cancellationToken)) > 0;)
                {
                    await stream.WriteAsync(piece.AsMemory(0, read), cancellationToken);
                    await stream.FlushAsync(cancellationToken);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(piece);
            }
        }

        protected override bool TryComputeLength(out long known)
        {
            known = length ?? 0;
            return length is not null;
        }
    }
}
