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
        Assert.Null(demand.OpenUntil(Identity([Passed.OfMfa(MfaMethods.Totp, Now)]), Now));
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
        Assert.Equal(opens, new MfaDemand(MfaMethods.Totp | MfaMethods.SecurityKey, TimeSpan.FromHours(1), null).OpenUntil(Identity([passed]), Now) > Now);

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

    private static VisitorIdentity Identity(IReadOnlyList<string> passed) => new()
    {
        Email = "ada@example.com",
        LoginMethodId = Guid.Empty,
        Claims = new Dictionary<string, IReadOnlyList<string>>(),
        Passed = passed,
    };
}
