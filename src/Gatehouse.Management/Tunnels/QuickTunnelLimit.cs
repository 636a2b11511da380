using System.Net;
using Gatehouse.Model.Hosts;

namespace Gatehouse.Management.Tunnels;

/// <summary>How often those without a token may make a quick tunnel: a few at once from an IPv4 address or IPv6 /64, then one every ten minutes.</summary>
internal sealed class QuickTunnelLimit(TimeProvider clock)
{
    /// <summary>How many at once.</summary>
    public const int Burst = 5;

    private readonly AddressLimit limit = new(1 / TimeSpan.FromMinutes(10).TotalSeconds, Burst, clock);

    /// <summary>Whether one more is to be made for this address.</summary>
    public bool TryTake(IPAddress address) => limit.TryTake(address);
}
