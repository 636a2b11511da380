using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Policies;

/// <summary>What organization, app and policy come to together: the nearest says whether, and each part comes from the nearest that names it.</summary>
public class MfaDemandTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly MfaRules Off = new(true, MfaMethods.None, null);
    private static readonly MfaRules Key = new(false, MfaMethods.SecurityKey, TimeSpan.FromHours(1));
    private static readonly MfaRules App = new(false, MfaMethods.Totp, TimeSpan.FromHours(2));

    public static TheoryData<string, bool, MfaRules?, MfaRules?, string> Rows => new()
    {
        { "nobody asks", false, null, null, "none" },
        { "the organization asks", true, null, null, "All 24" },
        { "the app is left out", true, Off, null, "none" },
        { "the policy is left out", true, null, Off, "none" },
        { "the policy is left out of the app's", false, App, Off, "none" },
        { "the app asks", false, App, null, "Totp 2" },
        { "the policy asks", false, null, Key, "SecurityKey 1" },
        { "the policy goes before the app", true, App, Key, "SecurityKey 1" },
        { "the policy goes before an app that is left out", true, Off, Key, "SecurityKey 1" },
        { "only the duration is its own", false, new MfaRules(false, MfaMethods.None, TimeSpan.Zero), null, "All 0" },
        { "the kinds are its own, the duration the app's", false, App, new MfaRules(false, MfaMethods.Biometrics, null), "Biometrics 2" },
    };

    [Theory, MemberData(nameof(Rows))]
    public void The_nearest_level_decides(string row, bool forAll, MfaRules? app, MfaRules? policy, string expected)
    {
        Assert.NotEmpty(row);
        var demand = Demand(new OrganizationMfa(MfaMethods.All, null, null), forAll, app, policy);
        Assert.Equal(expected, demand is null ? "none" : $"{demand.Allowed} {demand.Duration.TotalHours}");
    }

    [Theory]
    [InlineData(AppType.AppLauncher, PolicyAction.Allow)]
    [InlineData(AppType.Bookmark, PolicyAction.Allow)]
    [InlineData(AppType.SelfHosted, PolicyAction.NonIdentity)]
    [InlineData(AppType.SelfHosted, PolicyAction.Bypass)]
    [InlineData(AppType.SelfHosted, PolicyAction.Deny)]
    public void Nobody_is_asked_where_nobody_could_answer(AppType type, PolicyAction action) =>
        Assert.Null(Demand(new OrganizationMfa(MfaMethods.All, null, null), true, App, Key, type, action));

    [Fact]
    public void What_is_asked_for_while_it_is_off_is_open_to_nobody()
    {
        var demand = Demand(null, false, new MfaRules(false, MfaMethods.None, TimeSpan.FromHours(1)), null)!;
        Assert.Equal(MfaMethods.None, demand.Allowed);
        Assert.Null(demand.OpenUntil(Guid.Empty, Identity([Passed.OfMfa(MfaMethods.Totp, Now)]), Now));
        Assert.Null(Demand(new OrganizationMfa(MfaMethods.None, null, null), true, null, null));
    }

    [Theory]
    [InlineData("mfa totp 0", false)]
    [InlineData("mfa totp -1", false)]
    [InlineData("mfa totp", false)]
    [InlineData("mfa totp x", false)]
    [InlineData("mfa piv_key 99999999999999", false)]
    [InlineData("mfa  99999999999999", false)]
    [InlineData("mfa totp 9223372036854775807", false)]
    [InlineData("purpose mfa totp 1767323045000", false)]
    [InlineData("mfa totp 1767323045000", true)]
    [InlineData("mfa biometrics 1767323045000", false)]
    public void Only_a_proof_by_what_counts_opens(string passed, bool opens) =>
        Assert.Equal(opens, new MfaDemand(MfaMethods.Totp | MfaMethods.SecurityKey, TimeSpan.FromHours(1), null).OpenUntil(Guid.Empty, Identity([passed]), Now) > Now);

    [Theory]
    [InlineData(-6, false)]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(120, true)]
    [InlineData(121, false)]
    public void A_proof_for_one_entry_is_for_what_follows_at_its_app(int enteredAfter, bool opens)
    {
        var (app, demand) = (Guid.CreateVersion7(), new MfaDemand(MfaMethods.Totp, TimeSpan.Zero, TimeSpan.Zero));
        var entered = Now.AddSeconds(enteredAfter);
        Assert.Equal(opens, demand.OpenUntil(app, Identity([Passed.OfEntry(MfaMethods.Totp, Now, app)]), entered) is not null);
        Assert.Null(demand.OpenUntil(app, Identity([Passed.OfMfa(MfaMethods.Totp, Now), Passed.OfEntry(MfaMethods.Totp, Now, Guid.Empty), Passed.OfEntry(MfaMethods.SecurityKey, Now, app)]), entered));
        Assert.Equal(opens, demand.OpenUntil(app, Identity([Passed.OfSignIn(Now)], "otp"), entered) is not null);
    }

    [Theory]
    [InlineData(0, -1, true)]
    [InlineData(0, 0, false)]
    [InlineData(0, 1, false)]
    [InlineData(1, 1, true)] // only where each entry asks
    public void A_proof_for_an_earlier_entry_is_over_when_the_next_begins(int hours, int begunAfter, bool opens)
    {
        var (app, demand) = (Guid.CreateVersion7(), new MfaDemand(MfaMethods.Totp, TimeSpan.FromHours(hours), null));
        var identity = Identity([Passed.OfMfa(MfaMethods.Totp, Now), Passed.OfEntry(MfaMethods.Totp, Now, app)]);
        Assert.Equal(opens, demand.OpenUntil(app, identity, Now.AddSeconds(2), Now.AddSeconds(begunAfter)) > Now);
    }

    [Fact]
    public void Nothing_counts_that_the_organization_does_not_take_and_a_level_that_is_left_out_says_nothing_more()
    {
        var off = new MfaRules(true, MfaMethods.SecurityKey, TimeSpan.FromHours(700));
        Assert.Equal((MfaMethods.Totp, 1), Demand(new OrganizationMfa(MfaMethods.Totp, null, null), false, off, new MfaRules(false, MfaMethods.None, TimeSpan.FromHours(1))) is { } one ? (one.Allowed, one.Duration.TotalHours) : default);
        Assert.Equal((MfaMethods.Totp, 24), Demand(new OrganizationMfa(MfaMethods.Totp, null, null), false, off, new MfaRules(false, MfaMethods.Totp, null)) is { } two ? (two.Allowed, two.Duration.TotalHours) : default);
        Assert.Equal(MfaMethods.None, Demand(new OrganizationMfa(MfaMethods.Totp, null, null), false, null, Key)!.Allowed);
    }

    [Theory]
    [InlineData(null, null, 72)]
    [InlineData(100, null, 72)]
    [InlineData(2, null, 2)]
    [InlineData(2, 1, 1)]
    [InlineData(2, 0, 0)]
    public void A_sign_in_elsewhere_counts_no_longer_than_the_nearest_level_lets_a_proof_count(int? app, int? policy, int expected)
    {
        MfaRules Rules(int? hours) => new(false, MfaMethods.All, hours is { } h ? TimeSpan.FromHours(h) : null);
        var demand = Demand(new OrganizationMfa(MfaMethods.All, TimeSpan.FromHours(24), TimeSpan.FromHours(72)), false, Rules(app), Rules(policy))!;
        Assert.Equal(TimeSpan.FromHours(expected), demand.AmrDuration);
    }

    [Fact]
    public void A_change_of_what_is_asked_judges_running_sessions_anew()
    {
        string Hash(MfaRules? rules) => Table(new OrganizationMfa(MfaMethods.All, null, null), false, rules, null).AppsByAud.Values.Single().PolicyHash;
        Assert.Equal(4, new[] { Hash(null), Hash(App), Hash(Key), Hash(App with { Duration = TimeSpan.Zero }) }.Distinct().Count());
    }

    private static MfaDemand? Demand(OrganizationMfa? own, bool forAll, MfaRules? app, MfaRules? policy, AppType type = AppType.SelfHosted, PolicyAction action = PolicyAction.Allow)
    {
        var entry = Table(own, forAll, app, policy, type, action).AppsByAud.Values.Single();
        return entry.AfterSignIn.Concat(entry.BeforeSignIn).Single().Mfa;
    }

    private static AccessTable Table(OrganizationMfa? own, bool forAll, MfaRules? app, MfaRules? policy, AppType type = AppType.SelfHosted, PolicyAction action = PolicyAction.Allow)
    {
        var made = TestAccess.Policy(action, "p", [new Rule.Everyone()]);
        made.Mfa = policy;
        var plain = TestAccess.App("app.test", made);
        var typed = new App { Id = plain.Id, Aud = plain.Aud, Type = type, Name = plain.Name, Domains = plain.Domains, Policies = plain.Policies, Mfa = app };
        return TestAccess.Table([typed], organization: new Organization { Id = new string('a', 32), Name = "Us", Mfa = own, MfaRequiredForAllApps = forAll });
    }

    private static VisitorIdentity Identity(IReadOnlyList<string> passed, params string[] amr) => new()
    {
        Email = "ada@example.com",
        LoginMethodId = Guid.Empty,
        Claims = new Dictionary<string, IReadOnlyList<string>>(),
        Amr = amr,
        Passed = passed,
    };
}
