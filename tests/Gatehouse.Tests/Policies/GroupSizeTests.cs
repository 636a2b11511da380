using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Policies;

/// <summary>Groups that name groups: a few of them come to more rules than anybody could judge.</summary>
public class GroupSizeTests
{
    [Theory]
    [InlineData(1, 1000, null)]
    [InlineData(2, 11, "comes to more than 10000 rules")]
    [InlineData(5, 1000, "comes to more than 10000 rules")] // 10^15
    public void Groups_that_name_each_other_many_times_over_are_compiled_at_once_and_admit_nobody(int levels, int times, string? fault)
    {
        List<RuleGroup> groups = [Group([.. Enumerable.Range(0, 1000).Select(n => new Rule.Email($"a{n}@example.com"))])];
        for (var level = 1; level < levels; level++)
        {
            groups.Add(Group([.. Enumerable.Repeat(new Rule.Group(groups[^1].Id), times)]));
        }

        Judge(groups, fault, "a7@example.com");
    }

    [Theory]
    [InlineData(10, null)]
    [InlineData(11, "is nested over 10 deep")]
    public void Groups_nest_ten_deep(int levels, string? fault)
    {
        List<RuleGroup> groups = [Group([new Rule.Email("a7@example.com")])];
        while (groups.Count < levels)
        {
            groups.Add(Group([new Rule.Group(groups[^1].Id)]));
        }

        Judge(groups, fault, "a7@example.com");
    }

    [Fact]
    public void A_group_that_contains_itself_admits_nobody_and_holds_nobody_up()
    {
        var (one, other) = (Group([]), Group([new Rule.Everyone()]));
        one.Include = [new Rule.Group(other.Id)];
        other.Include = [new Rule.Everyone(), new Rule.Group(one.Id)];

        Judge([other, one], "contains itself", "a7@example.com");
    }

    [Fact]
    public void A_policy_of_groups_that_are_too_much_together_admits_nobody()
    {
        var group = Group([.. Enumerable.Range(0, 1000).Select(n => new Rule.Email($"a{n}@example.com"))]);
        var app = TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "p", [.. Enumerable.Repeat(new Rule.Group(group.Id), 10)]));

        Assert.Contains("it comes to more than 10000 rules", TestAccess.Entry(app, group).AfterSignIn[0].BrokenBecause, StringComparison.Ordinal);
    }

    [Fact]
    public void What_changes_in_a_nested_group_changes_the_hash_of_the_policies()
    {
        var inner = Group([new Rule.Email("ada@example.com")]);
        var outer = Group([new Rule.Group(Group([]).Id), new Rule.Group(inner.Id)]);
        var app = TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "p", [new Rule.Group(outer.Id)]));
        var before = TestAccess.Entry(app, inner, outer).PolicyHash;
        Assert.Equal(before, TestAccess.Entry(app, outer, inner).PolicyHash);

        inner.Include = [new Rule.Email("eve@example.com")];
        Assert.NotEqual(before, TestAccess.Entry(app, inner, outer).PolicyHash);
    }

    // The last of the groups is named by an allow policy, and by a deny that stands behind it.
    private static void Judge(List<RuleGroup> groups, string? fault, string email)
    {
        var named = new Rule.Group(groups[^1].Id);
        var allow = TestAccess.Entry(TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "p", [named])), [.. groups]);
        var deny = TestAccess.Entry(
            TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Deny, "p", [named]), TestAccess.Policy(PolicyAction.Allow, "all", [new Rule.Everyone()])), [.. groups]);
        var visitor = TestAccess.Visitor(email);

        Assert.Equal(fault is null ? VerdictKind.Allow : VerdictKind.NoMatch, PolicyEvaluator.AfterSignIn(allow, visitor).Kind);
        Assert.Equal(VerdictKind.Deny, PolicyEvaluator.AfterSignIn(deny, visitor).Kind);
        Assert.Contains(fault ?? "", allow.AfterSignIn[0].BrokenBecause ?? "", StringComparison.Ordinal);
        Assert.NotEmpty(PolicyExplainer.Explain(allow, visitor).Policies);
    }

    private static RuleGroup Group(List<Rule> rules) => new() { Id = Guid.CreateVersion7(), Name = Guid.CreateVersion7().ToString(), Include = rules };
}
