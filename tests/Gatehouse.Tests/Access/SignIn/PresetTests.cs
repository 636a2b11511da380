using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Policies;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>Presets, against a fake: GitHub, Google, Entra and Okta can't be reached from here, nor be made to lie.</summary>
public class PresetTests
{
    private const string Home = "https://app.test/";

    [Fact]
    public async Task GitHub_people_enter_by_their_team_under_their_primary_verified_address()
    {
        await using var rig = await SignInRig.StartAsync(r => GitHub(r, new Rule.ProviderGroup(ProviderGroupKind.GitHub, "acme/engines", r.Method.Id)));
        Answer(rig, page: 1);
        using var browser = rig.Browser();

        var begun = await rig.BeginAsync(browser, Home);
        Assert.Equal("read:user user:email read:org", begun["scope"]);
        var callback = await SignInRig.CallbackAsync(browser, begun);
        Assert.Equal("app /", (await browser.FollowAsync(callback.Location!)).Body);

        var session = Assert.Single(rig.Sessions.All);
        Assert.Equal(("ada@example.com", "Ada", "42"), (session.Email, session.Name, session.Subject));
        Assert.Equal("""["acme","acme/engines"]""", session.GroupsJson);
    }

    [Theory]
    [InlineData("""[{"email":"ada@example.com","primary":true,"verified":false}]""", "gave no claim")]
    [InlineData("""[{"email":"ada@example.com","primary":false,"verified":true}]""", "gave no claim")]
    [InlineData("""{"message":"x"}""", "/user/emails answered with something else")]
    [InlineData("not json", "/user/emails answered with something else")]
    [InlineData(null, "/user/emails answered 404")]
    public async Task F04_GitHub_without_a_verified_primary_address_lets_nobody_in(string? emails, string words)
    {
        await using var rig = await SignInRig.StartAsync(r => GitHub(r, new Rule.Everyone()));
        Answer(rig, 1, emails);
        using var browser = rig.Browser();

        var page = await rig.SignInAsync(browser, Home);

        Assert.Contains(words, WebUtility.HtmlDecode(page.Body), StringComparison.Ordinal);
        Assert.Empty(rig.Sessions.All);
        Assert.DoesNotContain(rig.Log, l => l.Contains("gho_canary", StringComparison.Ordinal));
    }

    [Fact]
    public async Task GitHub_groups_are_read_whole_or_not_at_all()
    {
        await using var rig = await SignInRig.StartAsync(r => GitHub(r, new Rule.Everyone()));
        Answer(rig, page: 11); // every page is full
        using var browser = rig.Browser();

        Assert.Contains("more than 1000 entries", (await rig.SignInAsync(browser, Home)).Body, StringComparison.Ordinal);
        Assert.Empty(rig.Sessions.All);
    }

    [Fact]
    public async Task GitHub_says_that_the_code_is_over_with_status_200()
    {
        await using var rig = await SignInRig.StartAsync(r => GitHub(r, new Rule.Everyone()));
        rig.Provider.Token = context => FakeProvider.WriteAsync(context, 200, new JsonObject { ["error"] = "bad_verification_code" });
        using var browser = rig.Browser();

        Assert.Contains("no longer accepts this sign-in", (await rig.SignInAsync(browser, Home)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("example.com", true)]
    [InlineData("other.example", false)]
    [InlineData(null, false)]
    public async Task A_Workspace_takes_accounts_of_its_domain_only(string? domain, bool admitted)
    {
        await using var rig = await SignInRig.StartAsync(r => (r.Method.Type, r.Method.PresetJson) = (LoginMethodTypes.GoogleWorkspace, """{"apps_domain":"example.com"}"""));
        rig.Provider.Claims = claims => claims["hd"] = domain;
        using var browser = rig.Browser();

        var page = await rig.SignInAsync(browser, Home);

        Assert.Equal(admitted, page.Body == "app /");
        Assert.Equal(admitted ? 1 : 0, rig.Sessions.All.Count);
    }

    [Fact]
    public async Task Entra_groups_feed_rules_and_groups_that_were_left_out_are_no_empty_list()
    {
        const string group = "0d5b3c11-0000-4000-8000-000000000001";
        await using var rig = await SignInRig.StartAsync(r =>
        {
            (r.Method.Type, r.Method.PresetJson) = (LoginMethodTypes.Entra, """{"prompt":"select_account","support_groups":"true"}""");
            r.App.Policies[0].Policy!.Include = [new Rule.ProviderGroup(ProviderGroupKind.Azure, group, r.Method.Id)];
        });
        using var browser = rig.Browser();
        using var other = rig.Browser();

        rig.Provider.Claims = claims =>
        {
            claims.Remove("Groups");
            claims["groups"] = new JsonArray(group);
        };
        var begun = await rig.BeginAsync(browser, Home);
        Assert.Equal("select_account", begun["prompt"]);
        Assert.Equal("app /", (await browser.FollowAsync((await SignInRig.CallbackAsync(browser, begun)).Location!)).Body);

        rig.Provider.Claims = claims =>
        {
            claims.Remove("Groups");
            claims["_claim_names"] = new JsonObject { ["groups"] = "src1" };
        };
        Assert.Contains("left your groups out", (await rig.SignInAsync(other, Home)).Body, StringComparison.Ordinal);
        Assert.Single(rig.Sessions.All);
    }

    private static void GitHub(SignInRig rig, Rule rule)
    {
        (rig.Method.Type, rig.Method.CertsUrl, rig.Method.Scopes) = (LoginMethodTypes.GitHub, rig.Provider.Url + "/api/", ["read:user", "user:email", "read:org"]);
        rig.App.Policies[0].Policy!.Include = [rule];
        rig.Provider.Token = context => FakeProvider.WriteAsync(context, 200, new JsonObject { ["access_token"] = "gho_canary", ["token_type"] = "bearer" });
    }

    private static void Answer(SignInRig rig, int page, string? emails = """[{"email":"old@example.com","primary":false,"verified":true},{"email":"Ada@Example.com","primary":true,"verified":true}]""") =>
        rig.Provider.Api = request => request.Headers.Authorization != "Bearer gho_canary" || request.Headers.UserAgent.Count == 0 ? null : request.Path.Value switch
        {
            "/api/user" => """{"id":42,"login":"ada","name":"Ada","email":"public@elsewhere.test"}""",
            "/api/user/emails" => emails,
            "/api/user/orgs" => page > 10 ? Full() : """[{"login":"acme"}]""",
            "/api/user/teams" => """[{"slug":"engines","name":"Engines!","organization":{"login":"acme"}}]""",
            _ => null,
        };

    private static string Full() => new JsonArray([.. Enumerable.Range(0, 100).Select(n => new JsonObject { ["login"] = $"o{n}" })]).ToJsonString();
}
