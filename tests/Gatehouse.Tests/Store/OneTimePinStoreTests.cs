using Gatehouse.Model.LoginMethods;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Store;

public class OneTimePinStoreTests
{
    private static readonly byte[] Hash = [1, 2, 3];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_code_is_right_once_and_every_guess_counts(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var pins = store.Get<IOneTimePins>();
        Assert.True(await pins.TryAddAsync(Pin(store, "a", "ada@example.com", "192.0.2.1"), Cancel));
        Assert.True(await pins.TryAddAsync(Pin(store, "b", "ada@example.com", "192.0.2.1"), Cancel));

        Assert.Equal(PinAnswer.Wrong, await pins.GuessAsync("a", [9, 9, 9], Cancel));
        Assert.Equal(PinAnswer.Right, await pins.GuessAsync("a", Hash, Cancel));
        Assert.Equal(PinAnswer.Used, await pins.GuessAsync("a", Hash, Cancel));
        Assert.Equal(PinAnswer.Wrong, await pins.GuessAsync("none", Hash, Cancel));

        // Many at once get no more guesses than one after the other.
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => pins.GuessAsync("b", [9, 9, 9], Cancel)));
        Assert.Equal(PinAnswer.Wrong, await pins.GuessAsync("b", Hash, Cancel));
        await using var db = store.Open();
        Assert.Equal(IOneTimePins.MostGuesses, db.OneTimePins.Single(p => p.Id == "b").Guesses);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task An_address_and_a_network_get_so_many_in_an_hour(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var pins = store.Get<IOneTimePins>();

        // One network can't use up what the address gets elsewhere.
        var kept = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => pins.TryAddAsync(Pin(store, $"a{n}", "ada@example.com", "192.0.2.0"), Cancel)));
        Assert.Equal(IOneTimePins.MostPerAddressAndNetwork, kept.Count(k => k));
        Assert.True(await pins.TryAddAsync(Pin(store, "home", "ada@example.com", "203.0.113.0"), Cancel));

        kept = await Task.WhenAll(Enumerable.Range(0, 24).Select(n => pins.TryAddAsync(Pin(store, $"b{n}", "bob@example.com", $"192.1.{n}.0"), Cancel)));
        Assert.Equal(IOneTimePins.MostPerAddress, kept.Count(k => k));

        for (var n = 0; n < IOneTimePins.MostPerNetwork; n++)
        {
            Assert.True(await pins.TryAddAsync(Pin(store, $"n{n}", $"u{n}@example.com", "198.51.100.1"), Cancel));
        }

        Assert.False(await pins.TryAddAsync(Pin(store, "last", "last@example.com", "198.51.100.1"), Cancel));
        Assert.True(await pins.TryAddAsync(Pin(store, "other", "last@example.com", "198.51.100.2"), Cancel));
    }

    [Fact]
    public async Task Who_is_over_the_limit_waits_for_no_writer_and_keeps_none_waiting()
    {
        await using var store = await TestStore.StartAsync(DatabaseKind.Sqlite);
        var pins = store.Get<IOneTimePins>();
        for (var n = 0; n < IOneTimePins.MostPerAddressAndNetwork; n++)
        {
            Assert.True(await pins.TryAddAsync(Pin(store, $"a{n}", "ada@example.com", "192.0.2.0"), Cancel));
        }

        // On SQLite this is BEGIN IMMEDIATE: nobody else writes while it is open.
        await using var db = store.Open();
        await using var writing = await db.Database.BeginTransactionAsync(Cancel);
        Assert.False(await pins.TryAddAsync(Pin(store, "vain", "ada@example.com", "192.0.2.0"), Cancel).WaitAsync(TimeSpan.FromSeconds(2), Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_guess_at_a_code_that_was_never_sent_is_written_down_like_any_other(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var pins = store.Get<IOneTimePins>();
        Assert.Equal(PinAnswer.Wrong, await pins.GuessAsync("none", Hash, Cancel)); // lays the row that the others count on
        for (var n = 0; n < 7; n++)
        {
            Assert.Equal(PinAnswer.Wrong, await pins.GuessAsync($"none{n}", Hash, Cancel));
        }

        Assert.Equal(PinAnswer.Wrong, await pins.GuessAsync("-", [], Cancel));
        await using var db = store.Open();
        Assert.Equal(8, db.OneTimePins.Single().Guesses);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_code_whose_time_is_over_is_wrong(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var pins = store.Get<IOneTimePins>();
        await pins.TryAddAsync(Pin(store, "a", "ada@example.com", "192.0.2.1", TimeSpan.FromMilliseconds(-1)), Cancel);

        Assert.Equal(PinAnswer.Wrong, await pins.GuessAsync("a", Hash, Cancel));
    }

    private static OneTimePin Pin(TestStore store, string id, string email, string network, TimeSpan? life = null)
    {
        var now = store.Get<TimeProvider>().GetUtcNow();
        return new OneTimePin { Id = id, Email = email, Network = network, Hash = Hash, CreatedAt = now, ExpiresAt = now + (life ?? TimeSpan.FromMinutes(10)) };
    }
}
