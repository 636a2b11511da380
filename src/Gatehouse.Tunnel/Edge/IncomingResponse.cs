using System.Net;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tunnel.Wire;

namespace Gatehouse.Tunnel.Edge;

/// <summary>Turns a connector's answer back into the service's. All headers but ours were invented on the way and are dropped.</summary>
internal static class IncomingResponse
{
    /// <summary>Shapes <paramref name="response"/>; <paramref name="stay"/> ends with the answer's body.</summary>
    /// <exception cref="TunnelFaultException">It is not the service's answer.</exception>
    public static async Task<HttpResponseMessage> ShapeAsync(HttpResponseMessage response, OutgoingRequest request, IDisposable stay, CancellationToken cancellationToken)
    {
        var meta = ResponseMeta.Read(One(response, TunnelHeaders.Meta))
            ?? throw new TunnelFaultException(TunnelHop.Connector, 502, $"has a connector that refused the request itself ({(int)response.StatusCode})");
        if (!meta.IsOrigin)
        {
            var hop = meta.Hop ?? TunnelHop.Origin;
            throw new TunnelFaultException(hop, 502, meta.What ?? "could not be reached by the connector, whose log says why");
        }

        if (!UserHeaders.TryRead(One(response, TunnelHeaders.UserHeaders) ?? "", out var headers))
        {
            throw new TunnelFaultException(TunnelHop.Http, 502, "sent headers that can't be passed on");
        }

        if (request.Duplex is { } up)
        {
            if (response.StatusCode == HttpStatusCode.OK && headers.Any(h => h.Key.Equals("Sec-WebSocket-Accept", StringComparison.OrdinalIgnoreCase)))
            {
                return await SwitchAsync(response, headers, up, stay, cancellationToken);
            }

            await up.Writer.CompleteAsync(); // refused: there is nothing to say upwards
        }

        response.Headers.Clear();
        var length = response.Content.Headers.ContentLength;
        response.Content = new AnswerContent(response.Content, stay);
        Put(response, headers, length);
        return response;
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Reliability", "CA2000", Justification = "The message owns its content, the content the stream, the stream the rest.")]
    private static async Task<HttpResponseMessage> SwitchAsync(
        HttpResponseMessage response, List<KeyValuePair<string, string>> headers, DuplexContent up, IDisposable stay, CancellationToken cancellationToken)
    {
        var down = await response.Content.ReadAsStreamAsync(cancellationToken);
        var switched = new HttpResponseMessage(HttpStatusCode.SwitchingProtocols)
        {
            RequestMessage = response.RequestMessage,
            Content = new StreamContentOnce(new DuplexStream(down, up, new Both(response, stay))),
        };
        foreach (var (name, value) in headers.Where(h => !TunnelHeaders.IsHopByHop(h.Key) && !h.Key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)))
        {
            switched.Headers.TryAddWithoutValidation(name, value);
        }

        switched.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        switched.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        return switched;
    }

    private static void Put(HttpResponseMessage response, List<KeyValuePair<string, string>> headers, long? length)
    {
        // RFC 9110 §7.6.1: what Connection names ends here as well.
        var named = headers.Where(h => h.Key.Equals("Connection", StringComparison.OrdinalIgnoreCase))
            .SelectMany(h => h.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        var hasLength = false;
        foreach (var (name, value) in headers)
        {
            if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                // Two that differ would let two readers see two bodies.
                if (hasLength || !long.TryParse(value, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var said) || (length is { } known && known != said))
                {
                    throw new TunnelFaultException(TunnelHop.Http, 502, "sent a length that can't be believed");
                }

                hasLength = true;
                response.Content.Headers.TryAddWithoutValidation(name, value);
            }
            else if (!TunnelHeaders.IsHopByHop(name) && !named.Contains(name) && !response.Headers.TryAddWithoutValidation(name, value))
            {
                response.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    private static string? One(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) && values.Count == 1 ? values.ToString() : null;

    /// <summary>The body of an answer; counts the request out when it ends.</summary>
    private sealed class AnswerContent(HttpContent inner, IDisposable stay) : HttpContent
    {
        protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

        protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
            new AnswerStream(await inner.ReadAsStreamAsync(cancellationToken), stay);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => inner.CopyToAsync(stream, context, CancellationToken.None);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
                stay.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    /// <summary>The body as it is read. Whoever reads it may never dispose of the message around it.</summary>
    private sealed class AnswerStream(Stream inner, IDisposable stay) : AsyncStream
    {
        public override bool CanRead => true;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            if (read == 0 && buffer.Length > 0)
            {
                stay.Dispose();
            }

            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
                stay.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    /// <summary>A stream in both directions, handed out as it is.</summary>
    private sealed class StreamContentOnce(Stream stream) : HttpContent
    {
        protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult(stream);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                stream.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    private sealed class Both(IDisposable first, IDisposable second) : IDisposable
    {
        public void Dispose()
        {
            first.Dispose();
            second.Dispose();
        }
    }
}
