using System.Net;
using System.Net.Sockets;
using Gatehouse.Model.Hosts;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Tunnel;

/// <summary>Names of which one address says nothing.</summary>
[Collection(nameof(Alone))]
public class AddressRaceTests
{
    private static readonly IPAddress Dark = IPAddress.Parse("127.0.0.2");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_address_that_says_nothing_costs_a_moment_and_not_the_connection()
    {
        using var good = Listen(IPAddress.Loopback, 0);
        using var hole = new BlackHole(Dark, PortOf(good));
        var began = TimeProvider.System.GetTimestamp();
        using var socket = await AddressRace.ConnectAsync([Dark, IPAddress.Loopback], PortOf(good), null, TimeProvider.System, Token).WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)socket.RemoteEndPoint!).Address);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds, 200, 60_000);
    }

    [Fact]
    public async Task One_after_the_other_each_has_its_share_of_the_time()
    {
        using var good = Listen(IPAddress.Loopback, 0);
        using var hole = new BlackHole(Dark, PortOf(good));
        var began = TimeProvider.System.GetTimestamp();
        using var socket = await AddressRace.ConnectAsync([Dark, IPAddress.Loopback], PortOf(good), TimeSpan.FromSeconds(1), TimeProvider.System, Token).WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)socket.RemoteEndPoint!).Address);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds, 900, 60_000);
        var late = await Assert.ThrowsAsync<SocketException>(() => AddressRace.ConnectAsync([Dark], PortOf(good), TimeSpan.FromMilliseconds(100), TimeProvider.System, Token));
        Assert.Equal(SocketError.TimedOut, late.SocketErrorCode);
    }

    [Fact]
    public async Task The_first_reason_is_told_when_nobody_answers_and_a_refusal_waits_for_nothing()
    {
        var refused = await Assert.ThrowsAsync<SocketException>(() => AddressRace.ConnectAsync([IPAddress.Loopback, Dark], 1, null, new StoppedClock(), Token).WaitAsync(TimeSpan.FromSeconds(60), Token));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        await Assert.ThrowsAsync<SocketException>(() => AddressRace.ConnectAsync([], 1, null, TimeProvider.System, Token));
    }

    [Fact]
    public async Task An_IPv4_address_in_the_dress_of_IPv6_is_dialed_as_what_it_is()
    {
        using var good = Listen(IPAddress.Loopback, 0);
        using var socket = await AddressRace.ConnectAsync([IPAddress.Loopback.MapToIPv6()], PortOf(good), null, TimeProvider.System, Token);
        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)socket.RemoteEndPoint!).Address);
    }

    [Fact]
    public async Task Whoever_gives_up_leaves_nothing_behind()
    {
        using var good = Listen(IPAddress.Loopback, 0);
        using var hole = new BlackHole(Dark, PortOf(good));
        using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(400));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => AddressRace.ConnectAsync([Dark], PortOf(good), null, TimeProvider.System, impatient.Token).WaitAsync(TimeSpan.FromSeconds(60), Token));
    }

    [Fact]
    public async Task A_connector_reaches_the_edge_by_the_address_that_answers()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "localhost has one address here");
        await using var edge = new HandMadeEdge(IPAddress.IPv6Loopback);
        using var hole = new BlackHole(IPAddress.Loopback, edge.Port);
        await edge.ConnectAsync("""{"ingress":[{"service":"http_status:299"}]}""", "localhost");
        await edge.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.Equal(299, await edge.StatusOfAsync("/"));
    }

    [Theory]
    [InlineData("false", 0.2)]
    [InlineData("true", 1.4)] // noHappyEyeballs: half of the time for each
    public async Task A_service_is_reached_by_the_address_that_answers(string oneByOne, double least)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "localhost has one address here");
        using var service = Listen(IPAddress.IPv6Loopback, 0);
        using var hole = new BlackHole(IPAddress.Loopback, PortOf(service));
        await using var edge = await HandMadeEdge.StartAsync($$"""{"ingress":[{"service":"http://localhost:{{PortOf(service)}}","originRequest":{"connectTimeout":3,"noHappyEyeballs":{{oneByOne}} } }]}""");
        var began = TimeProvider.System.GetTimestamp();
        var asking = edge.StatusOfAsync("/");
        using var accepted = await service.AcceptAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, least, 60);
        await using var raw = new RawStream(new NetworkStream(accepted));
        await raw.ReadHeadAsync();
        await raw.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(200, await asking);
    }

    /// <summary>A clock on which nothing is ever due: whoever waits for it waits for ever.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Never();

        private sealed class Never : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
                // There is nothing to stop.
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    private static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    private static Socket Listen(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, port));
        socket.Listen();
        return socket;
    }
}
