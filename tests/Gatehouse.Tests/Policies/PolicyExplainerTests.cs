using System.Net;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Policies;

public class PolicyExplainerTests
{
    private static readonly Rule.EmailDomain Example = new("example.com");

    [Theory]
    [InlineData("ada@example.org", "the address ada@example.org is not under example.com")]
    [InlineData("ada@mail.example.com", "the address ada@mail.example.com is not under example.com (a domain rule never covers sub-domains; mail.example.com needs a rule of its own)")]
    [InlineData("ada@exmaple.com", "the address ada@exmaple.com is not under example.com (exmaple.com and example.com differ in two characters)")]
    [InlineData("ada@example.com", "the address ada@example.com is under example.com")]
    public void An_address_is_compared_in_words(string email, string found) =>
        Assert.Equal(found, Explain(TestAccess.Visitor(email), Example).Policies[0].Include[0].Found);

    [Theory]
    [InlineData("Demo", "the claim 'groups' holds 'Demo', not 'demo' ('Demo' and 'demo' differ only in upper and lower case)")]
    [InlineData("demos", "the claim 'groups' holds 'demos', not 'demo' ('demos' and 'demo' differ in one character)")]
    [InlineData("demo ", "the claim 'groups' holds 'demo ', not 'demo' ('demo ' and 'demo' differ only in spaces around them)")]
    [InlineData("staff", "the claim 'groups' holds 'staff', not 'demo'")]
    [InlineData("demo", "the claim 'groups' holds 'demo'")]
    public void A_group_name_that_is_nearly_right_is_pointed_out(string group, string found) =>
        Assert.Equal(found, Explain(TestAccess.Visitor("a@b.c", claims: [("groups", [group])]), new Rule.OidcClaim("groups", "demo", null)).Policies[0].Include[0].Found);

    [Fact]
    public void A_claim_that_was_not_sent_lists_those_that_were() =>
        Assert.Equal(
            "the login method gave no claim 'groups'; it gave 'department', 'email'",
            Explain(TestAccess.Visitor("a@b.c", claims: [("email", ["a@b.c"]), ("department", ["x"])]), new Rule.OidcClaim("groups", "demo", null)).Policies[0].Include[0].Found);

    [Fact]
    public void The_nearest_miss_is_the_allow_policy_with_the_fewest_unmet_rules()
    {
        var app = TestAccess.Entry(TestAccess.App(
            "a.test",
            TestAccess.Policy(PolicyAction.Allow, "Far", [new Rule.Email("boss@example.com")], require: [new Rule.Ip(IPNetwork.Parse("10.0.0.0/8"))]),
            TestAccess.Policy(PolicyAction.Allow, "Near", [Example], [new Rule.OidcClaim("groups", "guests", null)])));

        var tree = PolicyExplainer.Explain(app, TestAccess.Visitor("ada@example.com", claims: [("groups", ["guests"])]));

        Assert.Equal("Refused: no allow policy matched.", tree.Outcome);
        Assert.Equal("Allow policy 'Near' would have admitted them if the claim 'groups' did not hold 'guests'.", tree.NearestMiss);
        Assert.Equal(["no include rule is met; 1 require rule is not met", "1 exclude rule is met"], tree.Policies.Select(p => p.Why));
    }

    [Fact]
    public void The_nearest_miss_names_every_change_that_is_needed()
    {
        var app = TestAccess.Entry(TestAccess.App(
            "a.test",
            TestAccess.Policy(PolicyAction.Allow, "Staff", [Example, new Rule.Email("guest@example.org")], require: [new Rule.Ip(IPNetwork.Parse("10.0.0.0/8"))])));

        Assert.Equal(
            "Allow policy 'Staff' would have admitted them if the address were under example.com, or the address were guest@example.org (they differ in one character), and the client address were in 10.0.0.0/8.",
            PolicyExplainer.Explain(app, TestAccess.Visitor("guests@example.org")).NearestMiss);
    }

    [Fact]
    public void A_deny_that_stands_before_an_allow_is_named()
    {
        var app = TestAccess.Entry(TestAccess.App(
            "a.test",
            TestAccess.Policy(PolicyAction.Deny, "No contractors", [new Rule.OidcClaim("groups", "contractors", null)]),
            TestAccess.Policy(PolicyAction.Allow, "Staff", [Example])));

        var tree = PolicyExplainer.Explain(app, TestAccess.Visitor("ada@example.com", claims: [("groups", ["contractors"])]));

        Assert.Equal("Refused by deny policy 'No contractors'.", tree.Outcome);
        Assert.Equal("Without deny policy 'No contractors', allow policy 'Staff' would have admitted them.", tree.NearestMiss);
        Assert.Single(tree.Policies);
        Assert.True(tree.Policies[0].Matched);
    }

