using System.Collections.Concurrent;
using Gatehouse.Model.Tunnels;

namespace Gatehouse.Tests.Tunnel;

/// <summary>How soon what broke is noticed, and how soon all is well again.</summary>
[Collection(nameof(Alone))]
public class OutageTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task R09_connectors_come_back_after_the_edge_was_away_and_not_all_at_once()
    {
        await using var rig = await TunnelRig.StartAsync();
        var all = new List<TunnelCredentials>();
        for (var n = 0; n < 30; n++)
        {
            all.Add(rig.AddTunnel($"t{n}", rig.Ingress));
            await rig.ConnectAsync(all[^1], connections: 4);
        }

        await rig.StopEdgeAsync(TimeSpan.FromMilliseconds(10));
        await Task.Delay(TimeSpan.FromSeconds(1.5), Token);
        await rig.StartEdgeAsync();
        var began = rig.Clock.GetTimestamp();
        var back = new ConcurrentDictionary<Guid, int>(); // connection -> second it was seen in
        while (back.Count < 120 && rig.Clock.GetElapsedTime(began) < TimeSpan.FromSeconds(30)) // LinkPaceTests says how soon they dial; how soon they are served is this machine's
        {
            foreach (var connection in rig.Registry.All)
            {
                back.TryAdd(connection.Id, (int)rig.Clock.GetElapsedTime(began).TotalSeconds);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), Token);
        }

        Assert.Equal(120, back.Count);
        Assert.InRange(back.Values.GroupBy(s => s).Max(g => g.Count()), 1, 48); // 40 %
    }
}
