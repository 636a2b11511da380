using Gatehouse.Model.Tunnels.Ingress;

namespace Gatehouse.Tunnel.Connector.Origins;

/// <summary>The connections to one service, of which no more than its rule says stay open between requests.</summary>
internal sealed class OriginPool(HttpMessageInvoker client, OriginSettings settings) : IDisposable
{
    private int keeping;

    /// <summary>Decides whether the connection of a request is kept after it. Dispose of the result when the answer is over.</summary>
    public IDisposable? Enter(HttpRequestMessage request)
    {
        if (Interlocked.Increment(ref keeping) <= settings.KeepAliveConnections)
        {
            return new Stay(this);
        }

        // As many as may be kept are in use: this one gets another, and that is closed.
        Interlocked.Decrement(ref keeping);
        request.Headers.ConnectionClose = true;
        return null;
    }

    /// <summary>Sends a request.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => client.SendAsync(request, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private sealed class Stay(OriginPool pool) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref pool.keeping);
    }
}
