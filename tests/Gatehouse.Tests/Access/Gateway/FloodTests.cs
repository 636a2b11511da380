using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Row N04 of the attack cases: floods of frames on a few connections, and what others notice of them. Alone: times and memory are the whole process's.</summary>
[Collection(nameof(Alone))]
public class FloodTests
{
    private const int Connections = 10;
    private const int FramesAtOnce = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData("rapid reset")] // CVE-2023-44487
    [InlineData("made you reset")] // CVE-2025-8671
    [InlineData("continuation")]
    [InlineData("settings")]
    [InlineData("ping")]
    public async Task N04_others_are_served_while_frames_flood_in_and_memory_stays_flat(string kind)
    {
        await using var gateway = await GatewayHost.StartAsync();
        var calm = await MeasureAsync(gateway, TimeSpan.FromSeconds(1));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var over = new CancellationTokenSource(Lasting);
        var floods = Enumerable.Range(0, Connections).Select(_ => FloodAsync(gateway.Http2Port, kind, over.Token)).ToList();
        var attacked = await MeasureAsync(gateway, Lasting);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        var sent = (await Task.WhenAll(floods)).Sum();

        // Twice as long as before; on a machine that does other things too, what is short anyway says nothing.
        Assert.True(attacked < Math.Max(2 * calm, 250), $"p99 was {calm:0.0} ms, and {attacked:0.0} ms under {sent} frames");
        Assert.InRange(grown, long.MinValue, 32 * 1024 * 1024);
        Assert.True(sent > 2000, $"{sent} frames are no flood");
        Assert.Equal(200, (await gateway.GetAsync("/public/after")).Status);
    }

    // The 99th percentile in milliseconds.
    private static async Task<double> MeasureAsync(GatewayHost gateway, TimeSpan lasting)
    {
        var times = new List<double>();
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < lasting;)
        {
            var asked = Stopwatch.GetTimestamp();
            Assert.Equal(200, (await gateway.GetAsync("/public/probe")).Status);
            times.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
        }

        times.Sort();
        return times[(int)(times.Count * 0.99)];
    }

    // Who is cut off dials again.
    private static async Task<long> FloodAsync(int port, string kind, CancellationToken over)
    {
        long sent = 0;
        while (!over.IsCancellationRequested)
        {
            try
            {
                using var client = new TcpClient { NoDelay = true };
                await client.ConnectAsync("127.0.0.1", port, over);
                var stream = client.GetStream();
                await stream.WriteAsync((byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(4, 0, 0, [])], over);
                var draining = stream.CopyToAsync(Stream.Null, over);
                for (var id = 1; !draining.IsCompleted && !over.IsCancellationRequested; id += 2 * FramesAtOnce)
                {
                    await stream.WriteAsync(Batch(kind, id), over);
                    sent += FramesAtOnce;
                    await Task.Delay(Pause, over);
                }

                await draining;
            }
            catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException)
            {
                // Cut off, or time is up.
            }
        }

        return sent;
    }

    private static byte[] Batch(string kind, int id) => [.. Enumerable.Range(0, FramesAtOnce).SelectMany(n => kind switch
    {
        "rapid reset" => (byte[])[.. Frame(1, 5, id + (2 * n), Request), .. Frame(3, 0, id + (2 * n), [0, 0, 0, 8])],
        "made you reset" => [.. Frame(1, 5, id + (2 * n), Request), .. Frame(8, 0, id + (2 * n), [0, 0, 0, 0])],
        "continuation" => id == 1 && n == 0 ? Frame(1, 0, 1, Request) : Frame(9, 0, 1, []),
        "settings" => Frame(4, 0, 0, []),
        _ => Frame(6, 0, 0, new byte[8]),
    })];

    // GET, http, and two literals (RFC 7541 appendix A).
    private static byte[] Request { get; } = [0x82, 0x86, 0x04, 13, .. "/public/flood"u8, 0x01, 8, .. "app.test"u8];

    private static byte[] Frame(byte type, byte flags, int id, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        (frame[1], frame[2], frame[3], frame[4]) = ((byte)(payload.Length >> 8), (byte)payload.Length, type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), id);
        payload.CopyTo(frame, 9);
        return frame;
    }
}