    [Fact]
    public void A_policy_that_cannot_be_judged_says_why()
    {
        var group = Guid.CreateVersion7();
        var app = TestAccess.Entry(TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "Staff", [new Rule.Group(group)])));

        var tree = PolicyExplainer.Explain(app, TestAccess.Visitor("ada@example.com"));

        Assert.Equal($"it can't be judged: it names group {group}, which does not exist", tree.Policies[0].Why);
        Assert.Null(tree.NearestMiss);
    }

    [Theory]
    [InlineData(PolicyAction.Bypass, false)]
    [InlineData(PolicyAction.NonIdentity, false)]
    [InlineData(PolicyAction.NonIdentity, true)]
    public void A_policy_before_sign_in_with_a_rule_about_people_admits_nobody(PolicyAction action, bool inGroup)
    {
        var group = new RuleGroup { Id = Guid.CreateVersion7(), Name = "Staff", Include = [Example] };
        var app = TestAccess.Entry(TestAccess.App("a.test", TestAccess.Policy(action, "P", [new Rule.Everyone()], [inGroup ? new Rule.Group(group.Id) : Example])), group);

        Assert.Equal(VerdictKind.NoMatch, PolicyEvaluator.BeforeSignIn(app, TestAccess.Visitor(null)).Kind);
        Assert.Contains("judged before anyone signs in", PolicyExplainer.Explain(app, TestAccess.Visitor(null)).Policies[0].Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_says_what_it_looked_for()
    {
        var group = new RuleGroup { Id = Guid.CreateVersion7(), Name = "Office", Include = [Example] };
        var app = TestAccess.Entry(TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "Staff", [new Rule.Group(group.Id)])), group);

        Assert.Equal(
            "they do not meet the group 'Office': no include rule is met; the address ada@example.org is not under example.com",
            PolicyExplainer.Explain(app, TestAccess.Visitor("ada@example.org")).Policies[0].Include[0].Found);
    }

    [Fact]
    public void Before_anyone_signs_in_only_the_policies_that_need_nobody_are_told()
    {
        var made = TestAccess.App(
            "a.test",
            TestAccess.Policy(PolicyAction.Allow, "Staff", [Example]),
            TestAccess.Policy(PolicyAction.Bypass, "Office", [new Rule.Ip(IPNetwork.Parse("192.0.2.0/24"))]));
        var outside = PolicyExplainer.Explain(TestAccess.Entry(made), TestAccess.Visitor(null));
        var inside = PolicyExplainer.Explain(TestAccess.Entry(made), TestAccess.Visitor(null, "192.0.2.1"));

        Assert.Equal("Refused: nobody has signed in.", outside.Outcome);
        Assert.Equal("Bypass policy 'Office' would have admitted them if the client address were in 192.0.2.0/24.", outside.NearestMiss);
        Assert.Equal("Office", Assert.Single(outside.Policies).Name);
        Assert.Equal(("Admitted by bypass policy 'Office'.", null), (inside.Outcome, inside.NearestMiss));
    }

    [Fact]
    public void A_sign_in_is_explained_by_the_policies_about_people()
    {
        var app = TestAccess.Entry(TestAccess.App(
            "a.test", TestAccess.Policy(PolicyAction.Bypass, "All", [new Rule.Everyone()]), TestAccess.Policy(PolicyAction.Allow, "Staff", [Example])));

        var tree = PolicyExplainer.ExplainLogin(app, TestAccess.Visitor("ada@example.org"));

        Assert.Equal("Refused: no allow policy matched.", tree.Outcome);
        Assert.Equal("Staff", Assert.Single(tree.Policies).Name);
    }

    [Fact]
    public void A_login_method_that_the_app_does_not_take_is_the_reason()
    {
        var made = TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "Staff", [Example]));
        made.AllowedLoginMethods = [Guid.CreateVersion7()];

        Assert.Contains("does not take the login method", PolicyExplainer.ExplainLogin(TestAccess.Entry(made), TestAccess.Visitor("ada@example.com")).Outcome, StringComparison.Ordinal);
    }

    [Fact]
    public void No_policy_at_all_says_so() =>
        Assert.Equal("Refused: the application has no policy, so it admits nobody.", PolicyExplainer.Explain(TestAccess.Entry(TestAccess.App("a.test")), TestAccess.Visitor("a@b.c")).Outcome);

    [Theory]
    [InlineData("ada@example.com")]
    [InlineData("eve@example.org")]
    [InlineData("ada@example.net")]
    public void The_words_agree_with_the_verdict(string email)
    {
        var app = TestAccess.Entry(TestAccess.App(
            "a.test", TestAccess.Policy(PolicyAction.Deny, "D", [new Rule.EmailDomain("example.org")]), TestAccess.Policy(PolicyAction.Allow, "A", [Example])));
        var visitor = TestAccess.Visitor(email);

        Assert.Equal(PolicyEvaluator.AfterSignIn(app, visitor).By?.Name, PolicyExplainer.Explain(app, visitor).Policies.SingleOrDefault(p => p.Matched)?.Name);
    }

    private static DecisionTree Explain(Visitor visitor, Rule rule) =>
        PolicyExplainer.Explain(TestAccess.Entry(TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "P", [rule]))), visitor);
}
