using System.Text.Json;
using Gatehouse.Model.Audit;
using Gatehouse.Model.Policies;
using Gatehouse.Verbs;

namespace Gatehouse.Tests.Host;

/// <summary>What <c>explain</c> prints.</summary>
public class ExplanationTests
{
    [Fact]
    public void It_names_the_rule_that_failed_and_the_nearest_miss()
    {
        var text = DecisionText.Render(Denied());

        Assert.StartsWith("Decision 0123456789abcdef: denied", text, StringComparison.Ordinal);
        Assert.Contains("nearest  an address under example.com", text, StringComparison.Ordinal);
        Assert.Contains("""include not met {"email_domain":{"domain":"example.com"}}""", text, StringComparison.Ordinal);
        Assert.Contains("eve@evil.test", text, StringComparison.Ordinal);
    }

    [Fact]
    public void L01_what_a_visitor_chose_can_not_move_the_cursor() => Assert.DoesNotContain('\u001b', DecisionText.Render(Denied()));

    [Fact]
    public void For_programs_it_is_one_object_with_the_tree()
    {
        using var parsed = JsonDocument.Parse(Explanation.Json(Denied()));

        Assert.False(parsed.RootElement.GetProperty("allowed").GetBoolean());
        Assert.Equal("an address under example.com", parsed.RootElement.GetProperty("reasons").GetProperty("nearestMiss").GetString());
    }

    private static DecisionRecord Denied() => new()
    {
        Id = "0123456789abcdef",
        At = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        AppName = "whoami",
        Allowed = false,
        Action = "login",
        Email = "eve@evil.test",
        Address = "127.0.0.1",
        Method = "GET",
        Host = "whoami.localhost",
        Path = "/a\u001b[2J",
        TreeJson = DecisionJson.Write(
            new DecisionTree(
                "no policy matched",
                "an address under example.com",
                [
                    new PolicyReason(
                        Guid.Empty,
                        "staff",
                        "allow",
                        false,
                        "no include rule was met",
                        [new RuleReason("""{"email_domain":{"domain":"example.com"}}""", false, "eve@evil.test")],
                        [],
                        []),
                ])),
    };
}
