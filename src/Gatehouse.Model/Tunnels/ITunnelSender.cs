namespace Gatehouse.Model.Tunnels;

/// <summary>Sends requests down tunnels. The gateway's way to an origin that it can't dial.</summary>
public interface ITunnelSender
{
    /// <summary>
    /// Sends <paramref name="request"/>, whose path is exact and whose <c>Host</c> is the public name, to a connector of <paramref name="tunnel"/>.
    /// The answer is the origin's own: status, headers, body as a stream, trailers; an upgrade that was accepted is a 101 whose content is a stream in both directions.
    /// </summary>
    /// <exception cref="TunnelFaultException">There is no answer of the origin; says which hop failed.</exception>
    Task<HttpResponseMessage> SendAsync(Guid tunnel, HttpRequestMessage request, CancellationToken cancellationToken);
}

/// <summary>The hops of a request behind the gateway.</summary>
public enum TunnelHop
{
    /// <summary>From the gateway to the edge: the tunnel itself, and its configuration.</summary>
    Edge,

    /// <summary>From the edge to a connector.</summary>
    Connector,

    /// <summary>From the connector to the service: no further detail is known.</summary>
    Origin,

    /// <summary>The connector looks up the service's name.</summary>
    Dns,

    /// <summary>The connector dials the service.</summary>
    Tcp,

    /// <summary>TLS between the connector and the service.</summary>
    Tls,

    /// <summary>HTTP between the connector and the service.</summary>
    Http,
}

/// <summary>A request found no way through a tunnel. The message is a clause that follows the name of what failed: <c>refused the connection</c>.</summary>
public sealed class TunnelFaultException : Exception
{
    /// <summary>A fault without words.</summary>
    public TunnelFaultException()
        : this(TunnelHop.Edge, 502, "failed")
    {
    }

    /// <summary>A fault of the edge.</summary>
    public TunnelFaultException(string message)
        : this(TunnelHop.Edge, 502, message)
    {
    }

    /// <summary>A fault of the edge with its cause.</summary>
    public TunnelFaultException(string message, Exception innerException)
        : this(TunnelHop.Edge, 502, message, innerException)
    {
    }

    /// <summary>A fault of a hop.</summary>
    public TunnelFaultException(TunnelHop hop, int status, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Hop = hop;
        Status = status;
    }

    /// <summary>Where it failed; the hops before it are fine.</summary>
    public TunnelHop Hop { get; }

    /// <summary>What to answer: 502, 503, 504, or 400 when the request itself can't be sent.</summary>
    public int Status { get; }
}
