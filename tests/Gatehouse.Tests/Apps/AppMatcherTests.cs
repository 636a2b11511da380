using Gatehouse.Model.Apps;
using Gatehouse.Model.Origins;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Tests.Apps;

/// <summary>Which app and which origin a request belongs to.</summary>
public class AppMatcherTests
{
    [Theory]
    [InlineData("a.x.y", "/", "exact")]
    [InlineData("b.x.y", "/", "wild")]
    [InlineData("ab.x.y", "/", "prefix")]
    [InlineData("a.x.y", "/admin", "admin")]
    [InlineData("a.x.y", "/admin/public", "public")]
    [InlineData("a.x.y", "/admin/publicity", "admin")]
    [InlineData("a.x.y", "/wiki", "exact")]
    [InlineData("b.x.y", "/wiki/1", "wild-wiki")]
    [InlineData("a.x.y", "/Case", "case")]
    [InlineData("z.y", "/", null)]
    public void The_most_specific_app_wins(string host, string target, string? expected)
    {
        Assert.True(RequestPath.TryParse(target, out var path, out _));
        var match = Matcher().Find(host, path, out var app);
        Assert.Equal(expected is null ? AppMatch.None : AppMatch.One, match);
        Assert.Equal(expected, app?.App.Name);
    }

    [Theory]
    [InlineData("/ADMIN")]
    [InlineData("/case")]
    [InlineData("/admin;x/public")]
    [InlineData("/admin%2fpublic")]
    [InlineData("//admin")]
    [InlineData("/admin//public")]
    [InlineData("/admin%3fx")]
    [InlineData("/admin%20")]
    [InlineData("/admin.")]
    [InlineData("/%ef%bd%81dmin")]
    [InlineData("/%25%361dmin")]
    [InlineData("/two/%2f%2fin")]
    public void Readings_that_select_different_apps_are_ambiguous(string target)
    {
        Assert.True(RequestPath.TryParse(target, out var path, out var refusal), refusal);
        Assert.Equal(AppMatch.Ambiguous, Matcher().Find("a.x.y", path, out var app));
        Assert.Null(app);
    }

    [Fact]
    public void Every_spelling_of_a_protected_path_is_that_app_or_refused()
    {
        var matcher = Matcher();
        string[] letters = ["a", "A", "%61", "%41", "%2561", "%ef%bd%81"];
        string[] slashes = ["/", "//", "%2f", "%252f", "/;x/", ";x/", "/.%2f", "/%2e/", "\\"];
        string[] ends = ["", "/", ";x", "%3f", "%23", "%20", ".", "/%2e", "?a", "%00"];
        foreach (var target in from l in letters from s in slashes from e in ends select $"{(s.StartsWith('/') ? s : "/" + s)}{l}dmin{e}")
        {
            if (RequestPath.TryParse(target, out var path, out _) && matcher.Find("a.x.y", path, out var app) == AppMatch.One)
            {
                Assert.True(app!.App.Name == "admin", $"{target} went to {app.App.Name}");
            }
        }
    }

    [Fact]
    public void A_wildcard_origin_serves_one_label_and_a_repeated_name_its_first()
    {
        var origins = new OriginMatcher([Origin("*.x.y", "1"), Origin("a.x.y", "2"), Origin("a.x.y", "3")]);
        Assert.Equal("2", origins.Find("a.x.y")?.Prefix);
        Assert.Equal("1", origins.Find("b.x.y")?.Prefix);
        Assert.Null(origins.Find("b.a.x.y"));
        Assert.Null(origins.Find("x.y"));
        Assert.Null(origins.Find("y"));
        Assert.Null(origins.Find(".x.y"));
    }

    private static OriginEntry Origin(string name, string prefix) =>
        new() { Prefix = prefix, Hostname = new PublicHostname { Id = Guid.CreateVersion7(), Hostname = name, Service = prefix } };

    private static AppMatcher Matcher() => new(
    [
        App("exact", "a.x.y"), App("wild", "*.x.y"), App("prefix", "a*.x.y"), App("admin", "a.x.y/admin"), App("public", "a.x.y/admin/public"),
        App("wild-wiki", "*.x.y/wiki/*"), App("case", "a.x.y/Case"), App("in", "a.x.y/two/*/in"), App("broken", "https://a.x.y"),
    ]);

    private static AppEntry App(string name, string domain) => new()
    {
        App = new App { Id = Guid.CreateVersion7(), Aud = name, Name = name, Domains = [domain] },
        BeforeSignIn = [],
        AfterSignIn = [],
        Scope = Gatehouse.Model.Policies.RuleScope.Empty,
        HasContinuousRules = false,
        LoginMethods = [],
        PolicyHash = "",
    };
}
