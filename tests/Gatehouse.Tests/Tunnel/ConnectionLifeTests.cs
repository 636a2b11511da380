using System.Net;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tunnel.Wire;

namespace Gatehouse.Tests.Tunnel;

/// <summary>Connections that are there and no good: they take no more, they do not answer, or one body stands in the way of all.</summary>
public class ConnectionLifeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task R08_connections_that_take_no_more_are_left_and_closed()
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("shared", rig.Ingress);
        var zombies = new List<RawConnector>();
        for (var n = 0; n < 5; n++)
        {
            zombies.Add(await RawConnector.RegisterAsync(rig, credentials));
        }

        // More of them than there are tries.
        await rig.ConnectAsync(credentials);
        await Task.WhenAll(zombies.Select(z => z.LeaveAsync(int.MaxValue)));
        for (var n = 0; n < 20; n++)
        {
            using var response = await rig.SendAsync(credentials.TunnelId, HttpMethod.Post, "/sum", "app.test", new ByteArrayContent(new byte[100]));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.All(zombies, z => Assert.Equal(0, z.Opened));
        await TunnelRig.UntilAsync(() => zombies.TrueForAll(z => z.IsClosed), "closed"); // so that they dial again
        Assert.Single(rig.Registry.Everyone);
        foreach (var zombie in zombies)
        {
            await zombie.DisposeAsync();
        }
    }

    [Fact]
    public async Task R08_one_that_takes_no_more_finishes_what_it_has()
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("alone", null);
        await using var connector = await RawConnector.RegisterAsync(rig, credentials);
        var first = rig.GetAsync(credentials.TunnelId, "/", "any.test");
        var stream = await connector.NextAsync();
        await connector.LeaveAsync(int.MaxValue);
        await Assert.ThrowsAsync<TunnelFaultException>(() => rig.GetAsync(credentials.TunnelId, "/", "any.test"));
        await Task.Delay(TimeSpan.FromMilliseconds(500), Token);
        Assert.False(connector.IsClosed);
        await connector.AnswerAsync(stream);
        using (var response = await first)
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        await TunnelRig.UntilAsync(() => connector.IsClosed, "closed");
    }

    [Fact]
    public async Task R08_nobody_is_sent_to_a_connector_that_does_not_answer_and_who_was_is_served_by_another()
    {
        await using var rig = await TunnelRig.StartAsync(o => o.LongestSilence = TimeSpan.FromSeconds(10));
        var credentials = rig.AddTunnel("shared", rig.Ingress);
        await using var dead = await RawConnector.RegisterAsync(rig, credentials);
        await rig.ConnectAsync(credentials);
        dead.IsDeaf = true;
        var connection = rig.Registry.Connections(credentials.TunnelId).Single(c => c.Registered!.Version == "raw");
        var caught = new List<Task<HttpResponseMessage>>();
        while (dead.Opened == 0)
        {
            caught.Add(rig.GetAsync(credentials.TunnelId, "/"));
            await Task.Delay(TimeSpan.FromMilliseconds(20), Token);
        }

        await TunnelRig.UntilAsync(() => connection.IsSilent, "known");
        Assert.False(dead.IsClosed); // long before it is given up
        var before = dead.Opened;
        for (var n = 0; n < 20; n++)
        {
            using var response = await rig.SendAsync(credentials.TunnelId, HttpMethod.Post, "/sum", "app.test", new ByteArrayContent(new byte[100]));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(before, dead.Opened);
        foreach (var request in caught)
        {
            using var response = await request.WaitAsync(TimeSpan.FromSeconds(60), Token);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        await TunnelRig.UntilAsync(() => dead.IsClosed, "closed");
    }

    [Fact]
    public async Task R08_a_dead_connector_is_not_taken_for_a_broken_service()
    {
        await using var rig = await TunnelRig.StartAsync(o => o.LongestSilence = TimeSpan.FromSeconds(2));
        var credentials = rig.AddTunnel("alone", null);
        await using var dead = await RawConnector.RegisterAsync(rig, credentials);
        dead.IsDeaf = true;
        var fault = await Assert.ThrowsAsync<TunnelFaultException>(
            () => rig.SendAsync(credentials.TunnelId, HttpMethod.Post, "/", "any.test", new ByteArrayContent(new byte[10])).WaitAsync(TimeSpan.FromSeconds(60), Token));
        Assert.Equal((TunnelHop.Connector, 502), (fault.Hop, fault.Status));
        Assert.Contains(rig.Log.All, l => l.Id == 4109);
    }

    [Fact]
    public async Task A_service_may_take_its_time_while_its_connector_answers()
    {
        await using var rig = await TunnelRig.StartAsync(o => (o.LongestSilence, o.KeepAlive) = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2)));
        var tunnel = (await rig.UsualAsync()).TunnelId;
        var byHand = rig.AddTunnel("raw", null);
        await using var connector = await RawConnector.RegisterAsync(rig, byHand);
        var slow = rig.GetAsync(tunnel, "/wait");
        var other = rig.GetAsync(byHand.TunnelId, "/", "any.test");
        var stream = await connector.NextAsync();
        await TunnelRig.UntilAsync(() => connector.Pings >= 5, "asked for longer than it may be silent");
        Assert.False(slow.IsCompleted || other.IsCompleted);
        rig.Origin.Gate.Release();
        await connector.AnswerAsync(stream);
        using var first = await slow;
        using var second = await other;
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
    }

    [Fact]
    public async Task An_idle_connector_that_is_dead_is_given_up_after_its_keep_alive()
    {
        await using var rig = await TunnelRig.StartAsync(o => o.KeepAlive = TimeSpan.FromSeconds(1));
        var credentials = rig.AddTunnel("idle", null);
        await using var well = await RawConnector.RegisterAsync(rig, credentials);
        await using var dead = await RawConnector.RegisterAsync(rig, credentials);
        dead.IsDeaf = true;
        await TunnelRig.UntilAsync(() => dead.IsClosed, "given up");
        Assert.False(well.IsClosed);
    }

    [Fact]
    public async Task An_upload_that_nobody_reads_leaves_room_for_others()
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("stock", null);
        await using var connector = await RawConnector.RegisterAsync(rig, credentials);
        var stalled = UploadAsync(rig, credentials, 4 * 1024 * 1024);
        var stream = await connector.NextAsync();
        await TunnelRig.UntilAsync(() => connector.ReceivedOf(stream) == 256 * 1024, "full");

        var other = UploadAsync(rig, credentials, 200_000);
        var next = await connector.NextAsync();
        await TunnelRig.UntilAsync(() => connector.ReceivedOf(next) == 200_000, "through");
        await connector.AnswerAsync(next);
        using var response = await other;

        var socket = SocketAsync(rig, credentials);
        var up = await connector.NextAsync();
        await connector.AnswerAsync(up, UserHeaders.Write([new("Sec-WebSocket-Accept", "x")]), isEnd: false);
        using var opened = await socket;
        await (await opened.Content.ReadAsStreamAsync(Token)).WriteAsync(new byte[5000], Token);
        await TunnelRig.UntilAsync(() => connector.ReceivedOf(up) == 5000, "through");

        // What was read may be followed by more.
        await connector.SendAsync(8, 0, stream, [0, 0, 16, 0]);
        await connector.SendAsync(8, 0, 0, [0, 0, 16, 0]);
        await TunnelRig.UntilAsync(() => connector.ReceivedOf(stream) == (256 * 1024) + 4096, "gone on");
        Assert.Empty(connector.Reset);
        await connector.AnswerAsync(stream);
        using var done = await stalled;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_longest_stalled_gives_way_when_nothing_goes_up_any_more(bool isSocket)
    {
        await using var rig = await TunnelRig.StartAsync(o => o.StalledUpload = TimeSpan.FromSeconds(2));
        var credentials = rig.AddTunnel("stock", null);
        await using var connector = await RawConnector.RegisterAsync(rig, credentials);
        Task<HttpResponseMessage>? first = null;
        Task writing = Task.CompletedTask;
        if (isSocket)
        {
            var socket = SocketAsync(rig, credentials);
            await connector.AnswerAsync(await connector.NextAsync(), UserHeaders.Write([new("Sec-WebSocket-Accept", "x")]), isEnd: false);
            writing = FillAsync(await (await socket).Content.ReadAsStreamAsync(Token));
        }
        else
        {
            first = UploadAsync(rig, credentials, 4 * 1024 * 1024);
            await connector.NextAsync();
        }

        await TunnelRig.UntilAsync(() => connector.ReceivedOf(3) == 256 * 1024, "full");
        var more = new List<Task<HttpResponseMessage>>();
        var streams = new List<int>();
        for (var n = 0; n < 4; n++)
        {
            more.Add(UploadAsync(rig, credentials, 4 * 1024 * 1024));
            streams.Add(await connector.NextAsync());
        }

        await TunnelRig.UntilAsync(() => !connector.Reset.IsEmpty, "given up");
        Assert.Equal([3], connector.Reset);
        if (first is not null)
        {
            var fault = await Assert.ThrowsAsync<TunnelFaultException>(() => first);
            Assert.Equal(504, fault.Status);
        }
        else
        {
            await Assert.ThrowsAnyAsync<IOException>(() => writing);
        }

        // Its part of the window comes back, as a server does it for a stream that was reset.
        await connector.SendAsync(8, 0, 0, [0, 4, 0, 0]);
        await TunnelRig.UntilAsync(() => streams.Sum(connector.ReceivedOf) > 768 * 1024, "gone on");
        foreach (var stream in streams)
        {
            await connector.AnswerAsync(stream);
        }

        foreach (var upload in more)
        {
            using var done = await upload;
        }
    }

    private static Task<HttpResponseMessage> UploadAsync(TunnelRig rig, TunnelCredentials credentials, int size) =>
        rig.SendAsync(credentials.TunnelId, HttpMethod.Post, "/", "any.test", new ByteArrayContent(new byte[size]));

    private static Task<HttpResponseMessage> SocketAsync(TunnelRig rig, TunnelCredentials credentials) => rig.SendAsync(
        credentials.TunnelId, HttpMethod.Get, "/", "any.test", null, ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "x"), ("Sec-WebSocket-Version", "13"));

    private static async Task FillAsync(Stream stream)
    {
        for (var piece = new byte[16 * 1024]; ;)
        {
            await stream.WriteAsync(piece, Token);
        }
    }
}
