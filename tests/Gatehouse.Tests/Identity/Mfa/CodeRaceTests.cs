using Gatehouse.Identity.Mfa.Codes;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Users;
using Gatehouse.Tests.Fakes;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Mfa;

/// <summary>One code in many hands at once, on two nodes over one database.</summary>
public class CodeRaceTests
{
    private static readonly CodeRules Rules = new([AuthenticatorClass.Totp, AuthenticatorClass.Static], 1, 1);
    private static readonly CodeRules Unthrottled = new([AuthenticatorClass.Totp, AuthenticatorClass.Static], 0, 0);

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task M02_one_code_of_an_app_lets_one_in_over_two_nodes(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var first = await TestStore.StartAsync(kind, clock);
        await using var second = await first.StartNodeAsync();
        var (user, secret) = await SeedTotpAsync(first);
        var code = Totp.CodeAt(Totp.StepAt(clock.GetUtcNow()), secret, 6);

        foreach (var rules in new[] { Rules, Unthrottled })
        {
            var verdicts = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => CheckAsync(i % 2 == 0 ? first : second, user, code, rules)));

            Assert.Equal(rules == Rules ? 1 : 0, verdicts.Count(v => v is CodeVerdict.Right));
            clock.Advance(TimeSpan.FromSeconds(5));
        }
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task M11_one_recovery_code_lets_one_in_over_two_nodes(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var first = await TestStore.StartAsync(kind, clock);
        await using var second = await first.StartNodeAsync();
        var (user, codes) = await SeedStaticAsync(first);

        foreach (var (code, rules) in new[] { (codes[0], Rules), (codes[1], Unthrottled) })
        {
            var verdicts = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => CheckAsync(i % 2 == 0 ? first : second, user, code, rules)));

            Assert.Single(verdicts.OfType<CodeVerdict.Right>());
            clock.Advance(TimeSpan.FromSeconds(5));
        }

        await using var db = first.Open();
        Assert.Equal(1, await db.StaticCodes.CountAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task M03_many_guesses_at_once_are_one_guess(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        var (user, _) = await SeedTotpAsync(store);
        await SeedTotpAsync(store, user);

        var verdicts = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => CheckAsync(store, user, $"00000{i % 10}", Rules)));

        Assert.Single(verdicts.OfType<CodeVerdict.Wrong>());
        await using var db = store.Open();
        Assert.Equal([1, 1], await db.TotpDevices.Select(d => d.Failures).ToListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_wait_doubles_up_to_five_minutes_and_a_right_code_ends_it()
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(DatabaseKind.Sqlite, clock);
        var (user, secret) = await SeedTotpAsync(store);

        foreach (var wait in new[] { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 })
        {
            Assert.IsType<CodeVerdict.Wrong>(await CheckAsync(store, user, "000000", Rules));
            Assert.Equal(TimeSpan.FromSeconds(wait), Assert.IsType<CodeVerdict.TooSoon>(await CheckAsync(store, user, "000000", Rules)).Wait);
            clock.Advance(TimeSpan.FromSeconds(wait));
        }

        Assert.IsType<CodeVerdict.Right>(await CheckAsync(store, user, Totp.CodeAt(Totp.StepAt(clock.GetUtcNow()), secret, 6), Rules));
        Assert.IsType<CodeVerdict.Wrong>(await CheckAsync(store, user, "000000", Rules));
    }

    private static async Task<CodeVerdict> CheckAsync(TestStore store, int user, string code, CodeRules rules)
    {
        await using var db = store.Open();
        var box = store.Get<ISecretBox>();
        return await new CodeProof(db, box, new RecoveryCodes(box), new CodeThrottle(store.Clock), store.Clock).CheckAsync(user, code, rules, TestContext.Current.CancellationToken);
    }

    private static async Task<(int User, byte[] Secret)> SeedTotpAsync(TestStore store, int? owner = null)
    {
        await using var db = store.Open();
        var secret = new byte[Totp.SecretSize];
        var device = new TotpDevice
        {
            UserId = owner ?? await UserAsync(store),
            Name = "app",
            EnrolmentId = Guid.CreateVersion7(),
            SealedSecret = store.Get<ISecretBox>().Seal(secret, SecretPurposes.TotpDeviceSecret),
            Digits = 6,
            LastStep = 0,
            CreatedAt = store.Clock.GetUtcNow(),
            UpdatedAt = store.Clock.GetUtcNow(),
        };
        db.Add(device);
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        return (device.UserId, secret);
    }

    private static async Task<(int User, string[] Codes)> SeedStaticAsync(TestStore store)
    {
        await using var db = store.Open();
        string[] codes = ["aaaabbbbcccc", "ddddeeeeffff", "gggghhhhiiii"];
        var user = await UserAsync(store);
        var recovery = new RecoveryCodes(store.Get<ISecretBox>());
        db.Add(new StaticDevice
        {
            UserId = user,
            Name = "paper",
            EnrolmentId = Guid.CreateVersion7(),
            CreatedAt = store.Clock.GetUtcNow(),
            UpdatedAt = store.Clock.GetUtcNow(),
            Codes = [.. codes.Select(c => new StaticCode { DeviceId = 0, Hash = recovery.HashOf(user, c) })],
        });
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        return (user, codes);
    }

    private static async Task<int> UserAsync(TestStore store)
    {
        await using var db = store.Open();
        User user = SignInHost.A("alice");
        db.Users.Add(user);
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        return user.Id;
    }
}
