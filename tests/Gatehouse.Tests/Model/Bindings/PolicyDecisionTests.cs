using System.Text.Json;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Expressions;
using Gatehouse.Model.Users;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Model.Bindings;

/// <summary>How bindings are put together, and what each kind of policy says.</summary>
public class PolicyDecisionTests
{
    private static readonly Guid Engineers = new("00000000-0000-0000-0000-000000000001");
    private static readonly Guid Staff = new("00000000-0000-0000-0000-000000000002");
    private static readonly Guid Admins = new("00000000-0000-0000-0000-000000000003");

    private static readonly PersonFacts Ada = new(
        Expressions.Expressions.Ada.User, "uid",
        [GroupOf(Engineers, "engineers")],
        [GroupOf(Engineers, "engineers"), GroupOf(Staff, "staff")]);

    private readonly FakeClock clock = new();
    private readonly PolicyJudge judge = new(new ExpressionCache());

    [Theory]
    [InlineData("any", "", true)]
    [InlineData("any", "g:engineers", true)]
    [InlineData("any", "g:staff", true)] // above the group they are in
    [InlineData("any", "g:admins", false)]
    [InlineData("any", "g:admins g:staff", true)]
    [InlineData("all", "g:admins g:staff", false)]
    [InlineData("all", "g:engineers g:staff", true)]
    [InlineData("any", "!g:admins", true)]
    [InlineData("all", "g:staff !g:engineers", false)]
    [InlineData("any", "u:7", true)]
    [InlineData("any", "u:8", false)]
    [InlineData("any", "!u:7", false)]
    [InlineData("any", "-g:admins", true)] // disabled: as if there were none
    [InlineData("any", "p:True", true)]
    [InlineData("any", "p:False", false)]
    [InlineData("any", "!p:False", true)]
    [InlineData("any", "g:admins p:True", true)]
    [InlineData("all", "g:admins p:True", false)]
    [InlineData("all", "g:staff p:True", true)]
    [InlineData("all", "p:True p:False", false)]
    [InlineData("any", "p:True p:False", true)]
    [InlineData("any", "p:fault", false)]
    [InlineData("any", "!p:fault", false)] // a fault is not turned round
    [InlineData("any", "+p:fault", true)] // unless the binding vouches
    [InlineData("all", "g:staff p:fault", false)]
    [InlineData("any", "gone", false)]
    [InlineData("any", "!gone", false)]
    [InlineData("odd", "g:admins g:staff", true)]
    public void Bindings_are_put_together(string mode, string bindings, bool expected)
    {
        var bound = bindings.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Bound).ToList();

