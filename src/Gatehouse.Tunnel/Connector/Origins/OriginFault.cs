using System.Net.Sockets;
using System.Security.Authentication;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Tunnels;

namespace Gatehouse.Tunnel.Connector.Origins;

/// <summary>Why a service gave no answer: which hop, and a clause that follows the service's name, for anybody to read. <paramref name="Detail"/> is for the connector's log alone.</summary>
internal readonly record struct OriginFault(TunnelHop Hop, string What, string? Detail = null)
{
    /// <summary>Reads what was thrown.</summary>
    public static OriginFault Of(Exception fault)
    {
        for (var inner = fault; inner is not null; inner = inner.InnerException)
        {
            if (OfOne(inner) is { } known)
            {
                return known;
            }
        }

        return new(TunnelHop.Http, "closed the connection before it answered");
    }

    private static OriginFault? OfOne(Exception fault) => fault switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => new(TunnelHop.Tcp, "refused the connection"),
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery } =>
            new(TunnelHop.Dns, "could not be found: its name does not resolve"),
        SocketException { SocketErrorCode: SocketError.TimedOut } => new(TunnelHop.Tcp, "did not accept the connection in time"),
        SocketException { SocketErrorCode: SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown } =>
            new(TunnelHop.Tcp, "can't be reached over the network"),
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable or SocketError.AccessDenied or SocketError.InvalidArgument } => new(TunnelHop.Tcp, "can't be dialed"),
        AuthenticationException => new(TunnelHop.Tls, "offered TLS that can't be trusted (set noTLSVerify, caPool or originServerName)"),
        TimeoutException late => new(late.Message.Contains("TLS", StringComparison.Ordinal) ? TunnelHop.Tls : TunnelHop.Tcp, late.Message),
        AddressRefusedException refused => new(TunnelHop.Tcp, refused.What, refused.Message),
        SocketRefusedException refused => new(TunnelHop.Tcp, refused.Message),
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError } => new(TunnelHop.Http, "sent something that is not HTTP"),
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => new(TunnelHop.Http, "sent headers that are too long"),
        System.Security.Cryptography.CryptographicException or FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException =>
            new(TunnelHop.Tls, "can't be asked: the file that caPool names can't be read"),
        _ => null,
    };
}
