using System.Net;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Web.Http;

/// <summary>The address a request came from, as the listener saw it. Forwarding headers are never believed.</summary>
public static class ClientAddress
{
    /// <summary>The peer's address; IPv4 in IPv6 is mapped back. <see cref="IPAddress.None"/> when the transport has none, which no range holds.</summary>
    public static IPAddress Of(HttpContext context) => context.Connection.RemoteIpAddress switch
    {
        null => IPAddress.None,
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4(),
        { } address => address,
    };
}