        Assert.Equal(expected, PolicyDecision.Decide(mode, bound, Facts(), judge).Verdict.IsPassing);
    }

    [Fact]
    public void A_fault_is_told_apart_from_a_no()
    {
        Assert.True(PolicyDecision.Decide("any", [Bound("p:fault", 0)], Facts(), judge).Verdict.HasFault);
        Assert.False(PolicyDecision.Decide("any", [Bound("p:False", 0)], Facts(), judge).Verdict.HasFault);
        Assert.False(PolicyDecision.Decide("any", [Bound("+p:fault", 0)], Facts(), judge).Verdict.HasFault);
        Assert.Single(PolicyDecision.Decide("any", [Bound("p:fault", 0)], Facts(), judge).Faults);
    }

    [Fact]
    public void Messages_of_all_results_are_told()
    {
        var verdict = PolicyDecision.Decide("all", [Bound("p:ak_message('one')", 0), Bound("p:ak_message('two')", 1)], Facts(), judge).Verdict;

        Assert.False(verdict.IsPassing);
        Assert.Equal(["one", "two"], verdict.Messages);
    }

    [Theory]
    [InlineData("""{"length_min":8,"amount_digits":1,"amount_uppercase":1,"amount_symbols":1}""", "Abcdef1!", true)]
    [InlineData("""{"length_min":9}""", "Abcdef1!", false)]
    [InlineData("""{"amount_digits":2}""", "Abcdef1!", false)]
    [InlineData("""{"amount_symbols":2}""", "Abcdef1!", false)]
    [InlineData("""{"amount_symbols":1,"symbol_charset":"#"}""", "Abcdef1!", false)]
    [InlineData("""{"check_static_rules":false,"length_min":99}""", "x", true)]
    [InlineData("""{"check_zxcvbn":true}""", "password123", false)]
    [InlineData("""{"check_zxcvbn":true}""", "Lovelace1815", false)]
    [InlineData("""{"check_zxcvbn":true}""", "qwertyuiop123", false)]
    [InlineData("""{"check_zxcvbn":true}""", "aaaaaaaaaaaaaaa", false)]
    [InlineData("""{"check_zxcvbn":true}""", "vK9#pz!Qw2xe", true)]
    [InlineData("""{"check_zxcvbn":true}""", "granite lantern oboe seventeen", true)]
    public void A_password_policy_looks_at_length_kinds_and_strength(string settings, string password, bool expected) =>
        Assert.Equal(expected, Judge(PolicyKind.Password, settings, ("password", password)).IsPassing);

    [Fact]
    public void A_password_policy_without_a_password_does_not_pass() => Assert.False(Judge(PolicyKind.Password, "{}").IsPassing);

    [Fact]
    public void A_past_password_does_not_pass()
    {
        var facts = Facts(("password", "the old one"));
        var old = PasswordHash.Make("the old one");
        var policy = PolicyOf(PolicyKind.UniquePassword, """{"num_historical_passwords":2}""");

        Assert.False(judge.Judge(policy, With(facts, [PasswordHash.Make("x"), old]), TimeSpan.Zero).IsPassing);
        Assert.True(judge.Judge(policy, With(facts, [PasswordHash.Make("x"), PasswordHash.Make("y"), old]), TimeSpan.Zero).IsPassing);
        Assert.NotNull(judge.Judge(policy, facts, TimeSpan.Zero).Fault);
    }

    [Theory]
    [InlineData("{}", -5, true)]
    [InlineData("{}", -4, false)]
    [InlineData("""{"threshold":-2}""", -2, true)]
    [InlineData("""{"check_username":false,"threshold":-2}""", -2, true)]
    public void A_reputation_policy_passes_for_who_failed_too_often(string settings, int score, bool expected)
    {
        var facts = new PolicyFacts { Person = Ada, ClientIp = "192.0.2.7", Clock = clock, Reputations = [Score("ada", "192.0.2.7", score), Score("bob", "198.51.100.1", -5)] };

        Assert.Equal(expected, judge.Judge(PolicyOf(PolicyKind.Reputation, settings), facts, TimeSpan.Zero).IsPassing);
    }

    [Fact]
    public void A_reputation_policy_without_an_address_faults() => Assert.NotNull(judge.Judge(
        PolicyOf(PolicyKind.Reputation, "{}"), new PolicyFacts { Person = Ada, ClientIp = "not an address", Clock = clock, Reputations = [] }, TimeSpan.Zero).Fault);

    [Theory]
    [InlineData("""{"action":"login_failed"}""", true)]
    [InlineData("""{"action":"login"}""", false)]
    [InlineData("""{"action":"login_failed","client_ip":"192.0.2.7"}""", true)]
    [InlineData("""{"client_ip":"192.0.2.8"}""", false)]
    [InlineData("""{"app":"authentik_core","model":"authentik_core.user"}""", true)]
    [InlineData("""{"model":"authentik_core.group"}""", false)]
    [InlineData("{}", true)]
    public void An_event_matcher_fits_all_that_is_set(string settings, bool expected)
    {
        var happened = new Dictionary<string, object>
        {
            ["action"] = "login_failed",
            ["app"] = "gatehouse",
            ["client_ip"] = "192.0.2.7",
            ["context"] = new Dictionary<string, object> { ["model"] = new Dictionary<string, object> { ["app"] = "authentik_core", ["model_name"] = "user" } },
        };

        Assert.Equal(expected, Judge(PolicyKind.EventMatcher, settings, ("event", happened)).IsPassing);
        Assert.False(Judge(PolicyKind.EventMatcher, settings).IsPassing);
    }

    [Fact]
    public void An_old_password_ends_unless_the_policy_only_denies()
    {
        Ada.User!.PasswordChangedAt = clock.GetUtcNow();
        Ada.User.PasswordHash = "kept";
        Assert.True(Judge(PolicyKind.PasswordExpiry, """{"days":30}""").IsPassing);

        clock.Advance(TimeSpan.FromDays(31));
        Assert.True(Judge(PolicyKind.PasswordExpiry, """{"days":30}""") is { IsPassing: false, EndsPassword: true });
        Assert.True(Judge(PolicyKind.PasswordExpiry, """{"days":30,"deny_only":true}""") is { IsPassing: false, EndsPassword: false });
    }

    [Theory]
    [InlineData("""{"countries":["FR"]}""", true)]
    [InlineData("""{"countries":["DE"]}""", false)]
    [InlineData("""{"asns":[64500]}""", true)]
    [InlineData("""{"asns":[64501],"countries":["FR"]}""", true)]
    public void A_place_policy_fits_country_or_network(string settings, bool expected)
    {
        var facts = new PolicyFacts { Person = Ada, ClientIp = "192.0.2.7", Clock = clock, Place = new GeoFacts("FR", "Paris", "EU", 64500, "Example") };

        Assert.Equal(expected, judge.Judge(PolicyOf(PolicyKind.GeoIp, settings), facts, TimeSpan.Zero).IsPassing);
        Assert.NotNull(judge.Judge(PolicyOf(PolicyKind.GeoIp, settings), Facts(), TimeSpan.Zero).Fault); // unknown: closed
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"result":7}""")]
    public void Settings_that_can_not_be_read_fault(string settings) => Assert.NotNull(Judge(PolicyKind.Dummy, settings).Fault);

    private PolicyOutcome Judge(PolicyKind kind, string settings, params (string Name, object Value)[] context) => judge.Judge(PolicyOf(kind, settings), Facts(context), TimeSpan.Zero);

    private PolicyFacts Facts(params (string Name, object Value)[] context) =>
        new() { Person = Ada, ClientIp = "192.0.2.7", Clock = clock, Context = context.ToDictionary(c => c.Name, c => c.Value) };

    private static PolicyFacts With(PolicyFacts facts, IReadOnlyList<string> past) =>
        new() { Person = facts.Person, ClientIp = facts.ClientIp, Clock = facts.Clock, Context = facts.Context, PastPasswords = past };

    private static Reputation Score(string name, string ip, int score) =>
        new() { Id = Guid.CreateVersion7(), Identifier = name, Ip = ip, Score = score, UpdatedAt = default, ExpiresAt = default };

    private static IdentityPolicy PolicyOf(PolicyKind kind, string settings) => new() { Id = Guid.CreateVersion7(), Name = kind.ToString(), Kind = kind, SettingsJson = settings };

    private static BoundPolicy Bound(string text, int order)
    {
        var (isNegated, isEnabled, vouches) = (text.StartsWith('!'), !text.StartsWith('-'), text.StartsWith('+'));
        var parts = text.TrimStart('!', '-', '+').Split(':', 2);
        var policy = parts[0] == "p"
            ? PolicyOf(PolicyKind.Expression, JsonSerializer.Serialize(new { expression = parts[1] == "fault" ? "return context['nothing']" : parts[1].StartsWith("ak_", StringComparison.Ordinal) ? parts[1] : "return " + parts[1] }))
            : null;
        return new BoundPolicy(
            new PolicyBinding
            {
                Id = Guid.CreateVersion7(),
                TargetId = Guid.Empty,
                Order = order,
                IsNegated = isNegated,
                IsEnabled = isEnabled,
                FailureResult = vouches,
                PolicyId = policy?.Id,
                GroupId = parts[0] == "g" ? parts[1] switch { "engineers" => Engineers, "staff" => Staff, _ => Admins } : null,
                UserId = parts[0] == "u" ? int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) : null,
            },
            policy);
    }

    private static Group GroupOf(Guid id, string name) => new() { Id = id, Number = 1, Name = name };
}
