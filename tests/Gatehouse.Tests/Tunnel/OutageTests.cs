using System.Collections.Concurrent;
using System.Net;
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

    [Fact]
    public async Task R08_nobody_is_sent_to_a_connector_that_does_not_answer_and_who_was_is_served_by_another()
    {
        await using var rig = await TunnelRig.StartAsync(o => o.LongestSilence = TimeSpan.FromSeconds(4));
        var credentials = rig.AddTunnel("shared", rig.Ingress);
        await using var dead = await RawConnector.RegisterAsync(rig, credentials);
        await rig.ConnectAsync(credentials);
        dead.IsDeaf = true;
        var connection = rig.Registry.Connections(credentials.TunnelId).Single(c => c.Registered!.Version == "raw");
        var began = rig.Clock.GetTimestamp();
        var caught = new List<Task<HttpResponseMessage>>();
        while (dead.Opened == 0)
        {
            caught.Add(rig.GetAsync(credentials.TunnelId, "/"));
            await Task.Delay(TimeSpan.FromMilliseconds(20), Token);
        }

        await TunnelRig.UntilAsync(() => connection.IsSilent, "known");
        Assert.InRange(rig.Clock.GetElapsedTime(began).TotalSeconds, 0, 3.5); // 2 by its own clock; the rest is this machine's
        var before = dead.Opened;
        for (var n = 0; n < 20; n++)
        {
            using var response = await rig.SendAsync(credentials.TunnelId, HttpMethod.Post, "/sum", "app.test", new ByteArrayContent(new byte[100]));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(before, dead.Opened);
        foreach (var request in caught)
        {
            using var response = await request.WaitAsync(TimeSpan.FromSeconds(10), Token);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        await TunnelRig.UntilAsync(() => dead.IsClosed, "closed");
    }
}
