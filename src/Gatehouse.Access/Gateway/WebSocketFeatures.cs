using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Access.Gateway;

/// <summary>Puts a <see cref="WebSocketStream"/> between the forwarder and a browser that asks for a WebSocket, over HTTP/1.1 (RFC 6455) or HTTP/2 (RFC 8441).</summary>
internal static class WebSocketFeatures
{
    private const string Protocol = "websocket";

    /// <summary>Does so for this request, if it asks.</summary>
    public static void Watch(HttpContext context, Action<WebSocketStream> opened)
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade
            && context.Request.Headers.Upgrade is [{ } wanted] && wanted.Equals(Protocol, StringComparison.OrdinalIgnoreCase))
        {
            context.Features.Set<IHttpUpgradeFeature>(new Upgrade(upgrade, opened));
        }

        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: Protocol } connect)
        {
            context.Features.Set<IHttpExtendedConnectFeature>(new Connect(connect, opened));
        }
    }

    private static WebSocketStream Open(Stream browser, Action<WebSocketStream> opened)
    {
        var stream = new WebSocketStream(browser);
        opened(stream);
        return stream;
    }

    private sealed class Upgrade(IHttpUpgradeFeature inner, Action<WebSocketStream> opened) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        public async Task<Stream> UpgradeAsync() => Open(await inner.UpgradeAsync(), opened);
    }

    private sealed class Connect(IHttpExtendedConnectFeature inner, Action<WebSocketStream> opened) : IHttpExtendedConnectFeature
    {
        public bool IsExtendedConnect => inner.IsExtendedConnect;

        public string? Protocol => inner.Protocol;

        public async ValueTask<Stream> AcceptAsync() => Open(await inner.AcceptAsync(), opened);
    }
}
