using System.Net;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Policies;

public class RuleEvaluatorTests
{
    private static readonly RuleScope NoGroups = RuleScope.Empty;

    [Theory]
    [InlineData("ada@example.com", "example.com", true)]
    [InlineData("ada@mail.example.com", "example.com", false)]
    [InlineData("ada@notexample.com", "example.com", false)]
    [InlineData("ada@example.com.evil", "example.com", false)]
    [InlineData("example.com@evil.org", "example.com", false)]
    [InlineData(null, "example.com", false)]
    public void A_domain_rule_is_about_exactly_that_domain(string? email, string domain, bool met) =>
        Assert.Equal(met, RuleEvaluator.Meets(TestAccess.Visitor(email), new Rule.EmailDomain(domain), NoGroups));

    [Theory]
    [InlineData("ada@example.com", true)]
    [InlineData("ada@example.co", false)]
    [InlineData("aada@example.com", false)]
    [InlineData(null, false)]
    public void An_address_rule_is_about_exactly_that_address(string? email, bool met) =>
        Assert.Equal(met, RuleEvaluator.Meets(TestAccess.Visitor(email), new Rule.Email("ada@example.com"), NoGroups));

    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.0", true)]
    [InlineData("192.0.2.0/24", "192.0.2.255", true)]
    [InlineData("192.0.2.0/24", "192.0.3.0", false)]
    [InlineData("192.0.2.7/32", "192.0.2.7", true)]
    [InlineData("192.0.2.7/32", "192.0.2.8", false)]
    [InlineData("0.0.0.0/0", "8.8.8.8", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("2001:db8::/32", "2001:db8:ffff::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::1", false)]
    [InlineData("::/0", "192.0.2.1", false)]
    [InlineData("::ffff:0:0/96", "192.0.2.1", false)]
    [InlineData("192.0.2.0/24", "255.255.255.255", false)]
    public void A_range_holds_its_own_addresses(string range, string address, bool met) =>
        Assert.Equal(met, RuleEvaluator.Meets(TestAccess.Visitor(null, address), new Rule.Ip(IPNetwork.Parse(range)), NoGroups));

    [Theory]
    [InlineData("::ffff:192.0.2.0/120")]
    [InlineData("::ffff:192.0.2.7")]
    [InlineData("::ffff:0:0/96")]
    public void A_range_that_no_address_could_be_in_is_refused_when_it_is_written(string range)
    {
        using var rule = System.Text.Json.JsonDocument.Parse("{\"ip\":{\"ip\":\"" + range + "\"}}");

        Assert.False(RuleJson.TryRead(rule.RootElement, out _, out var fault));
        Assert.Contains("write the IPv4 form", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_address_is_in_no_range_of_hosts() =>
        Assert.False(RuleEvaluator.Meets(new Visitor(IPAddress.None, null), new Rule.Ip(IPNetwork.Parse("10.0.0.0/8")), NoGroups));

    [Theory]
    [InlineData("groups", "demo", true)]
    [InlineData("groups", "staff", true)]
    [InlineData("groups", "Demo", false)]
    [InlineData("groups", "dem", false)]
    [InlineData("groups", "demo,staff", false)]
    [InlineData("Groups", "demo", false)]
    [InlineData("absent", "", false)]
    [InlineData("level", "3", true)]
    public void A_claim_rule_compares_whole_values(string name, string value, bool met) =>
        Assert.Equal(met, RuleEvaluator.Meets(
            TestAccess.Visitor("a@b.c", claims: [("groups", ["demo", "staff"]), ("level", ["3"])]), new Rule.OidcClaim(name, value, null), NoGroups));

    [Fact]
    public void A_claim_rule_may_count_for_one_login_method_only()
    {
        var (mine, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var visitor = TestAccess.Visitor("a@b.c", method: mine, claims: [("groups", ["demo"])]);

        Assert.True(RuleEvaluator.Meets(visitor, new Rule.OidcClaim("groups", "demo", mine), NoGroups));
        Assert.False(RuleEvaluator.Meets(visitor, new Rule.OidcClaim("groups", "demo", other), NoGroups));
        Assert.True(RuleEvaluator.Meets(visitor, new Rule.LoginMethod(mine), NoGroups));
        Assert.False(RuleEvaluator.Meets(visitor, new Rule.LoginMethod(other), NoGroups));
        Assert.False(RuleEvaluator.Meets(TestAccess.Visitor(null), new Rule.LoginMethod(default), NoGroups));
    }

    [Fact]
    public void Groups_nest_and_keep_their_excludes()
    {
        var (inner, outer) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var groups = new RuleScope
        {
            Groups = new Dictionary<Guid, CompiledGroup>
            {
                [inner] = new("Inner", [new Rule.EmailDomain("example.com")], [new Rule.Email("eve@example.com")], []),
                [outer] = new("Outer", [new Rule.Group(inner)], [], []),
            },
        };

        Assert.True(RuleEvaluator.Meets(TestAccess.Visitor("ada@example.com"), new Rule.Group(outer), groups));
        Assert.False(RuleEvaluator.Meets(TestAccess.Visitor("eve@example.com"), new Rule.Group(outer), groups));
        Assert.False(RuleEvaluator.Meets(TestAccess.Visitor("ada@example.com"), new Rule.Group(Guid.CreateVersion7()), groups));
    }

    [Fact]
    public void Everyone_is_met_by_any_request() => Assert.True(RuleEvaluator.Meets(TestAccess.Visitor(null), new Rule.Everyone(), NoGroups));
}
