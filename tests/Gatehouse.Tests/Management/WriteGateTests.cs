using Gatehouse.Management.AuthentikV3;
using Gatehouse.Management.CloudflareV4;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store.Snapshots;
using Gatehouse.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary>One administrative write at a time, on all nodes.</summary>
public class WriteGateTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Postgres), MemberType = typeof(Databases))]
    public async Task A_write_that_another_node_keeps_waiting_ends_with_409_and_changes_nothing(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        using var gate = new WriteGate { LongestWait = TimeSpan.FromSeconds(1) };
        var writer = new Writer(db, store.Get<ChangeFeed>(), gate, new WriteEvents(db, new FakeEvents(store.Clock), new Actor()), store.Get<PublicUrls>(), store.Clock);
        await using (var other = store.Open())
        {
            using var itsGate = new WriteGate();
            await using var turn = await itsGate.EnterAsync(other, Cancel);

            var result = await RunAsync(writer, db);

            Assert.IsType<WriteResult<Group>.Stale>(result);
            Assert.Equal(409, await StatusAsync(await Answer.OfAsync(result, "Group", _ => throw new InvalidOperationException())));
            Assert.Equal(409, await StatusAsync(await Envelope.OfAsync(result, Unknown.Group, _ => throw new InvalidOperationException())));
            Assert.False(await other.Groups.AnyAsync(g => g.Name == "late", Cancel));
        }

        Assert.IsType<WriteResult<Group>.Done>(await RunAsync(writer, db)); // the turn is free again
    }

    private static Task<WriteResult<Group>> RunAsync(Writer writer, Gatehouse.Store.GatehouseDb db) => writer.RunAsync<Group>(
        Topic.Identity,
        () =>
        {
            var group = new Group { Id = Guid.CreateVersion7(), Number = 77, Name = "late" };
            db.Groups.Add(group);
            return Task.FromResult<WriteResult<Group>>(new WriteResult<Group>.Done(group));
        },
        Cancel);

    private static async Task<int> StatusAsync(IResult result)
    {
        var context = new DefaultHttpContext();
        await result.ExecuteAsync(context);
        return context.Response.StatusCode;
    }
}
