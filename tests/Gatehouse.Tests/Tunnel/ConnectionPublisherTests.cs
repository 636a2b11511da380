using Gatehouse.Model.Tunnels;
using Gatehouse.Tunnel.Edge;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Tunnel;

/// <summary>What an edge lets other nodes know.</summary>
public class ConnectionPublisherTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_what_changed_is_written_and_a_request_writes_nothing()
    {
        var book = new FakeBook();
        await using var rig = await TunnelRig.StartAsync(book: book);
        var publisher = rig.Services.GetRequiredService<ConnectionPublisher>();
        var tunnel = await rig.UsualAsync(connections: 3);
        await publisher.RenewAsync(Token);
        Assert.Equal(3, book.Rows.Count);
        Assert.All(book.Rows.Values, r => Assert.Equal((book.Node, tunnel.TunnelId, "127.0.0.1"), (r.NodeId, r.TunnelId, r.OriginIp)));
        Assert.Single(book.Rows.Values, r => r.ConfigurationNumber == 1);

        (await rig.GetAsync(tunnel.TunnelId, "/")).Dispose();
        await publisher.WriteAsync(Token);
        await publisher.RenewAsync(Token);
        Assert.Equal([3], book.Writes);

        book.IsKnown = false; // it was thought to be gone
        book.Rows.Clear();
        await publisher.RenewAsync(Token);
        Assert.Equal(3, book.Rows.Count);
    }

    [Fact]
    public async Task What_can_not_be_written_is_written_later()
    {
        var book = new FakeBook { IsAway = true };
        await using var rig = await TunnelRig.StartAsync(book: book);
        var publisher = rig.Services.GetRequiredService<ConnectionPublisher>();
        await rig.UsualAsync(connections: 2);
        await Assert.ThrowsAsync<IOException>(() => publisher.RenewAsync(Token));
        await Assert.ThrowsAsync<IOException>(() => publisher.WriteAsync(Token));
        book.IsAway = false;
        await publisher.WriteAsync(Token);
        Assert.Equal(2, book.Rows.Count);
    }

    [Fact]
    public async Task A_request_that_finds_no_connector_here_is_told_when_there_is_one_at_another_node()
    {
        var book = new FakeBook();
        await using var rig = await TunnelRig.StartAsync(book: book);
        var tunnel = rig.AddTunnel("elsewhere", rig.Ingress).TunnelId;
        var nowhere = await Assert.ThrowsAsync<TunnelFaultException>(() => rig.GetAsync(tunnel, "/"));
        Assert.Contains("no connector connected", nowhere.Message, StringComparison.Ordinal);
        book.Elsewhere.Add(tunnel);
        await rig.Services.GetRequiredService<ConnectionPublisher>().RenewAsync(Token);
        var elsewhere = await Assert.ThrowsAsync<TunnelFaultException>(() => rig.GetAsync(tunnel, "/"));
        Assert.Equal((TunnelHop.Edge, 502), (elsewhere.Hop, elsewhere.Status));
        Assert.Contains("other nodes", elsewhere.Message, StringComparison.Ordinal);
    }
}
