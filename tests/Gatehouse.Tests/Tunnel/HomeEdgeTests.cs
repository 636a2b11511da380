using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Tests.Tunnel;

/// <summary>A connector that was told of several edges has some of its connections at each.</summary>
public class HomeEdgeTests
{
    private const int CannotBeReached = 4202;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task R09_an_edge_that_was_away_gets_its_connections_back_and_no_other_edge_takes_them_meanwhile()
    {
        await using var one = await TunnelRig.StartAsync();
        await using var two = await TunnelRig.StartAsync();
        var credentials = one.AddTunnel("both", one.Ingress);
        two.AddTunnel(credentials, "both", one.Ingress);
        var connector = await one.ConnectAsync(credentials, connections: 4, trust: [AuthorityOf(one), AuthorityOf(two)], other: two.Edge.ToString());
        Assert.Equal([0, 2], IndexesAt(one));
        Assert.Equal([1, 3], IndexesAt(two));

        await two.StopEdgeAsync(TimeSpan.FromMilliseconds(10));
        await TunnelRig.UntilAsync(() => one.Log.All.Count(l => l.Id == CannotBeReached) >= 3, "tried again"); // so that at least one failed twice
        Assert.Equal([0, 2], IndexesAt(one));

        await two.StartEdgeAsync();
        await TunnelRig.UntilAsync(() => connector.Ready == 4, "back");
        Assert.Equal([0, 2], IndexesAt(one));
        Assert.Equal([1, 3], IndexesAt(two));

        IEnumerable<int> IndexesAt(TunnelRig rig) => rig.Registry.Connections(credentials.TunnelId).Select(c => (int)c.Registered!.Index).Order();
    }

    [Fact]
    public async Task A_connector_begins_at_whichever_edge_there_is()
    {
        await using var here = await TunnelRig.StartAsync();
        await using var away = await TunnelRig.StartAsync();
        var credentials = here.AddTunnel("one", here.Ingress);
        await away.StopEdgeAsync(TimeSpan.FromMilliseconds(10));
        var connector = await away.ConnectAsync(credentials, connections: 1, trust: [AuthorityOf(here)], wait: false, other: here.Edge.ToString());
        await TunnelRig.UntilAsync(() => connector.Ready == 1, "connected");
        await away.StartEdgeAsync();
    }

    private static X509Certificate2 AuthorityOf(TunnelRig rig) => X509CertificateLoader.LoadCertificate(rig.Authority.Certificate.RawData);
}
