using Gatehouse.Model.Tunnels;
using Gatehouse.Tunnel.Edge;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

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
        await TunnelRig.UntilAsync(() => Assert.Single(rig.Registry.Of(tunnel.TunnelId)).ConfigurationNumber == 1, "said");
        await publisher.RenewAsync(Token);
        Assert.Equal(3, book.Rows.Count);
        Assert.All(book.Rows.Values, r => Assert.Equal((book.Node, tunnel.TunnelId, "127.0.0.1"), (r.NodeId, r.TunnelId, r.OriginIp)));
        Assert.Single(book.Rows.Values, r => r.ConfigurationNumber == 1);

        (await rig.GetAsync(tunnel.TunnelId, "/")).Dispose();
        await publisher.WriteAsync(Token);
        await publisher.RenewAsync(Token);
        Assert.Equal([3], book.Writes);

        book.Rows.Clear(); // it was thought to be gone
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
    public async Task A_row_whose_connection_is_gone_goes_at_the_next_renewal_whatever_became_of_the_writes()
    {
        var book = new FakeBook { LosesAnswers = true };
        await using var rig = await TunnelRig.StartAsync(book: book);
        var publisher = rig.Services.GetRequiredService<ConnectionPublisher>();
        var credentials = rig.AddTunnel("short", rig.Ingress);
        var connector = await rig.ConnectAsync(credentials, connections: 2);
        await Assert.ThrowsAsync<IOException>(() => publisher.RenewAsync(Token)); // they were written, and nobody here knows
        Assert.Equal(2, book.Rows.Count);
        book.LosesAnswers = false;
        await connector.StopAsync();
        await TunnelRig.UntilAsync(() => !rig.Registry.Everyone.Any(), "gone");
        await publisher.RenewAsync(Token);
        Assert.Empty(book.Rows);
    }

    [Fact]
    public async Task What_was_written_before_a_failure_is_not_written_once_more()
    {
        var book = new FakeBook { WritesLeft = 2 };
        await using var rig = await TunnelRig.StartAsync(book: book);
        var tunnel = await rig.UsualAsync(connections: 3);
        await TunnelRig.UntilAsync(() => Assert.Single(rig.Registry.Of(tunnel.TunnelId)).ConfigurationNumber == 1, "said");
        using var publisher = new ConnectionPublisher(rig.Registry, book, new OtherNodes(), rig.Clock, rig.Services.GetRequiredService<ILogger<ConnectionPublisher>>()) { Batch = 1 };
        await Assert.ThrowsAsync<IOException>(() => publisher.RenewAsync(Token));
        Assert.Equal(2, book.Rows.Count);
        book.WritesLeft = int.MaxValue;
        await publisher.WriteAsync(Token);
        Assert.Equal(3, book.Rows.Count);
        Assert.Equal([1, 1, 1], book.Writes);
    }

    [Fact]
    public async Task A_connection_that_can_not_be_written_holds_up_no_other_and_is_tried_again_at_renewals()
    {
        var book = new FakeBook();
        await using var rig = await TunnelRig.StartAsync(book: book);
        var publisher = rig.Services.GetRequiredService<ConnectionPublisher>();
        var tunnel = await rig.UsualAsync(connections: 3);
        await TunnelRig.UntilAsync(() => Assert.Single(rig.Registry.Of(tunnel.TunnelId)).ConfigurationNumber == 1, "said");
        var bad = rig.Registry.Connections(tunnel.TunnelId)[1].Id;
        book.Refuses.TryAdd(bad, 0);
        await publisher.RenewAsync(Token);
        await publisher.WriteAsync(Token);
        await publisher.RenewAsync(Token);
        Assert.Equal([3, 1], book.Writes);
        Assert.Equal(2, book.Rows.Count);
        Assert.Contains(bad.ToString(), Assert.Single(rig.Log.All, l => l.Id == 4114).Text, StringComparison.Ordinal); // said once
        book.Refuses.Clear();
        await publisher.RenewAsync(Token);
        Assert.Equal(3, book.Rows.Count);
    }

    [Fact]
    public async Task What_a_connector_brings_once_more_is_not_written_once_more()
    {
        var book = new FakeBook();
        await using var rig = await TunnelRig.StartAsync(book: book);
        var publisher = rig.Services.GetRequiredService<ConnectionPublisher>();
        var tunnel = await rig.UsualAsync();
        await TunnelRig.UntilAsync(() => Assert.Single(rig.Registry.Of(tunnel.TunnelId)).ConfigurationNumber == 1, "said");
        var connection = Assert.Single(rig.Registry.Connections(tunnel.TunnelId));
        for (var time = 0; time < 3; time++)
        {
            connection.TakeLocalConfiguration("{}"u8);
            await publisher.WriteAsync(Token);
        }

        connection.TakeLocalConfiguration("{ }"u8);
        await publisher.WriteAsync(Token);
        Assert.Equal([1, 1], book.Writes);
        Assert.Equal("{ }", Assert.Single(book.Rows.Values).LocalConfiguration);
    }

    [Fact]
    public async Task It_is_said_once_that_the_store_is_away_and_once_that_it_is_back()
    {
        var book = new FakeBook { IsShared = true, IsAway = true };
        await using var rig = await TunnelRig.StartAsync(book: book);
        await TunnelRig.UntilAsync(() => book.Vain >= 2, "tried twice");
        Assert.Single(rig.Log.All, l => l.Id == 4112);
        Assert.DoesNotContain(rig.Log.All, l => l.Id == 4113);
        book.IsAway = false;
        await TunnelRig.UntilAsync(() => rig.Log.All.Any(l => l.Id == 4113), "said to be back");
        Assert.Single(rig.Log.All, l => l.Id == 4112);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    [InlineData(4, 8)]
    [InlineData(int.MaxValue, 8)]
    public void While_the_store_is_away_it_is_asked_less_often_but_often_enough_to_keep_the_lease(int failures, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), ConnectionPublisher.PauseAfter(failures));

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
