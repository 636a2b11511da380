using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Policies;

public class PolicyEvaluatorTests
{
    private static readonly Rule.Everyone Everyone = new();
    private static readonly Rule.Email Ada = new("ada@example.com");
    private static readonly Rule.EmailDomain Example = new("example.com");

    [Fact]
    public void An_app_without_policies_admits_nobody() =>
        Assert.Equal(VerdictKind.NoMatch, PolicyEvaluator.AfterSignIn(TestAccess.Entry(TestAccess.App("a.test")), TestAccess.Visitor("ada@example.com")).Kind);

    [Fact]
    public void Nobody_is_not_everyone()
    {
        var app = TestAccess.Entry(TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "All", [Everyone])));

        Assert.Equal(VerdictKind.NoMatch, PolicyEvaluator.AfterSignIn(app, TestAccess.Visitor(null)).Kind);
        Assert.Equal(VerdictKind.NoMatch, PolicyEvaluator.BeforeSignIn(app, TestAccess.Visitor(null)).Kind);
    }

    [Theory]
    [InlineData("allow:all deny:ada", VerdictKind.Allow)]
    [InlineData("deny:ada allow:all", VerdictKind.Deny)]
    [InlineData("deny:bob allow:all", VerdictKind.Allow)]
    [InlineData("allow:bob deny:bob", VerdictKind.NoMatch)]
    [InlineData("deny:all", VerdictKind.Deny)]
    [InlineData("allow:none", VerdictKind.NoMatch)]
    public void The_first_match_decides_among_those_about_people(string policies, VerdictKind verdict)
    {
        var app = TestAccess.Entry(TestAccess.App("a.test", [.. policies.Split(' ').Select(Parse)]));

        Assert.Equal(verdict, PolicyEvaluator.AfterSignIn(app, TestAccess.Visitor("ada@example.com")).Kind);
    }

    [Theory]
    [InlineData("deny:all bypass:all", VerdictKind.Bypass)]
    [InlineData("allow:all service:all bypass:all", VerdictKind.NonIdentity)]
    [InlineData("allow:all bypass:all service:all", VerdictKind.Bypass)]
    [InlineData("allow:all deny:all", VerdictKind.NoMatch)]
    public void Bypass_and_service_auth_come_before_all_others(string policies, VerdictKind verdict)
    {
        var app = TestAccess.Entry(TestAccess.App("a.test", [.. policies.Split(' ').Select(Parse)]));

        Assert.Equal(verdict, PolicyEvaluator.BeforeSignIn(app, TestAccess.Visitor(null)).Kind);
    }

    [Fact]
    public void Precedence_orders_not_the_list()
    {
        var made = TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "A", [Everyone]), TestAccess.Policy(PolicyAction.Deny, "D", [Everyone]));
        made.Policies[0].Precedence = 9;

        Assert.Equal(VerdictKind.Deny, PolicyEvaluator.AfterSignIn(TestAccess.Entry(made), TestAccess.Visitor("ada@example.com")).Kind);
    }

    [Theory]
    [InlineData("ada@example.com", "203.0.113.9", true)]
    [InlineData("bob@example.com", "203.0.113.9", true)]
    [InlineData("eve@example.com", "203.0.113.9", false)]
    [InlineData("ada@example.com", "198.51.100.1", false)]
    [InlineData("ada@example.org", "203.0.113.9", false)]
    public void Any_include_every_require_no_exclude(string email, string address, bool met)
    {
        var policy = TestAccess.Policy(
            PolicyAction.Allow, "P", [Ada, Example], [new Rule.Email("eve@example.com")], [Example, new Rule.Ip(System.Net.IPNetwork.Parse("203.0.113.0/24"))]);
        var app = TestAccess.Entry(TestAccess.App("a.test", policy));

        Assert.Equal(met, PolicyEvaluator.AfterSignIn(app, TestAccess.Visitor(email, address)).Kind == VerdictKind.Allow);
    }

    [Fact]
    public void A_policy_that_cannot_be_judged_admits_nobody_and_a_deny_refuses_everybody()
    {
        var unknown = new Rule.Group(Guid.CreateVersion7());
        var allow = TestAccess.Entry(TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "A", [Everyone, unknown])));
        var excluding = TestAccess.Entry(TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "A", [Everyone], [unknown])));
        var bypass = TestAccess.Entry(TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Bypass, "B", [Everyone], [unknown])));
        var deny = TestAccess.Entry(TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Deny, "D", [unknown]), TestAccess.Policy(PolicyAction.Allow, "A", [Everyone])));
        var ada = TestAccess.Visitor("ada@example.com");

        Assert.Equal(
            (VerdictKind.NoMatch, VerdictKind.NoMatch, VerdictKind.NoMatch, VerdictKind.Deny),
            (PolicyEvaluator.AfterSignIn(allow, ada).Kind, PolicyEvaluator.AfterSignIn(excluding, ada).Kind, PolicyEvaluator.BeforeSignIn(bypass, ada).Kind, PolicyEvaluator.AfterSignIn(deny, ada).Kind));
    }

    private static Policy Parse(string text)
    {
        var parts = text.Split(':');
        var action = parts[0] switch
        {
            "allow" => PolicyAction.Allow,
            "deny" => PolicyAction.Deny,
            "bypass" => PolicyAction.Bypass,
            _ => PolicyAction.NonIdentity,
        };
        return TestAccess.Policy(action, text, parts[1] switch { "all" => [Everyone], "none" => [], var name => [new Rule.Email(name + "@example.com")] });
    }
}
