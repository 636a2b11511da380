using System.Collections.Concurrent;
using System.Net;
using Gatehouse.Identity.SignIn;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Identity.SignIn;

public class PasswordsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_flood_of_logins_is_turned_away_instead_of_queued_without_end()
    {
        using var held = new ManualResetEventSlim();
        var passwords = Held(held, []);
        Task<PasswordCheck>[] checks = [.. Enumerable.Range(0, 200).Select(i => passwords.CheckAsync("x", null, new IPAddress([192, 0, 2, (byte)i]), Stop))];

        held.Set();
        var results = await Task.WhenAll(checks);

        Assert.Equal(200 - 64 - Passwords.AtOnce, results.Count(r => r == PasswordCheck.Busy));
        Assert.DoesNotContain(PasswordCheck.Busy, results[..64]); // of equals, whoever was here first stays
        Assert.Equal(PasswordCheck.Wrong, await passwords.CheckAsync("x", null, IPAddress.Loopback, Stop));
    }

    [Fact]
    public async Task A_few_networks_that_fill_the_queue_keep_nobody_out_and_their_turns_come_no_sooner()
    {
        using var held = new ManualResetEventSlim();
        ConcurrentQueue<string> order = [];
        var passwords = Held(held, order);
        Task<PasswordCheck>[] flood = [.. Enumerable.Range(0, 128).Select(i => passwords.CheckAsync("x", null, new IPAddress([192, 0, 2, (byte)(i % 8)]), Stop))];

        var victim = passwords.CheckAsync("victim", null, IPAddress.Parse("198.51.100.1"), Stop);
        var hash = passwords.HashAsync("x", IPAddress.Parse("198.51.100.2"), Stop);
        held.Set();

        Assert.Equal(PasswordCheck.Wrong, await victim);
        Assert.NotNull(await hash);
        var results = await Task.WhenAll(flood);
        Assert.Equal(64 + Passwords.AtOnce, results.Count(r => r != PasswordCheck.Busy) + 2);
        Assert.InRange(order.ToList().IndexOf("victim"), 0, 8 + (2 * Passwords.AtOnce)); // once each of the others had a turn
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", "192.0.2.2")]
    [InlineData("2001:db8:1:1::1", "2001:db8:1:1:ffff::2", "2001:db8:1:2::1")]
    public async Task One_network_can_not_fill_the_queue(string address, string same, string other)
    {
        var passwords = new Passwords();
        using var gone = new CancellationTokenSource();
        Task<PasswordCheck> CheckAsync(string from) => passwords.CheckAsync("x", null, IPAddress.Parse(from), gone.Token);
        Task<PasswordCheck>[] waiting = [.. Enumerable.Range(0, 16).Select(i => CheckAsync(i % 2 == 0 ? address : same))];

        Assert.Equal(PasswordCheck.Busy, await CheckAsync(same));
        Assert.Null(await passwords.HashAsync("x", IPAddress.Parse(same), gone.Token));
        var others = CheckAsync(other);
        Assert.False(others.IsCompleted); // waits its turn

        await gone.CancelAsync();
        await Task.WhenAll(waiting.Append(others).Select(c => c.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default)));
        Assert.Equal(PasswordCheck.Wrong, await passwords.CheckAsync("x", null, IPAddress.Parse(address), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Guessing_at_a_name_gets_slow_there_and_nowhere_else()
    {
        var clock = new FakeClock();
        var guesses = new Guesses(clock);
        var guess = Guess.Of("Alice", IPAddress.Parse("192.0.2.1"));

        Assert.All(Enumerable.Range(0, 5), _ => Assert.Null(guesses.Begin(guess)));
        List<double> waits = [];
        for (var i = 0; i < 6; i++)
        {
            var wait = Assert.NotNull(guesses.Begin(guess));
            waits.Add(wait.TotalSeconds);
            clock.Advance(wait);
            Assert.Null(guesses.Begin(guess));
        }

        Assert.Equal([5, 10, 20, 40, 60, 60], waits);
        Assert.NotNull(guesses.Begin(Guess.Of(" ALICE ", IPAddress.Parse("192.0.2.1"))));
        Assert.Null(guesses.Begin(Guess.Of("alice", IPAddress.Parse("192.0.2.2"))));
        Assert.Null(guesses.Begin(Guess.Of("bob", IPAddress.Parse("192.0.2.1"))));
        clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Null(guesses.Begin(guess));
        Assert.Null(guesses.Begin(guess));
    }

    [Theory]
    [InlineData("o'neil@corp.example", "O'Neil@Corp.example")]
    [InlineData("x=y@corp.example", " X=Y@CORP.EXAMPLE ")]
    [InlineData("alice@corp.example", "Alice@Corp.Example")]
    public void Spellings_of_one_address_are_guesses_at_one_person(string address, string spelling) =>
        Assert.Equal(Guess.Of(address, IPAddress.Loopback), Guess.Of(spelling, IPAddress.Loopback));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Ten_thousand_other_names_buy_no_more_guesses_at_one(bool isTakenBack)
    {
        var clock = new FakeClock();
        var guesses = new Guesses(clock);
        var guess = Guess.Of("alice", IPAddress.Loopback);
        for (var i = 0; i < 5; i++)
        {
            Assert.Null(guesses.Begin(guess));
        }

        for (var i = 0; i < 10_001; i++)
        {
            clock.Advance(TimeSpan.FromTicks(1));
            var other = Guess.Of($"name{i}", IPAddress.Loopback);
            Assert.Null(guesses.Begin(other));
            if (isTakenBack)
            {
                guesses.TakeBack(other);
            }
        }

        Assert.NotNull(guesses.Begin(guess));
    }

    [Fact]
    public void Guesses_that_were_not_checked_pardon_none_and_keep_no_name()
    {
        var guesses = new Guesses(new FakeClock());
        var guess = Guess.Of("alice", IPAddress.Loopback);
        for (var i = 0; i < 4; i++)
        {
            Assert.Null(guesses.Begin(guess));
        }

        Assert.Null(guesses.Begin(guess));
        guesses.TakeBack(guess);
        Assert.Null(guesses.Begin(guess));
        Assert.NotNull(guesses.Begin(guess));
    }

    private static Passwords Held(ManualResetEventSlim held, ConcurrentQueue<string> order) => new()
    {
        Verify = (password, _) =>
        {
            held.Wait(Stop);
            order.Enqueue(password);
            return false;
        },
    };
}
