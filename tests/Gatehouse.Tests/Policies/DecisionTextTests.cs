using System.Net;
using Gatehouse.Model.Audit;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Policies;

public class DecisionTextTests
{
    private static readonly Guid Id = Guid.Parse("01980000-0000-7000-8000-000000000001");

    [Fact]
    public void A_denial_reads_from_the_outcome_to_the_rules()
    {
        var app = TestAccess.Entry(TestAccess.App(
            "a.test",
            TestAccess.Policy(PolicyAction.Allow, "Staff", [new Rule.EmailDomain("example.com")], require: [new Rule.Ip(IPNetwork.Parse("203.0.113.0/24"))])));
        var text = DecisionText.Render(Record(DecisionJson.Write(PolicyExplainer.Explain(app, TestAccess.Visitor("ada@example.org")))));

        Assert.Equal(
            """
            Decision 0123456789abcdef: denied
              when     2026-01-02 03:04:05 UTC
              app      Whoami (01980000-0000-7000-8000-000000000001)
              asked    GET whoami.localhost/x?[31m (login)
              who      ada@example.org, from 203.0.113.9, through login method 01980000-0000-7000-8000-000000000001
              why      Refused: no allow policy matched.
              nearest  Allow policy 'Staff' would have admitted them if the address were under example.com.

              1. allow 'Staff': no include rule is met
                 include not met {"email_domain":{"domain":"example.com"}}
                                 the address ada@example.org is not under example.com
                 require met     {"ip":{"ip":"203.0.113.0/24"}}
                                 the client address 203.0.113.9 is in 203.0.113.0/24

            """,
            text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"outcome\":null,\"nearestMiss\":null,\"policies\":[]}")]
    public void Reasons_that_cannot_be_read_are_said_to_be_so(string json) =>
        Assert.Contains("in a form that this version does not read", DecisionText.Render(Record(json)), StringComparison.Ordinal);

    private static DecisionRecord Record(string tree) => new()
    {
        Id = "0123456789abcdef",
        At = new FakeClock().GetUtcNow(),
        AppId = Id,
        AppName = "Whoami",
        Allowed = false,
        Action = "login",
        Email = "ada@example.org",
        LoginMethodId = Id,
        Address = "203.0.113.9",
        Method = "GET",
        Host = "whoami.localhost",
        Path = "/x\u001b[31m",
        TreeJson = tree,
    };
}
