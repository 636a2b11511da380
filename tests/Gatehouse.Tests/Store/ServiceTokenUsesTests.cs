using Gatehouse.Model.Machines;
using Gatehouse.Store.Machines;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Store;

/// <summary>When service tokens were last used, as it is kept.</summary>
public class ServiceTokenUsesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task The_last_use_is_written_later_and_never_set_back(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var (used, other) = (Token("used"), Token("other"));
        await using (var db = store.Open())
        {
            db.ServiceTokens.AddRange(used, other);
            await db.SaveChangesAsync(Cancel);
        }

        var uses = store.Get<ServiceTokenUses>();
        uses.Seen(used.Id);
        uses.Seen(Guid.CreateVersion7()); // deleted meanwhile
        Assert.Null(await LastAsync(store, used));
        await uses.FlushAsync(Cancel);
        var first = clock.GetUtcNow();
        Assert.Equal(first, await LastAsync(store, used));
        Assert.Null(await LastAsync(store, other));

        // Another node has seen it later.
        uses.Seen(used.Id);
        await using (var db = store.Open())
        {
            await db.ServiceTokens.Where(t => t.Id == used.Id).ExecuteUpdateAsync(t => t.SetProperty(x => x.LastSeenAt, first.AddMinutes(5)), Cancel);
        }

        await uses.FlushAsync(Cancel);
        Assert.Equal(first.AddMinutes(5), await LastAsync(store, used));

        clock.Advance(TimeSpan.FromMinutes(10));
        uses.Seen(other.Id);
        await uses.StopAsync(Cancel); // the end of the process loses nothing
        Assert.Equal(clock.GetUtcNow(), await LastAsync(store, other));
        Assert.Equal((1, 0), await VersionAsync(store, used)); // no change of the token: nobody's edit fails for it
    }

    private static async Task<DateTimeOffset?> LastAsync(TestStore store, ServiceToken token)
    {
        await using var db = store.Open();
        return await db.ServiceTokens.Where(t => t.Id == token.Id).Select(t => t.LastSeenAt).SingleAsync(Cancel);
    }

    private static async Task<(int, int)> VersionAsync(TestStore store, ServiceToken token)
    {
        await using var db = store.Open();
        var kept = await db.ServiceTokens.AsNoTracking().SingleAsync(t => t.Id == token.Id, Cancel);
        return (kept.SecretVersion, kept.Version);
    }

    private static ServiceToken Token(string name) =>
        new() { Id = Guid.CreateVersion7(), Name = name, ClientId = Guid.CreateVersion7().ToString("N") + ".access", SecretHash = [1], CreatedAt = TestAccess.Epoch, UpdatedAt = TestAccess.Epoch };
}
