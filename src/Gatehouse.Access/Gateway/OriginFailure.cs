using System.Net.Sockets;
using System.Security.Authentication;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;
using Yarp.ReverseProxy.Forwarder;

namespace Gatehouse.Access.Gateway;

/// <summary>Why an origin gave no answer, in words for the page and the log.</summary>
/// <param name="Status">502, or 504 when time ran out.</param>
/// <param name="What">A clause that follows the origin's address: <c>refused the connection</c>.</param>
/// <param name="Hop">Which hop of a tunnel failed; null when the gateway dials the origin itself.</param>
/// <param name="Detail">More, for the log alone.</param>
internal readonly record struct OriginFailure(int Status, string What, TunnelHop? Hop = null, string? Detail = null)
{
    private const int BadGateway = 502;
    private const int GatewayTimeout = 504;

    /// <summary>Reads the forwarder's error. <paramref name="silentFor"/> is set when the origin began no answer in time.</summary>
    public static OriginFailure Of(ForwarderError error, Exception? fault, TimeSpan? silentFor)
    {
        if (silentFor is { } limit)
        {
            return new(GatewayTimeout, $"sent no answer within {limit.TotalSeconds:0.#} seconds");
        }

        for (var inner = fault; inner is not null; inner = inner.InnerException)
        {
            if (Of(inner) is { } known)
            {
                return known;
            }
        }

        return error switch
        {
            ForwarderError.RequestTimedOut => new(GatewayTimeout, "was silent for too long"),
            ForwarderError.RequestCreation => new(BadGateway, "can't be asked: the service's address or host header is not usable"),
            ForwarderError.RequestBodyDestination => new(BadGateway, "stopped reading the request"),
            ForwarderError.ResponseHeaders => new(BadGateway, "sent an answer whose headers can't be passed on"),
            ForwarderError.UpgradeResponseClient => new(BadGateway, "switched protocols without being asked to"),
            _ => new(BadGateway, "closed the connection before it answered"),
        };
    }

    /// <summary>Host and port of an origin, for people.</summary>
    public static string AddressOf(OriginEntry origin) => origin.Tunnel is { } tunnel ? $"tunnel {tunnel.Tunnel.Name}" :
        Uri.TryCreate(origin.Prefix, UriKind.Absolute, out var uri) ? $"{uri.Scheme}://{uri.Host}:{uri.Port}" : origin.Prefix;

    private static OriginFailure? Of(Exception fault) => fault switch
    {
        AddressRefusedException refused => new(BadGateway, refused.What, Detail: refused.Message),
        TunnelFaultException tunnel => new(tunnel.Status, tunnel.Message, tunnel.Hop),
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => new(BadGateway, "refused the connection"),
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery } =>
            new(BadGateway, "could not be found: its name does not resolve"),
        SocketException { SocketErrorCode: SocketError.TimedOut } => new(GatewayTimeout, "did not accept the connection in time"),
        SocketException { SocketErrorCode: SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown } =>
            new(BadGateway, "can't be reached over the network"),
        AuthenticationException => new(BadGateway, "offered TLS that can't be trusted (set noTLSVerify, or give it a certificate for its name)"),
        TimeoutException => new(GatewayTimeout, "did not accept the connection in time"),
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError } =>
            new(BadGateway, "sent something that is not HTTP"),
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => new(BadGateway, "sent headers that are too long"),
        _ => null,
    };
}
