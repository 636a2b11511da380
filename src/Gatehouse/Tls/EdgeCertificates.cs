using System.Net.Security;
using Gatehouse.Tunnel.Edge;

namespace Gatehouse.Tls;

/// <summary>The certificate of the tunnel edge. Always of the local CA: it bears names that no other authority would vouch for.</summary>
internal sealed class EdgeCertificates(IServiceProvider services, TimeProvider clock)
{
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    private readonly Lock gate = new();
    private (SslStreamCertificateContext Context, DateTimeOffset RenewAt)? issued; // guarded by gate

    /// <summary>The one to show now.</summary>
    public SslStreamCertificateContext Current()
    {
        var now = clock.GetUtcNow();
        lock (gate)
        {
            if (issued is not { } known || known.RenewAt <= now)
            {
                var leaf = services.GetRequiredService<LocalAuthority>().Issue(EdgeCertificate.Names, now);
                issued = known = (SslStreamCertificateContext.Create(leaf, additionalCertificates: null, offline: true), leaf.NotAfter - RenewBefore);
            }

            return known.Context;
        }
    }
}
