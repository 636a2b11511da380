using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Access.SignIn;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Access.Agents;

/// <summary>Managed OAuth, and the login of the command line. Rows O06 to O09, O12, O25 and S02 of the attack cases for them.</summary>
public partial class AgentTests
{
    private const string OAuth = "https://access.test/cdn-cgi/access/oauth";
    private const string Redirect = "http://127.0.0.1:3000/callback";
    private const string Proof = "0123456789abcdef0123456789abcdef0123456789abcdef";
    private static readonly string Challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(Proof)));

    [Fact]
    public async Task Metadata_leads_from_the_app_to_the_authorization_server()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var resource = JsonNode.Parse((await browser.GetAsync("https://app.test/.well-known/oauth-protected-resource/mcp")).Body)!;
        Assert.Equal(("https://app.test/mcp", "https://access.test"), (resource["resource"]!.ToString(), resource["authorization_servers"]![0]!.ToString()));
        foreach (var host in (string[])["app.test", "access.test"])
        {
            var server = JsonNode.Parse((await browser.GetAsync($"https://{host}/.well-known/oauth-authorization-server")).Body)!;
            Assert.Equal(("https://access.test", OAuth + "/token"), (server["issuer"]!.ToString(), server["token_endpoint"]!.ToString()));
            Assert.Equal("""["S256"]""", server["code_challenge_methods_supported"]!.ToJsonString());
        }
    }

    [Fact]
    public async Task A_program_gets_a_token_that_a_person_granted_and_renews_it()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var client = await RegisterAsync(browser);
        var page = await AskAsync(rig, browser, client);
        Assert.Contains("ada@example.com", page.Body, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors &#x27;none&#x27;".Replace("&#x27;", "'", StringComparison.Ordinal), page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Contains("Robot &lt;b&gt;", page.Body, StringComparison.Ordinal);
        var granted = await SayAsync(browser, page, "yes");
        Assert.StartsWith(Redirect + "?code=", granted.Location, StringComparison.Ordinal);
        Assert.Equal(("s-1", "https://access.test"), (granted["state"], granted["iss"]));

        var tokens = await TokenAsync(browser, client, granted["code"]);
        Assert.Equal("900", tokens["expires_in"]!.ToString());
        var access = tokens["access_token"]!.ToString();
        Assert.StartsWith("oauth:", access, StringComparison.Ordinal);
        var jwt = new JsonWebToken(access["oauth:".Length..]);
        Assert.Equal(("ada@example.com", rig.App.Aud), (jwt.GetClaim("email").Value, Assert.Single(jwt.Audiences)));
        Assert.Equal(2, rig.Sessions.All.Count); // the program's is one of its own

        var renewed = await RefreshAsync(browser, client, tokens["refresh_token"]!.ToString());
        Assert.NotEqual(tokens["refresh_token"]!.ToString(), renewed["refresh_token"]!.ToString());
        Assert.Null(renewed["error"]);
    }

    [Fact]
    public async Task O08_a_code_that_comes_twice_ends_what_came_of_it_and_nothing_else()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var client = await RegisterAsync(browser);
        var code = (await SayAsync(browser, await AskAsync(rig, browser, client), "yes"))["code"];
        var tokens = await TokenAsync(browser, client, code);
        Assert.Equal("invalid_grant", (await TokenAsync(browser, client, code))["error"]!.ToString());
        Assert.Equal("invalid_grant", (await RefreshAsync(browser, client, tokens["refresh_token"]!.ToString()))["error"]!.ToString());
        Assert.Single(rig.Sessions.All, s => s.RevokedAt is null);
    }

    [Fact]
    public async Task O09_a_refresh_token_that_comes_twice_ends_the_family()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var client = await RegisterAsync(browser);
        var first = (await TokenAsync(browser, client, (await SayAsync(browser, await AskAsync(rig, browser, client), "yes"))["code"]))["refresh_token"]!.ToString();
        var second = (await RefreshAsync(browser, client, first))["refresh_token"]!.ToString();
        Assert.Equal("invalid_grant", (await RefreshAsync(browser, client, first))["error"]!.ToString());
        Assert.Equal("invalid_grant", (await RefreshAsync(browser, client, second))["error"]!.ToString());
    }

    [Fact]
    public async Task O12_policies_are_asked_again_at_each_renewal()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var client = await RegisterAsync(browser);
        var refresh = (await TokenAsync(browser, client, (await SayAsync(browser, await AskAsync(rig, browser, client), "yes"))["code"]))["refresh_token"]!.ToString();
        rig.App.Policies[0].Policy!.Include = [new Rule.Email("bob@example.com")];
        rig.Reload();
        Assert.Equal("invalid_grant", (await RefreshAsync(browser, client, refresh))["error"]!.ToString());
    }

    [Theory]
    [InlineData("code_verifier", "0123456789abcdef0123456789abcdef0123456789abcdeX")]
    [InlineData("code_verifier", "")]
    [InlineData("redirect_uri", "http://127.0.0.1:3000/other")]
    [InlineData("client_id", "gatehouse-cli")]
    public async Task O06_O07_a_code_is_its_clients_and_its_proofs(string field, string value)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var client = await RegisterAsync(browser);
        var form = CodeForm(client, (await SayAsync(browser, await AskAsync(rig, browser, client), "yes"))["code"]);
        form[field] = value;
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(OAuth + "/token", form)).Status);
        Assert.Equal("invalid_grant", JsonNode.Parse((await browser.PostAsync(OAuth + "/token", form)).Body)!["error"]!.ToString());
    }

    [Theory]
    [InlineData("https://evil.test/cb")]
    [InlineData("javascript:alert(1)")]
    [InlineData("http://127.0.0.1@evil.test/")]
    [InlineData("http://127.0.0.1:3000/#x")]
    [InlineData("http://localhost.evil.test/")]
    [InlineData("http://example.com/")]
    public async Task O02_O03_redirects_that_no_app_takes_are_not_registered(string redirect)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var body = new JsonObject { ["redirect_uris"] = new JsonArray(redirect) };
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostJsonAsync(OAuth + "/registration", body.ToJsonString())).Status);
    }

    [Theory]
    [InlineData("""{"\udc00aaaaaaaaa":1}""")]
    [InlineData("""{"redirect_uris":["\udc00"]}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public async Task A_registration_that_can_not_be_read_is_refused(string body)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostJsonAsync(OAuth + "/registration", body)).Status);
    }

    [Fact]
    public async Task O03_an_address_that_apps_take_no_more_is_redirected_to_no_more()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var query = Question(await RegisterAsync(browser));
        rig.App.Agents = null;
        rig.Reload();
        query["response_type"] = "token";
        Assert.Null((await browser.GetAsync(UrlOf(query))).Location);
    }

    [Theory]
    [InlineData("redirect_uri", "http://127.0.0.1:3001/callback", null)]
    [InlineData("client_id", "forged", null)]
    [InlineData("response_type", "token", "unsupported_response_type")]
    [InlineData("code_challenge_method", "plain", "invalid_request")]
    [InlineData("code_challenge", "", "invalid_request")]
    [InlineData("resource", "https://other.test/", "invalid_target")]
    [InlineData("resource", "", "invalid_target")]
    [InlineData("resource", "https://xn--\u00fc.example/", "invalid_target")]
    public async Task What_is_asked_wrongly_goes_to_a_registered_address_or_nowhere(string field, string value, string? error)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var query = Question(await RegisterAsync(browser));
        query[field] = value;
        var answer = await browser.GetAsync(UrlOf(query));
        Assert.Equal(error is null, answer.Location is null);
        if (error is not null)
        {
            Assert.StartsWith(Redirect + "?error=" + error, answer.Location, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("foreign origin")]
    [InlineData("foreign site")]
    [InlineData("other person")]
    [InlineData("forged ticket")]
    [InlineData("too late")]
    public async Task S02_O25_only_the_person_who_was_asked_can_grant(string row)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var page = await AskAsync(rig, browser, await RegisterAsync(browser));
        var ticket = Ticket().Match(page.Body).Groups[1].Value;
        using var other = rig.Browser();
        if (row == "other person")
        {
            await rig.SignInAsync(other);
        }

        rig.Clock.Advance(row == "too late" ? TimeSpan.FromMinutes(11) : TimeSpan.Zero);
        (string, string)[] headers = row switch { "foreign origin" => [("Origin", "https://evil.test")], "foreign site" => [("Sec-Fetch-Site", "same-site")], _ => [] };
        var answer = await (row == "other person" ? other : browser).PostAsync(
            OAuth + "/consent", new Dictionary<string, string> { ["ticket"] = row == "forged ticket" ? ticket[..^2] + "AA" : ticket, ["answer"] = "yes" }, headers);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Null(answer.Location);
    }

    [Fact]
    public async Task Who_says_no_grants_nothing_and_who_is_denied_is_not_asked()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var client = await RegisterAsync(browser);
        var no = await SayAsync(browser, await AskAsync(rig, browser, client), "no");
        Assert.Equal("access_denied", no["error"]);
        Assert.Single(rig.Sessions.All);

        rig.App.Policies[0].Policy!.Include = [new Rule.Email("bob@example.com")];
        rig.Reload();
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.FollowAsync(UrlOf(Question(client)), Redirect)).Status);
    }

    [Fact]
    public async Task A_client_gives_back_what_it_was_granted()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var client = await RegisterAsync(browser);
        var tokens = await TokenAsync(browser, client, (await SayAsync(browser, await AskAsync(rig, browser, client), "yes"))["code"]);
        Assert.Equal(HttpStatusCode.OK, (await browser.PostAsync(OAuth + "/revoke", new Dictionary<string, string> { ["client_id"] = client, ["token"] = tokens["refresh_token"]!.ToString() })).Status);
        Assert.Equal("invalid_grant", (await RefreshAsync(browser, client, tokens["refresh_token"]!.ToString()))["error"]!.ToString());
        Assert.Single(rig.Sessions.All, s => s.RevokedAt is not null);
    }

    [Fact]
    public async Task A_client_with_a_secret_needs_it()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        var made = JsonNode.Parse((await browser.PostJsonAsync(
            OAuth + "/registration", $$"""{"client_name":"Robot","redirect_uris":["{{Redirect}}"],"token_endpoint_auth_method":"client_secret_basic"}""")).Body)!;
        var (id, secret) = (made["client_id"]!.ToString(), made["client_secret"]!.ToString());
        var form = CodeForm(id, (await SayAsync(browser, await AskAsync(rig, browser, id), "yes"))["code"]);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.PostAsync(OAuth + "/token", form)).Status);
        var basic = ("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{secret}")));
        Assert.Equal(HttpStatusCode.OK, (await browser.PostAsync(OAuth + "/token", form, basic)).Status);
    }

    [Fact]
    public async Task Where_no_app_takes_programs_none_registers()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.PostJsonAsync(OAuth + "/registration", $$"""{"redirect_uris":["{{Redirect}}"]}""")).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_command_line_gets_an_app_token_after_a_question_or_without_where_the_app_says_so(bool skips)
    {
        await using var rig = await SignInRig.StartAsync(r => r.App.SkipInterstitial = skips);
        using var browser = rig.Browser();
        var begun = await browser.FollowAsync($"https://app.test/cdn-cgi/access/cli?redirect_uri={Uri.EscapeDataString("http://127.0.0.1:9/")}&code_challenge={Challenge}&state=x", "https://idp.test/");
        rig.Provider.Nonce = begun["nonce"];
        var back = await SignInRig.CallbackAsync(browser, begun);
        var page = await browser.FollowAsync(back.Location!, "http://127.0.0.1:9/");
        var granted = skips ? page : await SayAsync(browser, page, "yes");
        Assert.StartsWith("http://127.0.0.1:9/?code=", granted.Location, StringComparison.Ordinal);
        var answer = await browser.PostAsync(
            OAuth + "/token",
            new Dictionary<string, string> { ["grant_type"] = "authorization_code", ["client_id"] = "gatehouse-cli", ["code"] = granted["code"], ["redirect_uri"] = "http://127.0.0.1:9/", ["code_verifier"] = Proof });
        var tokens = JsonNode.Parse(answer.Body)!;
        Assert.Null(tokens["refresh_token"]);
        var token = new JsonWebToken(tokens["access_token"]!.ToString());
        Assert.Equal("ada@example.com", token.GetClaim("email").Value);
        await browser.GetAsync("https://access.test/cdn-cgi/access/logout");
        Assert.True(rig.Sessions.Revocations.Current.IsRevoked(token.GetClaim("identity_nonce").Value));
    }

    [Theory]
    [InlineData("https://evil.test/")]
    [InlineData("http://evil.test/")]
    [InlineData("http://127.0.0.1@evil.test/")]
    public async Task The_command_lines_answer_leaves_the_machine_in_no_way(string redirect)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync($"https://app.test/cdn-cgi/access/cli?redirect_uri={Uri.EscapeDataString(redirect)}&code_challenge={Challenge}")).Status);
    }

    internal static Task<SignInRig> StartAsync() => SignInRig.StartAsync(r => r.App.Agents = new AgentRules());

    internal static async Task<string> RegisterAsync(Browser browser)
    {
        var answer = await browser.PostJsonAsync(OAuth + "/registration", $$"""{"client_name":"Robot <b>","redirect_uris":["{{Redirect}}"]}""");
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return JsonNode.Parse(answer.Body)!["client_id"]!.ToString();
    }

    internal static Dictionary<string, string> Question(string client) => new()
    {
        ["client_id"] = client,
        ["redirect_uri"] = Redirect,
        ["response_type"] = "code",
        ["code_challenge"] = Challenge,
        ["code_challenge_method"] = "S256",
        ["state"] = "s-1",
        ["resource"] = "https://app.test/mcp",
    };

    internal static string UrlOf(Dictionary<string, string> query) =>
        OAuth + "/authorization?" + string.Join('&', query.Select(q => $"{q.Key}={Uri.EscapeDataString(q.Value)}"));

    // Signs in on the way, at the app.
    internal static async Task<Answer> AskAsync(SignInRig rig, Browser browser, string client)
    {
        var begun = await browser.FollowAsync(UrlOf(Question(client)));
        Assert.StartsWith("https://idp.test/", begun.Location, StringComparison.Ordinal);
        rig.Provider.Nonce = begun["nonce"];
        return await browser.FollowAsync((await SignInRig.CallbackAsync(browser, begun)).Location!);
    }

    internal static Task<Answer> SayAsync(Browser browser, Answer page, string answer) =>
        browser.PostAsync(OAuth + "/consent", new Dictionary<string, string> { ["ticket"] = Ticket().Match(page.Body).Groups[1].Value, ["answer"] = answer }, ("Origin", "https://access.test"));

    private static Dictionary<string, string> CodeForm(string client, string code) => new()
    {
        ["grant_type"] = "authorization_code",
        ["client_id"] = client,
        ["code"] = code,
        ["redirect_uri"] = Redirect,
        ["code_verifier"] = Proof,
    };

    internal static async Task<JsonNode> TokenAsync(Browser browser, string client, string code) =>
        JsonNode.Parse((await browser.PostAsync(OAuth + "/token", CodeForm(client, code))).Body)!;

    internal static async Task<JsonNode> RefreshAsync(Browser browser, string client, string token) => JsonNode.Parse(
        (await browser.PostAsync(OAuth + "/token", new Dictionary<string, string> { ["grant_type"] = "refresh_token", ["client_id"] = client, ["refresh_token"] = token })).Body)!;

    [GeneratedRegex("name=\"ticket\" value=\"([^\"]+)\"")]
    private static partial Regex Ticket();
}
