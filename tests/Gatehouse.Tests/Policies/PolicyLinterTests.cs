using System.Net;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Policies.Lint;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Policies;

public class PolicyLinterTests
{
    private static readonly Rule Staff = new Rule.EmailDomain("example.com");

    [Fact]
    public void Sound_policies_have_no_warning() => Assert.Empty(Check(
        Allow("office", [Staff], require: [new Rule.Ip(IPNetwork.Parse("10.0.0.0/8")), new Rule.AuthMethod("mfa")]),
        Allow("guests", [new Rule.Email("bob@partner.test"), new Rule.OidcClaim("role", "guest", null)], exclude: [new Rule.Email("eve@partner.test")])));

    [Theory]
    [InlineData("two domains")]
    [InlineData("own exclude")]
    [InlineData("address outside")]
    [InlineData("networks apart")]
    [InlineData("two login methods")]
    public void A_policy_that_nobody_meets_is_told_with_its_rules(string what)
    {
        var policy = what switch
        {
            "two domains" => Allow("p", [Staff], require: [new Rule.EmailDomain("other.test")]),
            "own exclude" => Allow("p", [new Rule.Email("ada@example.com")], exclude: [Staff]),
            "address outside" => Allow("p", [new Rule.Email("ada@example.com")], require: [new Rule.EmailDomain("other.test")]),
            "networks apart" => Allow("p", [new Rule.Ip(IPNetwork.Parse("10.0.0.0/8"))], require: [new Rule.Ip(IPNetwork.Parse("192.168.0.0/16"))]),
            _ => Allow("p", [new Rule.LoginMethod(Guid.CreateVersion7())], require: [new Rule.LoginMethod(Guid.CreateVersion7())]),
        };

        var warning = Assert.Single(Check(policy));

        Assert.Equal(LintKind.Unsatisfiable, warning.Kind);
        Assert.Contains(RuleJson.Write(policy.Include[0]), warning.Witness, StringComparison.Ordinal);
    }

    [Fact]
    public void A_narrow_range_inside_an_excluded_wide_one_still_has_somebody() => Assert.Empty(Check(
        Allow("p", [new Rule.Ip(IPNetwork.Parse("10.0.0.0/8"))], exclude: [new Rule.Ip(IPNetwork.Parse("10.0.0.0/9"))])));

    [Fact]
    public void A_policy_behind_one_that_decides_for_all_of_its_people_is_shadowed()
    {
        var warnings = Check(Allow("first", [Staff]), new PolicyBuilder(PolicyAction.Deny, "second", [new Rule.Email("eve@example.com")]).Policy);

        var warning = Assert.Single(warnings);
        Assert.Equal((LintKind.Shadowed, "second"), (warning.Kind, warning.Policy));
        Assert.Contains("'first' comes before it", warning.Text, StringComparison.Ordinal);
        Assert.StartsWith("eve@example.com from", warning.Witness, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bypass_shadows_what_asks_for_a_sign_in()
    {
        var warnings = Check(new PolicyBuilder(PolicyAction.Bypass, "open", [new Rule.Everyone()]).Policy, Allow("staff", [Staff]));

        Assert.Equal([(LintKind.WorldOpen, "open"), (LintKind.Shadowed, "staff")], warnings.Select(w => (w.Kind, w.Policy)));
    }

    [Fact]
    public void An_allow_for_everyone_is_open_to_the_world_and_one_that_requires_something_is_not()
    {
        Assert.Equal(LintKind.WorldOpen, Assert.Single(Check(Allow("p", [new Rule.Everyone()]))).Kind);
        Assert.Equal(LintKind.WorldOpen, Assert.Single(Check(Allow("p", [new Rule.Ip(IPNetwork.Parse("0.0.0.0/0"))]))).Kind);
        Assert.Empty(Check(Allow("p", [new Rule.Everyone()], require: [Staff])));
        Assert.Empty(Check(new PolicyBuilder(PolicyAction.Deny, "p", [new Rule.Everyone()]).Policy));
    }

    [Fact]
    public void Groups_are_looked_into()
    {
        var inner = new RuleGroup { Id = Guid.CreateVersion7(), Name = "inner", Include = [Staff], Require = [new Rule.AuthMethod("mfa")] };
        var outer = new RuleGroup { Id = Guid.CreateVersion7(), Name = "outer", Include = [new Rule.Group(inner.Id)], Exclude = [new Rule.Email("eve@example.com")] };

        Assert.Empty(PolicyLinter.Check(TestAccess.Entry(TestAccess.App("a.test", Allow("p", [new Rule.Group(outer.Id)])), inner, outer)));
        Assert.Equal(LintKind.Unsatisfiable, Assert.Single(PolicyLinter.Check(TestAccess.Entry(TestAccess.App(
            "a.test", Allow("p", [new Rule.Group(outer.Id)], require: [new Rule.EmailDomain("other.test")])), inner, outer))).Kind);
    }

    private static IReadOnlyList<LintWarning> Check(params Policy[] policies) => PolicyLinter.Check(TestAccess.Entry(TestAccess.App("a.test", policies)));

    private static Policy Allow(string name, Rule[] include, Rule[]? exclude = null, Rule[]? require = null) => TestAccess.Policy(PolicyAction.Allow, name, include, exclude, require);

    private sealed record PolicyBuilder(PolicyAction Action, string Name, Rule[] Include)
    {
        public Policy Policy => TestAccess.Policy(Action, Name, Include);
    }
}
