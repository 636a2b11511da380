using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Hosting;

/// <summary>Asks whether an address can be listened on, before anything is written.</summary>
internal static class ListenProbe
{
    /// <summary>Why not, with what to do about it; null when it can.</summary>
    public static string? Fault(IPEndPoint endPoint, string flag = "--listen")
    {
        try
        {
            using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(endPoint);
            socket.Listen();
            return null;
        }
        catch (SocketException fault)
        {
            return fault.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => Taken(endPoint, flag),
                SocketError.AccessDenied => $"this user may not listen on port {endPoint.Port}; choose a port above 1023 with {flag}",
                SocketError.AddressNotAvailable => $"this machine has no address {endPoint.Address}; choose another with {flag}",
                _ => $"can't listen on {endPoint}: {fault.Message}",
            };
        }
    }

    /// <summary>The sentence for a taken port.</summary>
    public static string Taken(IPEndPoint endPoint, string flag)
    {
        var holder = PortOwner.Find(endPoint.Port);
        return $"port {endPoint.Port} on {endPoint.Address} is taken{(holder is null ? "" : " by " + holder)}; stop that, or choose another port with {flag}";
    }
}
