using System.Net;
using System.Text.RegularExpressions;
using Gatehouse.Model.Apps;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>The choice of login method on a page that an administrator wrote.</summary>
public partial class CustomLoginPageTests
{
    [Fact]
    public async Task It_leads_on_like_ours_and_runs_no_scripts()
    {
        await using var rig = await StartAsync("<h1>Enter {{AppName}} at {{AppHost}}</h1><script>alert(1)</script>{{LoginMethods}}<p>{{DecisionId}}");
        using var browser = rig.Browser();
        var page = await browser.FollowAsync("https://app.test/deep?q=1");
        Assert.Equal((HttpStatusCode.OK, "no-store"), (page.Status, page.Headers["Cache-Control"]));
        Assert.StartsWith("<h1>Enter app.test at app.test</h1>", page.Body, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Contains("sandbox", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.False(page.Headers.ContainsKey("X-Gatehouse-Decision"));

        var links = Links().Matches(page.Body);
        Assert.Equal(["Authentik", "Two"], links.Select(l => l.Groups[2].Value));
        var begun = await browser.GetAsync("https://access.test" + WebUtility.HtmlDecode(links[0].Groups[1].Value));
        Assert.StartsWith("https://idp.test/", begun.Location, StringComparison.Ordinal);
        rig.Provider.Nonce = begun["nonce"];
        Assert.Equal("app /deep?q=1", (await browser.FollowAsync((await SignInRig.CallbackAsync(browser, begun)).Location!)).Body);
    }

    [Fact]
    public async Task A_name_is_a_name_whatever_it_looks_like()
    {
        await using var rig = await StartAsync("{{LoginMethods}}|{{AppName}}", r =>
        {
            r.App.Name = "<b>{{LoginMethods}}</b>";
            r.Methods[1].Name = "\"><script>{{AppName}}";
        });
        using var browser = rig.Browser();
        var page = await browser.FollowAsync("https://app.test/");
        Assert.EndsWith("|&lt;b&gt;{{LoginMethods}}&lt;/b&gt;", page.Body, StringComparison.Ordinal);
        Assert.Contains(">&quot;&gt;&lt;script&gt;{{AppName}}</a>", page.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_for_another_occasion_is_not_shown()
    {
        await using var rig = await StartAsync("{{LoginMethods}}", r => r.Pages[0].Kind = CustomPageKind.Forbidden);
        using var browser = rig.Browser();
        Assert.Contains("Sign in with Authentik", (await browser.FollowAsync("https://app.test/")).Body, StringComparison.Ordinal);
    }

    private static Task<SignInRig> StartAsync(string html, Action<SignInRig>? change = null) => SignInRig.StartAsync(r =>
    {
        r.Methods.Add(TestAccess.Method("Two"));
        r.Pages.Add(new CustomPage { Id = Guid.CreateVersion7(), Name = "in", Kind = CustomPageKind.Login, Html = html });
        r.App.CustomPages = [r.Pages[0].Id];
        change?.Invoke(r);
    });

    [GeneratedRegex("<a class=\"login-method\" href=\"([^\"]+)\">([^<]+)</a>")]
    private static partial Regex Links();
}
