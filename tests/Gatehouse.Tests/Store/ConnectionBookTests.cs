using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;
using Gatehouse.Store.Cleaning;
using Gatehouse.Store.Snapshots;
using Gatehouse.Store.Tunnels;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Store;

/// <summary>What nodes know of each other's connections.</summary>
public class ConnectionBookTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task What_a_node_holds_is_known_to_the_others_until_its_lease_is_over(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var one = await TestStore.StartAsync(kind, clock);
        await using var two = await one.StartNodeAsync();
        var (holder, other) = (one.Get<ConnectionBook>(), two.Get<ConnectionBook>());
        var held = Connection(holder.Node);
        var kept = Connection(holder.Node);
        Assert.Empty(await holder.RenewAsync(Cancel));
        Assert.Empty(await holder.WriteAsync([held, kept], Cancel));
        Assert.Contains(held.TunnelId, await other.ElsewhereAsync(Cancel));
        Assert.Empty(await holder.ElsewhereAsync(Cancel)); // its own are not elsewhere

        clock.Advance(EdgeNode.Lease - TimeSpan.FromSeconds(1));
        Assert.Contains(held.TunnelId, await other.ElsewhereAsync(Cancel));
        clock.Advance(TimeSpan.FromSeconds(1)); // kill -9, as it were
        Assert.Empty(await other.ElsewhereAsync(Cancel));
        Assert.Equal(new HashSet<Guid> { held.Id, kept.Id }, [.. await holder.RenewAsync(Cancel)]); // it was only slow
        Assert.Contains(held.TunnelId, await other.ElsewhereAsync(Cancel));

        await holder.RemoveAsync([held.Id, Guid.CreateVersion7()], Cancel);
        Assert.Equal([kept.Id], await holder.RenewAsync(Cancel));
        Assert.DoesNotContain(held.TunnelId, await other.ElsewhereAsync(Cancel));
        await holder.LeaveAsync(Cancel);
        Assert.Empty(await other.ElsewhereAsync(Cancel));
        await using var db = two.Open();
        Assert.False(await db.HeldConnections.AnyAsync(Cancel) || await db.EdgeNodes.AnyAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_node_that_begins_anew_holds_nothing_of_what_it_held_and_two_of_one_name_keep_what_they_hold(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var node = await store.StartNodeAsync();
        var databases = store.Get<IDbContextFactory<Gatehouse.Store.GatehouseDb>>();
        var (killed, again, other) = (new ConnectionBook(databases, "a", store.Clock), new ConnectionBook(databases, "a", store.Clock), node.Get<ConnectionBook>());
        await killed.RenewAsync(Cancel);
        await killed.WriteAsync([Connection(killed.Node)], Cancel);
        Assert.Single(await other.ElsewhereAsync(Cancel));
        Assert.Empty(await again.RenewAsync(Cancel));
        Assert.Empty(await other.ElsewhereAsync(Cancel));

        Assert.Empty(await killed.RenewAsync(Cancel)); // it was not killed after all
        await again.WriteAsync([Connection(again.Node)], Cancel);
        await killed.WriteAsync([Connection(killed.Node)], Cancel);
        Assert.Single(await again.RenewAsync(Cancel));
        Assert.Single(await killed.RenewAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task What_a_dead_node_left_is_swept_and_one_that_was_swept_says_so(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var book = store.Get<ConnectionBook>();
        await book.RenewAsync(Cancel);
        await book.WriteAsync([Connection(book.Node)], Cancel);
        clock.Advance(TimeSpan.FromMinutes(59));
        await store.Get<Cleaner>().CleanAsync(Cancel);
        Assert.Single(await book.RenewAsync(Cancel));
        clock.Advance(TimeSpan.FromMinutes(61));
        await store.Get<Cleaner>().CleanAsync(Cancel);
        Assert.Empty(await book.RenewAsync(Cancel));
        await using var db = store.Open();
        Assert.False(await db.HeldConnections.AnyAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task What_is_asked_to_be_closed_is_heard_by_the_node_that_holds_it_and_a_change_meanwhile_does_not_undo_it(DatabaseKind kind)
    {
        await using var one = await TestStore.StartAsync(kind);
        await using var two = await one.StartNodeAsync();
        var (holder, other) = (one.Get<ConnectionBook>(), two.Get<ConnectionBook>());
        var (held, kept) = (Connection(holder.Node), Connection(holder.Node));
        var heard = new TaskCompletionSource<IReadOnlyCollection<Guid>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var wrong = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listening = holder.OnClosing(ids => heard.TrySetResult(ids));
        using var deaf = other.OnClosing(_ => wrong.TrySetResult());
        await holder.RenewAsync(Cancel);
        await other.RenewAsync(Cancel);
        await holder.WriteAsync([held, kept], Cancel);
        await one.StartLoopsAsync();
        await using (var db = two.Open())
        {
            await db.HeldConnections.Where(c => c.Id == held.Id).ExecuteUpdateAsync(set => set.SetProperty(c => c.ClosingAt, DateTimeOffset.UnixEpoch), Cancel);
        }

        await holder.WriteAsync([Connection(holder.Node, held.Id, held.TunnelId, isDraining: true)], Cancel);
        await using (var db = two.Open())
        {
            await two.Get<ChangeFeed>().SaveAsync(db, Topic.Connections, Cancel);
        }

        Assert.Equal([held.Id], await heard.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel));
        Assert.False(wrong.Task.IsCompleted);
        await one.StopLoopsAsync();
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_row_that_the_database_does_not_take_holds_up_no_other_and_each_write_renews_the_lease(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var one = await TestStore.StartAsync(kind, clock);
        await using var two = await one.StartNodeAsync();
        var (holder, other) = (one.Get<ConnectionBook>(), two.Get<ConnectionBook>());
        var (good, bad, late) = (Connection(holder.Node), Connection(Guid.CreateVersion7()), Connection(holder.Node)); // the bad one's node is nowhere
        await holder.RenewAsync(Cancel);
        clock.Advance(EdgeNode.Lease - TimeSpan.FromSeconds(1));
        Assert.Equal([bad.Id], (await holder.WriteAsync([good, bad, late], Cancel)).Keys);
        Assert.Equal([bad.Id], (await holder.WriteAsync([bad], Cancel)).Keys);
        clock.Advance(EdgeNode.Lease - TimeSpan.FromSeconds(1));
        Assert.Equal(new HashSet<Guid> { good.TunnelId, late.TunnelId }, [.. await other.ElsewhereAsync(Cancel)]);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task What_a_connector_says_of_itself_is_written_in_characters_that_every_database_holds(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var book = store.Get<ConnectionBook>();
        await book.RenewAsync(Cancel);
        Assert.Empty(await book.WriteAsync([Connection(book.Node, says: "a\ud800b\0\U0001F511")], Cancel));
        await using var db = store.Open();
        var row = await db.HeldConnections.SingleAsync(Cancel);
        Assert.Equal((kind == DatabaseKind.Postgres ? "a\ufffdb\ufffd\U0001F511" : "a\ufffdb\0\U0001F511", "a\ufffdb\0\U0001F511"), (row.ConnectorVersion, row.Features[0]));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_node_whose_clock_is_far_ahead_is_not_believed_long_after_it_died(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        await using var node = await store.StartNodeAsync();
        var databases = store.Get<IDbContextFactory<Gatehouse.Store.GatehouseDb>>();
        var (far, near, other) = (Ahead("far", TimeSpan.FromHours(2)), Ahead("near", TimeSpan.FromSeconds(10)), node.Get<ConnectionBook>());
        var seen = Connection(near.Node);
        await far.WriteAsync([Connection(far.Node)], Cancel);
        await near.WriteAsync([seen], Cancel);
        Assert.Equal([seen.TunnelId], await other.ElsewhereAsync(Cancel));
        clock.Advance(EdgeNode.Lease + TimeSpan.FromSeconds(10));
        Assert.Empty(await other.ElsewhereAsync(Cancel));

        ConnectionBook Ahead(string name, TimeSpan by) => new(databases, name, new FakeClock(clock.GetUtcNow() + by));
    }

    private static HeldConnection Connection(Guid node, Guid? id = null, Guid? tunnel = null, bool isDraining = false, string says = "1\0") => new()
    {
        Id = id ?? Guid.CreateVersion7(),
        NodeId = node,
        TunnelId = tunnel ?? Guid.CreateVersion7(),
        ConnectorId = Guid.CreateVersion7(),
        Index = 0,
        OpenedAt = TestAccess.Epoch,
        OriginIp = "192.0.2.1",
        Location = "here",
        ConnectorVersion = says,
        Arch = "linux_amd64",
        Features = [says, "b"],
        IsDraining = isDraining,
    };
}
