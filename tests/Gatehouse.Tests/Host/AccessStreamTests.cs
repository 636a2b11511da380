using System.Net;
using System.Net.Sockets;
using Gatehouse.Verbs;

namespace Gatehouse.Tests.Host;

/// <summary>The listener of <c>access tcp</c>.</summary>
public class AccessStreamTests
{
    [Fact]
    public async Task One_connection_that_can_not_be_accepted_does_not_end_it()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var caller = new TcpClient();
        await caller.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        var calls = 0;
        var faults = new List<SocketError>();

        using var accepted = await AccessStream.NextAsync(
            cancellationToken => ++calls < 3 ? throw new SocketException((int)SocketError.TooManyOpenSockets) : listener.AcceptTcpClientAsync(cancellationToken),
            faults.Add, TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.True(accepted.Connected);
        Assert.Equal([SocketError.TooManyOpenSockets, SocketError.TooManyOpenSockets], faults);
    }

    [Fact]
    public async Task Being_told_to_stop_ends_it()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => AccessStream.NextAsync(
            _ => throw new SocketException((int)SocketError.TooManyOpenSockets), _ => { }, TimeProvider.System, stop.Token));
    }
}
