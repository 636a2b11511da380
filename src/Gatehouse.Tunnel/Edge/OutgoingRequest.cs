using System.Net;
using Gatehouse.Model.Tunnels;
using Gatehouse.Model.Tunnels.Ingress;
using Gatehouse.Tunnel.Wire;

namespace Gatehouse.Tunnel.Edge;

/// <summary>A request in the shape connectors take. Its headers come from outside: none of them may pick another kind of stream.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The message owns the content.")]
internal sealed class OutgoingRequest
{
    private const string ControlCharacters = "can't be asked: a header holds control characters";

    private readonly HttpContent? body;
    private DuplexContent? duplex;
    private int begun;

    private OutgoingRequest(HttpContent? body, bool isWebSocket)
    {
        this.body = body;
        IsWebSocket = isWebSocket;
    }

    /// <summary>Whether it asks for a WebSocket.</summary>
    public bool IsWebSocket { get; }

    /// <summary>Whether its body, which can be read only once, has been begun.</summary>
    public bool HasBegunBody => Volatile.Read(ref begun) != 0;

    /// <summary>The upward half of a WebSocket; null for all else.</summary>
    public DuplexContent? Duplex => duplex;

    /// <summary>Shapes <paramref name="request"/>.</summary>
    /// <exception cref="TunnelFaultException">It can't be sent.</exception>
    public static OutgoingRequest Shape(HttpRequestMessage request, IngressTable? ingress)
    {
        var isWebSocket = request.Method == HttpMethod.Get && IsUpgrade(request);
        var host = (request.Headers.Host ?? "").ToLowerInvariant(); // connectors mind the case
        var target = request.RequestUri?.PathAndQuery ?? "/";
        var path = target.Split('?', 2)[0];
        if (!HasValidEscapes(path))
        {
            throw new TunnelFaultException(TunnelHop.Edge, 400, "can't be asked for this path: it holds a % without two hex digits");
        }

        if (host.Split(':')[0] == TunnelHeaders.ManagementHost)
        {
            throw new TunnelFaultException(TunnelHop.Edge, 400, "does not publish this name");
        }

        if (request.Headers.NonValidated.Contains(TunnelHeaders.JumpDestination) && !(isWebSocket && MayJump(ingress, host, target)))
        {
            request.Headers.Remove(TunnelHeaders.JumpDestination);
        }

        if (!isWebSocket && ingress?.Find(host, IngressTable.PathOf(target)) is { Target.IsStream: true })
        {
            throw new TunnelFaultException(TunnelHop.Edge, 400, "leads to a TCP service here, which browsers can't speak to: use 'gatehouse access tcp'");
        }

        Clean(request, host);
        var outgoing = new OutgoingRequest(request.Content, isWebSocket);
        if (isWebSocket)
        {
            request.Headers.TryAddWithoutValidation(TunnelHeaders.Kind, TunnelHeaders.WebSocket);
        }

        return outgoing;
    }

    /// <summary>Gives it the body for one try.</summary>
    public void PutOn(HttpRequestMessage request, EdgeConnection connection)
    {
        if (IsWebSocket)
        {
            duplex?.Dispose();
            request.Content = duplex = new DuplexContent(connection.Uploads, mayBeGivenUp: true);
        }
        else if (body is not null)
        {
            request.Content = connection.Uploads.Watch(new BeginningContent(this, body));
        }
    }

    private static void Clean(HttpRequestMessage request, string host)
    {
        var headers = request.Headers;
        List<string>? dropped = null;
        foreach (var (name, values) in headers.NonValidated)
        {
            if (TunnelHeaders.IsHopByHop(name) || TunnelHeaders.IsInternal(name) || name.Equals("Expect", StringComparison.OrdinalIgnoreCase)
                || (name.Equals("TE", StringComparison.OrdinalIgnoreCase) && values.ToString() != "trailers"))
            {
                (dropped ??= []).Add(name);
            }
            else if (values.Any(v => !UserHeaders.IsValue(v)))
            {
                throw new TunnelFaultException(TunnelHop.Edge, 400, ControlCharacters);
            }
        }

        if (request.Content?.Headers.NonValidated.Any(h => h.Value.Any(v => !UserHeaders.IsValue(v))) == true)
        {
            throw new TunnelFaultException(TunnelHop.Edge, 400, ControlCharacters);
        }

        dropped?.ForEach(name => headers.Remove(name));
        headers.Remove("Host");
        headers.TryAddWithoutValidation("Host", host);
        if (!headers.NonValidated.Contains("Accept-Encoding"))
        {
            headers.TryAddWithoutValidation("Accept-Encoding", "identity"); // or the connector would ask for gzip and unpack it
        }

        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
    }

    // Where the rules are the connector's own, it knows.
    private static bool MayJump(IngressTable? ingress, string host, string target) =>
        ingress is null || ingress.Find(host, IngressTable.PathOf(target)) is { Target: ServiceTarget.Bastion };

    private static bool IsUpgrade(HttpRequestMessage request) =>
        request.Headers.NonValidated.TryGetValues("Upgrade", out var upgrade) && upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase);

    private static bool HasValidEscapes(ReadOnlySpan<char> path)
    {
        for (var at = path.IndexOf('%'); at >= 0; at = path.IndexOf('%'))
        {
            if (path.Length < at + 3 || !char.IsAsciiHexDigit(path[at + 1]) || !char.IsAsciiHexDigit(path[at + 2]))
            {
                return false;
            }

            path = path[(at + 3)..];
        }

        return true;
    }

    /// <summary>A body that tells when it is begun.</summary>
    private sealed class BeginningContent : HttpContent
    {
        private readonly OutgoingRequest owner;
        private readonly HttpContent inner;

        public BeginningContent(OutgoingRequest owner, HttpContent inner)
        {
            this.owner = owner;
            this.inner = inner;
            foreach (var (name, values) in inner.Headers.NonValidated)
            {
                Headers.TryAddWithoutValidation(name, values);
            }
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            Volatile.Write(ref owner.begun, 1);
            return inner.CopyToAsync(stream, context, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return inner.Headers.ContentLength is { } known && (length = known) >= 0;
        }

        protected override void Dispose(bool disposing)
        {
            // The body itself may be needed for another try; the request owns it.
            base.Dispose(disposing);
        }
    }
}
