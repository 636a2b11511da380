using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Gatehouse.Tunnel.Edge;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Tunnel;

/// <summary>Many who dial the edge and never say who they are.</summary>
[Collection(nameof(Alone))]
public sealed class EdgeFloodTests : IDisposable
{
    // The head of a record of 512 bytes, and the first of them.
    private static readonly byte[] HalfAHello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];

    private readonly List<TcpClient> silent = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task N09_a_connection_is_pending_until_it_has_registered()
    {
        await using var rig = await TunnelRig.StartAsync();
        var server = rig.Services.GetRequiredService<EdgeServer>();
        await rig.UsualAsync(connections: 4);
        Assert.Equal(0, server.Pending);
        await DialAsync(rig, "127.0.0.2", 1);
        await SecureAsync(silent[0]);
        await Task.Delay(TimeSpan.FromMilliseconds(300), Token);
        Assert.Equal(1, server.Pending); // its handshake is done, and that is not enough
        silent[0].Dispose();
        await TunnelRig.UntilAsync(() => server.Pending == 0, "given back");
    }

    [Fact]
    public async Task N09_who_says_nothing_after_the_handshake_is_cut()
    {
        await using var rig = await TunnelRig.StartAsync(o => o.RegisterTimeout = TimeSpan.FromSeconds(1));
        await DialAsync(rig, "127.0.0.2", 1);
        var tls = await SecureAsync(silent[0]);
        await EndAsync(tls).WaitAsync(TimeSpan.FromSeconds(12), Token);
        await TunnelRig.UntilAsync(() => rig.Services.GetRequiredService<EdgeServer>().Pending == 0, "given back");
    }

    [Fact]
    public async Task N09_an_address_holds_no_more_than_its_share()
    {
        await using var rig = await TunnelRig.StartAsync(o => (o.PendingConnections, o.PendingOfNetwork) = (16, 4));
        await DialAsync(rig, "127.0.0.2", 20, HalfAHello);
        await TunnelRig.UntilAsync(() => silent.Count(IsCut) == 16, "cut");
        Assert.Equal(4, rig.Services.GetRequiredService<EdgeServer>().Pending);
    }

    [Fact]
    public async Task N09_stalled_handshakes_from_many_addresses_keep_no_connector_out()
    {
        await using var rig = await TunnelRig.StartAsync(o => (o.PendingConnections, o.PendingOfNetwork, o.RegisterTimeout) = (16, 4, TimeSpan.FromMinutes(1)));
        for (var n = 2; n < 30; n++)
        {
            await DialAsync(rig, $"127.0.0.{n}", 4, HalfAHello);
        }

        await TunnelRig.UntilAsync(() => silent.Count(IsCut) == silent.Count - 16, "full");
        var began = rig.Clock.GetTimestamp();
        await rig.UsualAsync(connections: 4);
        Assert.InRange(rig.Clock.GetElapsedTime(began).TotalSeconds, 0, 50); // sooner than any handshake is late
    }

    [Fact]
    public async Task R23_a_listener_that_was_stopped_between_two_lines_ends_the_edge_in_order()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        listener.Stop();
        Assert.Null(await EdgeServer.NextAsync(listener, Token)); // an exception here would end the stop before anything was drained
    }

    [Fact]
    public void Those_who_hold_most_give_way_and_the_oldest_first()
    {
        var slots = new PendingSlots(4, 3);
        var given = new List<string>();
        Take("2001:db8::1", "a1");
        Take("2001:db8::2", "a2"); // the same /64
        Take("2001:db8::ffff", "a3");
        Assert.Null(slots.TryTake(IPAddress.Parse("2001:db8::4"), () => given.Add("a4")));
        using var other = Take("2001:db8:0:1::1", "b1");
        Take("192.0.2.1", "c1");
        Take("::ffff:192.0.2.2", "d1");
        Assert.Equal(["a1", "a2"], given);
        Take("192.0.2.3", "e1");
        Assert.Equal(["a1", "a2", "a3"], given);
        Assert.Equal(4, slots.Count);
        other!.Dispose();
        other.Dispose();
        Assert.Equal(3, slots.Count);

        PendingSlots.Slot? Take(string address, string name) => slots.TryTake(IPAddress.Parse(address), () => given.Add(name));
    }

    /// <inheritdoc/>
    public void Dispose() => silent.ForEach(c => c.Dispose());

    private static bool IsCut(TcpClient client) => client.Client.Poll(0, SelectMode.SelectRead) && client.Client.Available == 0;

    private async Task DialAsync(TunnelRig rig, string from, int count, byte[]? said = null)
    {
        for (var n = 0; n < count; n++)
        {
            var client = new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0));
            silent.Add(client);
            await client.ConnectAsync(rig.Edge, Token);
            if (said is not null)
            {
                client.Client.Send(said, SocketFlags.None, out _); // who is cut already says nothing
            }
        }
    }

    private static async Task EndAsync(SslStream tls)
    {
        try
        {
            var piece = new byte[1024];
            while (await tls.ReadAsync(piece, Token) > 0)
            {
                // What the edge asks.
            }
        }
        catch (IOException)
        {
            // An end too.
        }
    }

    private static async Task<SslStream> SecureAsync(TcpClient client)
    {
#pragma warning disable CA2000, CA5359 // the client closes the line; a hostile connector does not care whom it talks to
        var tls = new SslStream(client.GetStream(), true, (_, _, _, _) => true);
#pragma warning restore CA2000, CA5359
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "h2.cftunnel.com" }, Token);
        return tls;
    }
}
