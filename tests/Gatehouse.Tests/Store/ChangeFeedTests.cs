using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Gatehouse.Store.Snapshots;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gatehouse.Tests.Store;

public class ChangeFeedTests
{
    private const string Unknown = """[{"from_the_future":{}}]""";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_saved_change_is_in_force_when_the_call_returns(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var snapshot = store.Get<ISnapshot<AccessTable>>();
        var before = snapshot.Current;
        var swapped = new List<AccessTable>();
        using (snapshot.OnSwap(swapped.Add))
        {
            await RenameAsync(store, "Renamed");
        }

        await RenameAsync(store, "Renamed again");

        Assert.Equal("Gatehouse", before.Organization.Name); // the table a request holds never changes
        Assert.Equal("Renamed again", snapshot.Current.Organization.Name);
        Assert.Equal(["Renamed"], swapped.Select(t => t.Organization.Name)); // none after the listener left
        Assert.Same(before.Keys.Single().Rsa, snapshot.Current.Keys.Single().Rsa);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Counts_every_change_of_writers_at_once(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var feed = store.Get<ChangeFeed>();
        var before = await RevisionAsync(store, Topic.Access);

        await Task.WhenAll(Enumerable.Range(0, 25).Select(i => Task.Run(
            async () =>
            {
                await using var db = store.Open();
                db.RuleGroups.Add(new RuleGroup { Id = Guid.CreateVersion7(), Name = $"group {i}", Include = [new Rule.Everyone()] });
                await feed.SaveAsync(db, Topic.Access, Cancel);
            },
            Cancel)));

        Assert.Equal(before + 25, await RevisionAsync(store, Topic.Access));
        await using var check = store.Open();
        Assert.Equal(25, await check.RuleGroups.CountAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_stale_version_fails_the_save_and_counts_nothing(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var stale = store.Open();
        var organization = await stale.Organizations.SingleAsync(Cancel);
        await RenameAsync(store, "First");
        var before = await RevisionAsync(store, Topic.Access);

        organization.Name = "Second";
        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => store.Get<ChangeFeed>().SaveAsync(stale, Topic.Access, Cancel));

        Assert.Equal(before, await RevisionAsync(store, Topic.Access));
        Assert.Equal("First", store.Get<ISnapshot<AccessTable>>().Current.Organization.Name);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_taken_name_is_told_from_other_failures(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        db.RuleGroups.Add(new RuleGroup { Id = Guid.CreateVersion7(), Name = "same", Include = [] });
        db.RuleGroups.Add(new RuleGroup { Id = Guid.CreateVersion7(), Name = "same", Include = [] });
        var taken = await Assert.ThrowsAsync<DbUpdateException>(() => store.Get<ChangeFeed>().SaveAsync(db, Topic.Access, Cancel));
        Assert.True(UniqueViolation.Is(taken));

        await using var orphan = store.Open();
        orphan.AppPolicies.Add(new Gatehouse.Model.Apps.AppPolicy { AppId = Guid.CreateVersion7(), PolicyId = Guid.CreateVersion7(), Precedence = 1 });
        var dangling = await Assert.ThrowsAsync<DbUpdateException>(() => orphan.SaveChangesAsync(Cancel));
        Assert.False(UniqueViolation.Is(dangling));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task An_open_transaction_is_committed_with_the_change(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        await using (await db.Database.BeginTransactionAsync(Cancel))
        {
            await db.Organizations.ExecuteUpdateAsync(o => o.SetProperty(x => x.Name, "In bulk"), Cancel);
            await store.Get<ChangeFeed>().SaveAsync(db, Topic.Access, Cancel);
        }

        Assert.Equal("In bulk", store.Get<ISnapshot<AccessTable>>().Current.Organization.Name);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Readers_never_see_half_a_change(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var snapshot = store.Get<ISnapshot<AccessTable>>();
        var torn = 0;
        using var done = new CancellationTokenSource();
        var reader = Task.Run(
            () =>
            {
                while (!done.IsCancellationRequested)
                {
                    var table = snapshot.Current;
                    torn += table.LoginMethods.All(m => m.Method.Name == table.Organization.Name) || table.Organization.Name == "Gatehouse" ? 0 : 1;
                }
            },
            Cancel);

        for (var i = 0; i < 20; i++)
        {
            await using var db = store.Open();
            (await db.Organizations.SingleAsync(Cancel)).Name = $"round {i}";
            (await db.LoginMethods.SingleAsync(Cancel)).Name = $"round {i}";
            await store.Get<ChangeFeed>().SaveAsync(db, Topic.Access, Cancel);
        }

        await done.CancelAsync();
        await reader;
        Assert.Equal(0, torn);
        Assert.Equal("round 19", snapshot.Current.Organization.Name);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_table_that_cannot_be_read_leaves_the_last_good_one(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var snapshot = store.Get<ISnapshot<AccessTable>>();
        var good = snapshot.Current;
        await using (var db = store.Open())
        {
            db.RuleGroups.Add(new RuleGroup { Id = Guid.CreateVersion7(), Name = "broken", Include = [new Rule.Everyone()] });
            await db.SaveChangesAsync(Cancel);
            await db.Database.ExecuteSqlAsync($"""UPDATE rule_groups SET "Include" = {Unknown}""", Cancel);
        }

        await Assert.ThrowsAnyAsync<Exception>(() => RenameAsync(store, "Renamed"));
        Assert.Same(good, snapshot.Current);
        Assert.Contains(store.Log.All, l => l is { Level: LogLevel.Error, Id: 6101 });

        await using (var db = store.Open())
        {
            await db.RuleGroups.ExecuteDeleteAsync(Cancel);
        }

        await store.Get<ChangeWatcher>().CheckAsync(Cancel); // the watcher sees that the table is old and tries again
        Assert.Equal("Renamed", snapshot.Current.Organization.Name);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task The_watcher_confirms_tables_that_are_up_to_date(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var snapshot = store.Get<ISnapshot<AccessTable>>();
        var table = snapshot.Current;
        clock.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(clock.GetUtcNow() - TimeSpan.FromMinutes(3), snapshot.ConfirmedAt);

        await store.Get<ChangeWatcher>().CheckAsync(Cancel);

        Assert.Equal(clock.GetUtcNow(), snapshot.ConfirmedAt);
        Assert.Same(table, snapshot.Current);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_change_made_by_another_process_is_found(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var other = await store.StartNodeAsync();
        var swapped = NextSwap(other, t => t.Organization.Name == "Renamed");
        await other.StartLoopsAsync();

        await RenameAsync(store, "Renamed");

        await swapped.WaitAsync(Patience, Cancel);
        await other.StopLoopsAsync();
    }

    [Theory, MemberData(nameof(Databases.Postgres), MemberType = typeof(Databases))]
    public async Task A_listening_node_survives_the_loss_of_its_connections(DatabaseKind kind)
    {
        await using var first = await TestStore.StartAsync(kind);
        await using var second = await first.StartNodeAsync();
        await second.StartLoopsAsync();
        await using (var db = first.Open())
        {
            await db.Database.ExecuteSqlAsync(
                $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", Cancel);
            NpgsqlConnection.ClearPool((NpgsqlConnection)db.Database.GetDbConnection()); // what is renamed below is not what is tried here
        }

        var swapped = NextSwap(second, t => t.Organization.Name == "Renamed");
        await RenameAsync(first, "Renamed");

        await swapped.WaitAsync(Patience, Cancel);
        await second.StopLoopsAsync();
    }

    [Theory, MemberData(nameof(Databases.Postgres), MemberType = typeof(Databases))]
    public async Task An_announcement_wakes_a_listening_node(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var signal = new ChangeSignal();
        using var listener = new PostgresListener(
            store.Get<Gatehouse.Store.Connections.DatabaseTarget>(), signal, store.Clock, store.Get<ILogger<PostgresListener>>());
        await listener.StartAsync(Cancel);
        await signal.WaitAsync(Patience, store.Clock, Cancel); // it listens now
        var began = store.Clock.GetTimestamp();

        await RenameAsync(store, "Renamed");
        await signal.WaitAsync(Patience, store.Clock, Cancel);

        Assert.InRange(store.Clock.GetElapsedTime(began), TimeSpan.Zero, Patience / 2);
        await listener.StopAsync(Cancel);
    }

    private static Task NextSwap(TestStore store, Predicate<AccessTable> wanted)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Get<ISnapshot<AccessTable>>().OnSwap(t =>
        {
            if (wanted(t))
            {
                seen.TrySetResult();
            }
        });
        return seen.Task;
    }

    private static async Task RenameAsync(TestStore store, string name)
    {
        await using var db = store.Open();
        (await db.Organizations.SingleAsync(Cancel)).Name = name;
        await store.Get<ChangeFeed>().SaveAsync(db, Topic.Access, Cancel);
    }

    private static async Task<long> RevisionAsync(TestStore store, string topic)
    {
        await using var db = store.Open();
        return await db.Revisions.Where(r => r.Topic == topic).Select(r => r.Value).SingleAsync(Cancel);
    }
}
