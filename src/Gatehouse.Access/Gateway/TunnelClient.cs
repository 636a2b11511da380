using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;

namespace Gatehouse.Access.Gateway;

/// <summary>Hands a request to whoever knows tunnels. The gateway does not know what they are made of.</summary>
internal sealed class TunnelClient(ITunnelSender? sender) : HttpMessageHandler
{
    private static readonly HttpRequestOptionsKey<Guid> Tunnel = new("gatehouse.tunnel");

    /// <summary>Says which tunnel a request goes through.</summary>
    public static void Address(HttpRequestMessage request, TunnelEntry tunnel) => request.Options.Set(Tunnel, tunnel.Tunnel.Id);

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        sender is null ? throw new TunnelFaultException("can't be used here: no tunnel edge runs on this node")
        : request.Options.TryGetValue(Tunnel, out var tunnel) ? sender.SendAsync(tunnel, request, cancellationToken)
        : throw new InvalidOperationException("a request without a tunnel");
}
