using Gatehouse.Model.Dns;
using Gatehouse.Model.Tunnels;
using Gatehouse.Store.Tunnels;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Gatehouse.Tests.Store;

/// <summary>When quick tunnels go.</summary>
public class QuickTunnelCleanerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_quick_tunnel_goes_with_its_name_five_minutes_after_it_was_made_if_nobody_connects_and_others_stay(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var (unused, ordinary) = (await AddAsync(store, isQuick: true), await AddAsync(store, isQuick: false));
        clock.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(0, await CleanAsync(store));
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, await CleanAsync(store));
        await using var db = store.Open();
        Assert.Equal([ordinary], await db.Tunnels.Select(t => t.Id).ToListAsync(Cancel));
        Assert.False(await db.DnsRecords.AnyAsync(r => r.Content == unused + DnsRecord.TunnelSuffix, Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_quick_tunnel_whose_node_was_killed_goes_two_hours_after_it_was_last_seen(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var tunnel = await AddAsync(store, isQuick: true);
        var journal = store.Get<ITunnelJournal>();
        await journal.RecordAsync(tunnel, isActive: true, clock.GetUtcNow(), Cancel);
        for (var beat = 0; beat < 30; beat++)
        {
            clock.Advance(TimeSpan.FromMinutes(10));
            await journal.RecordAsync(tunnel, isActive: true, clock.GetUtcNow(), Cancel);
            Assert.Equal(0, await CleanAsync(store));
        }

        clock.Advance(TimeSpan.FromMinutes(119)); // no more beats: kill -9
        Assert.Equal(0, await CleanAsync(store));
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, await CleanAsync(store));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_quick_tunnel_stays_that_lost_its_connections_to_one_node_and_has_some_to_another(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var tunnel = await AddAsync(store, isQuick: true);
        var journal = store.Get<ITunnelJournal>();
        await journal.RecordAsync(tunnel, isActive: true, clock.GetUtcNow(), Cancel);
        clock.Advance(TimeSpan.FromMinutes(1));
        await journal.RecordAsync(tunnel, isActive: false, clock.GetUtcNow(), Cancel); // the one node
        clock.Advance(TimeSpan.FromMinutes(9));
        await journal.RecordAsync(tunnel, isActive: true, clock.GetUtcNow(), Cancel); // the other's beat
        clock.Advance(TimeSpan.FromMinutes(115));
        Assert.Equal(0, await CleanAsync(store));
        await journal.RecordAsync(tunnel, isActive: false, clock.GetUtcNow(), Cancel);
        clock.Advance(TimeSpan.FromMinutes(119));
        Assert.Equal(0, await CleanAsync(store));
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, await CleanAsync(store));
    }

    private static async Task<Guid> AddAsync(TestStore store, bool isQuick)
    {
        await using var db = store.Open();
        var tunnel = new Gatehouse.Model.Tunnels.Tunnel { Id = Guid.CreateVersion7(), Name = isQuick ? "quick" : "kept", SealedSecret = [], IsQuick = isQuick, CreatedAt = store.Clock.GetUtcNow() };
        db.Tunnels.Add(tunnel);
        db.DnsRecords.Add(new DnsRecord { Id = Guid.CreateVersion7(), Name = $"{tunnel.Name}.example.com", Type = "CNAME", Content = tunnel.Id + DnsRecord.TunnelSuffix, IsProxied = true });
        await db.SaveChangesAsync(Cancel);
        return tunnel.Id;
    }

    private static Task<int> CleanAsync(TestStore store) => store.Services.GetServices<IHostedService>().OfType<QuickTunnelCleaner>().Single().CleanAsync(Cancel);
}
