using System.Globalization;
using Gatehouse.Model.Audit;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Queues;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Store;

public class DecisionStoreTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_recorded_decision_is_found_by_its_id(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await store.Get<IAuditSink>().RecordAsync(Decision(0xabc), Cancel);

        var found = await store.Get<DecisionStore>().FindAsync(" 0000000000000ABC\n", Cancel);

        Assert.NotNull(found);
        Assert.False(found.Allowed);
        Assert.Equal("/secret", found.Path);
        Assert.Null(await store.Get<DecisionStore>().FindAsync("0000000000000abd", Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Queued_decisions_are_written_before_the_process_ends(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await store.StartLoopsAsync();
        for (var i = 0; i < 600; i++)
        {
            store.Get<IAuditSink>().Enqueue(Decision(i));
        }

        await store.StopLoopsAsync();

        await using var db = store.Open();
        Assert.Equal(600, await db.Decisions.CountAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task R23_queued_decisions_and_grouped_writes_are_written_when_others_have_used_up_the_time_there_was(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await store.StartLoopsAsync();
        for (var i = 0; i < 2000; i++)
        {
            store.Get<IAuditSink>().Enqueue(Decision(i));
        }

        var writes = kind == DatabaseKind.Sqlite ? 300 : 10; // PostgreSQL takes each by itself, and has only so many connections
        var grouped = Enumerable.Range(2000, writes).Select(i => store.Get<GroupCommit>().RunAsync(
            (db, _) =>
            {
                db.Decisions.Add(Decision(i));
                return Task.FromResult(i);
            },
            Cancel)).ToList();
        await Task.WhenAny(grouped); // the others are queued by now
        await store.StopLoopsAsync(TimeSpan.Zero);
        await Task.WhenAll(grouped);

        await using var db = store.Open();
        Assert.Equal(2000 + writes, await db.Decisions.CountAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_decision_that_is_kept_already_does_not_hold_up_the_others(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await store.Get<IAuditSink>().RecordAsync(Decision(1), Cancel);
        for (var i = 0; i < 5; i++)
        {
            store.Get<IAuditSink>().Enqueue(Decision(i));
        }

        await store.StartLoopsAsync();
        await store.StopLoopsAsync();

        await using var db = store.Open();
        Assert.Equal(5, await db.Decisions.CountAsync(Cancel));
    }

    [Fact]
    public async Task A_flood_drops_the_newest_counts_them_and_says_so_once()
    {
        await using var store = await TestStore.StartAsync(DatabaseKind.Sqlite);
        for (var i = 0; i < RowQueue<DecisionRecord>.Size + 10; i++)
        {
            store.Get<IAuditSink>().Enqueue(Decision(i));
        }

        await store.StartLoopsAsync();
        await store.StopLoopsAsync();

        await using var db = store.Open();
        Assert.Equal(RowQueue<DecisionRecord>.Size, await db.Decisions.CountAsync(Cancel));
        Assert.NotNull(await store.Get<DecisionStore>().FindAsync(Decision(0).Id, Cancel));
        Assert.Null(await store.Get<DecisionStore>().FindAsync(Decision(RowQueue<DecisionRecord>.Size).Id, Cancel));
        Assert.Contains("10 rows of DecisionRecord were dropped", Assert.Single(store.Log.All, l => l.Id == 6202).Text, StringComparison.Ordinal);
    }

    private static DecisionRecord Decision(long id) => new()
    {
        Id = id.ToString("x16", CultureInfo.InvariantCulture),
        At = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        Allowed = false,
        Action = "login",
        Email = "ada@example.com",
        Address = "127.0.0.1",
        Method = "GET",
        Host = "whoami.localhost",
        Path = "/secret",
        TreeJson = "{}",
    };
}
