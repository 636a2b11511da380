using Gatehouse.Model.Audit;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Policies.Replay;
using Gatehouse.Model.Snapshots;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Policies;

public class PolicyReplayTests
{
    private static readonly Rule Staff = new Rule.EmailDomain("example.com");

    [Fact]
    public void Tells_whom_changed_policies_would_newly_allow_or_deny()
    {
        var app = TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "staff", [Staff]));
        var changed = Changed(app, TestAccess.Policy(PolicyAction.Allow, "engines", [new Rule.OidcClaim("department", "engines", null)], require: [new Rule.AuthMethod("mfa")]));
        var replay = Replay(app, changed);

        replay.Add(Decision(app.Id, "ada@example.com", TestAccess.Epoch, ["engines"], ["mfa"]));
        replay.Add(Decision(app.Id, "bob@example.com", TestAccess.Epoch, ["sales"], ["mfa"]));
        replay.Add(Decision(app.Id, "bob@example.com", TestAccess.Epoch.AddHours(1), ["sales"], ["mfa"]));
        replay.Add(Decision(app.Id, "cy@partner.test", TestAccess.Epoch, ["engines"], ["mfa"]));
        replay.Add(Decision(app.Id, "dan@partner.test", TestAccess.Epoch, ["engines"], ["pwd"]));
        var report = replay.Report();

        Assert.Equal((5, 0), (report.Judged, report.Skipped));
        Assert.Equal([("bob@example.com", false, 2), ("cy@partner.test", true, 1)], report.Changes.Select(c => (c.Who, c.IsAllowed, c.Count)));
        Assert.Equal(TestAccess.Epoch.AddHours(1), report.Changes[0].LastAt);
    }

    [Fact]
    public void Requests_without_a_person_are_judged_by_where_they_came_from()
    {
        var app = TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "staff", [Staff]));
        var replay = Replay(app, Changed(app, TestAccess.Policy(PolicyAction.Bypass, "home", [new Rule.Country("DE")])));

        replay.Add(Decision(app.Id, null, TestAccess.Epoch, [], [], country: "DE"));
        replay.Add(Decision(app.Id, null, TestAccess.Epoch, [], [], country: "FR"));

        var change = Assert.Single(replay.Report().Changes);
        Assert.Equal(("203.0.113.9", true, 1), (change.Who, change.IsAllowed, change.Count));
    }

    [Fact]
    public void What_kept_too_little_is_counted_and_not_guessed()
    {
        var app = TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "staff", [Staff]));
        var replay = Replay(app, Changed(app, TestAccess.Policy(PolicyAction.Deny, "nobody", [new Rule.Everyone()])));

        replay.Add(Decision(app.Id, "ada@example.com", TestAccess.Epoch, [], [], factsJson: null));
        replay.Add(Decision(app.Id, "ada@example.com", TestAccess.Epoch, [], [], factsJson: "{"));
        replay.Add(Decision(Guid.CreateVersion7(), "ada@example.com", TestAccess.Epoch, [], []));

        Assert.Equal((0, 3), (replay.Report().Judged, replay.Report().Skipped));
    }

    private static PolicyReplay Replay(Gatehouse.Model.Apps.App app, Gatehouse.Model.Apps.App changed) =>
        new(new Dictionary<Guid, AppEntry> { [app.Id] = TestAccess.Entry(app) }, new Dictionary<Guid, AppEntry> { [app.Id] = TestAccess.Entry(changed) });

    private static Gatehouse.Model.Apps.App Changed(Gatehouse.Model.Apps.App app, Policy policy) => new()
    {
        Id = app.Id,
        Aud = app.Aud,
        Name = app.Name,
        Domains = app.Domains,
        Policies = [new Gatehouse.Model.Apps.AppPolicy { AppId = app.Id, PolicyId = policy.Id, Policy = policy, Precedence = 1 }],
    };

    private static DecisionRecord Decision(Guid app, string? email, DateTimeOffset at, string[] departments, string[] amr, string? country = null, string? factsJson = "") => new()
    {
        Id = "0000000000000abc",
        At = at,
        AppId = app,
        Allowed = true,
        Action = "login",
        Email = email,
        LoginMethodId = email is null ? null : Guid.Empty,
        Address = "203.0.113.9",
        Country = country,
        Method = "GET",
        Host = "a.test",
        Path = "/",
        FactsJson = factsJson is not "" ? factsJson : email is null ? null : DecisionFacts.Write(new VisitorIdentity
        {
            Email = email,
            LoginMethodId = Guid.Empty,
            Claims = new Dictionary<string, IReadOnlyList<string>> { ["department"] = departments },
            Amr = amr,
        }),
        TreeJson = "{}",
    };
}
