using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Access.SignIn;

namespace Gatehouse.Tests.Access.Saas;

/// <summary>Rows O01 to O15 and O23 to O28 of the attack cases, against Access as an authorization server.</summary>
public class SaasAttackTests
{
    [Theory]
    [InlineData("redirect_uri", "https://tracker.test/cb")]
    [InlineData("redirect_uri", "https://tracker.test/cb?tenant=1&x=2")]
    [InlineData("redirect_uri", "https://tracker.test/cb?tenant=1#")]
    [InlineData("redirect_uri", "https://tracker.test/cb?tenant=1\n")]
    [InlineData("redirect_uri", "https://tracker.test.evil/cb?tenant=1")]
    [InlineData("redirect_uri", "https://tracker.test@evil.test/cb?tenant=1")]
    [InlineData("redirect_uri", "https://tracker.test/cb/../x?tenant=1")]
    [InlineData("redirect_uri", "HTTPS://TRACKER.TEST/cb?tenant=1")]
    [InlineData("redirect_uri", "javascript:alert(1)")]
    [InlineData("redirect_uri", "")]
    [InlineData("client_id", "cccc")]
    [InlineData("client_id", "")]
    public async Task O01_O02_O03_O05_no_answer_goes_to_an_address_that_is_not_registered(string field, string value)
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        var query = SaasRig.Question();
        (query[field], query["prompt"]) = (value, "none");
        var answer = await browser.GetAsync(SaasRig.UrlOf(query));
        Assert.Equal((HttpStatusCode.BadRequest, null), (answer.Status, answer.Location));
        var twice = await browser.GetAsync(SaasRig.UrlOf(SaasRig.Question()) + "&redirect_uri=" + Uri.EscapeDataString("https://evil.test/"));
        Assert.Equal((HttpStatusCode.BadRequest, null), (twice.Status, twice.Location));
    }

    [Theory]
    [InlineData("response_type", "token", "unauthorized_client")]
    [InlineData("response_type", "code id_token", "unauthorized_client")]
    [InlineData("response_type", "code code", "unsupported_response_type")]
    [InlineData("response_type", "", "unsupported_response_type")]
    [InlineData("response_mode", "form_post", "invalid_request")]
    [InlineData("scope", "email", "invalid_scope")]
    [InlineData("code_challenge_method", "plain", "invalid_request")]
    [InlineData("code_challenge_method", "", "invalid_request")]
    [InlineData("code_challenge", "", "invalid_request")]
    [InlineData("code_challenge", "short", "invalid_request")]
    [InlineData("request", "eyJ9", "request_not_supported")]
    [InlineData("request_uri", "https://evil.test/r", "request_uri_not_supported")]
    [InlineData("prompt", "none login", "invalid_request")]
    [InlineData("prompt", "x", "invalid_request")]
    [InlineData("max_age", "-1", "invalid_request")]
    public async Task O06_O15_O27_what_is_asked_wrongly_comes_back_as_an_error_with_state_and_issuer(string field, string value, string error)
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var query = SaasRig.Question();
        query[field] = value;
        var answer = await browser.GetAsync(SaasRig.UrlOf(query));
        Assert.StartsWith(SaasRig.Redirect, answer.Location, StringComparison.Ordinal);
        var at = answer.Location!.IndexOf("error=", StringComparison.Ordinal);
        var values = System.Web.HttpUtility.ParseQueryString(answer.Location[at..]);
        Assert.Equal((error, "s-1", SaasRig.Issuer), (values["error"], values["state"], values["iss"]));
    }

    [Theory]
    [InlineData("code_verifier", "0123456789abcdef0123456789abcdef0123456789abcdeX")]
    [InlineData("code_verifier", "")]
    [InlineData("redirect_uri", "com.example.app:/cb")]
    [InlineData("redirect_uri", "")]
    public async Task O06_O07_a_code_is_bound_to_its_address_and_its_proof_and_is_burnt_by_a_wrong_one(string field, string value)
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var code = (await SaasRig.SignInAsync(rig, browser))["code"];
        var form = SaasRig.CodeForm(code);
        form[field] = value;
        Assert.Equal("invalid_grant", (await SaasRig.TokenAsync(browser, form))["error"]!.ToString());
        Assert.Equal("invalid_grant", (await SaasRig.TokenAsync(browser, SaasRig.CodeForm(code)))["error"]!.ToString());
    }

    [Fact]
    public async Task O06_a_proof_for_a_code_that_was_asked_for_without_one_is_a_downgrade()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var query = SaasRig.Question();
        query.Remove("code_challenge");
        query.Remove("code_challenge_method");
        var form = SaasRig.CodeForm((await SaasRig.SignInAsync(rig, browser, query))["code"]);
        Assert.Equal("invalid_grant", (await SaasRig.TokenAsync(browser, form))["error"]!.ToString());
        form = SaasRig.CodeForm((await SaasRig.AskAsync(browser, query))["code"]);
        form.Remove("code_verifier");
        Assert.Null((await SaasRig.TokenAsync(browser, form))["error"]);

        rig.Saas().Saas = new SaasSettings { Oidc = new SaasOidc { RedirectUris = [SaasRig.Redirect], Grants = [SaasGrant.AuthorizationCodeWithPkce] } };
        rig.Reload();
        Assert.Equal("invalid_request", (await SaasRig.AskAsync(browser, query))["error"]);
    }

    [Fact]
    public async Task O07_another_client_gets_nothing_for_a_code_and_neither_does_its_own_afterwards()
    {
        var other = new string('d', 64);
        await using var rig = await SaasRig.StartAsync(change: r => r.Apps.Add(SaasRig.App(other, SaasRig.Client())));
        using var browser = rig.Browser();
        var code = (await SaasRig.SignInAsync(rig, browser))["code"];
        var form = SaasRig.CodeForm(code);
        form["client_id"] = other;
        Assert.Equal("invalid_client", (await SaasRig.TokenAsync(browser, form))["error"]!.ToString()); // at the endpoint of the first
        Assert.Equal("invalid_grant", (await SaasRig.TokenAsync(browser, form, SaasRig.Issuer.Replace(SaasRig.ClientId, other, StringComparison.Ordinal)))["error"]!.ToString());
        Assert.Equal("invalid_grant", (await SaasRig.TokenAsync(browser, SaasRig.CodeForm(code)))["error"]!.ToString());
    }

    [Fact]
    public async Task O08_a_code_that_comes_twice_ends_what_came_of_it_and_nothing_else()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var code = (await SaasRig.SignInAsync(rig, browser))["code"];
        var tokens = await SaasRig.TokenAsync(browser, SaasRig.CodeForm(code));
        Assert.Equal("invalid_grant", (await SaasRig.TokenAsync(browser, SaasRig.CodeForm(code)))["error"]!.ToString());
        Assert.Equal("invalid_grant", (await SaasRig.RefreshAsync(browser, tokens["refresh_token"]!.ToString()))["error"]!.ToString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await SaasRig.UserAsync(browser, tokens["access_token"]!.ToString())).Status);
        Assert.Single(rig.Sessions.All, s => s.RevokedAt is null); // the person's own
    }

    [Fact]
    public async Task O08_of_fifty_at_once_one_is_taken_at_most()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var code = (await SaasRig.SignInAsync(rig, browser))["code"];
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => SaasRig.TokenAsync(browser, SaasRig.CodeForm(code))));
        Assert.InRange(answers.Count(a => a["access_token"] is not null), 0, 1);
        foreach (var answer in answers.Where(a => a["refresh_token"] is not null))
        {
            Assert.Equal("invalid_grant", (await SaasRig.RefreshAsync(browser, answer["refresh_token"]!.ToString()))["error"]!.ToString());
        }
    }

    [Fact]
    public async Task O09_O11_a_refresh_token_that_comes_twice_ends_the_family()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var first = (await SaasRig.TokenAsync(browser, SaasRig.CodeForm((await SaasRig.SignInAsync(rig, browser))["code"])))["refresh_token"]!.ToString();
        var second = (await SaasRig.RefreshAsync(browser, first))["refresh_token"]!.ToString();
        Assert.Equal("invalid_grant", (await SaasRig.RefreshAsync(browser, first))["error"]!.ToString());
        Assert.Equal("invalid_grant", (await SaasRig.RefreshAsync(browser, second))["error"]!.ToString());
    }

    [Theory]
    [InlineData("policy")]
    [InlineData("app")]
    [InlineData("epoch")]
    [InlineData("login method")]
    [InlineData("user")]
    [InlineData("grant")]
    public async Task O12_what_was_taken_away_ends_renewal(string row)
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var tokens = await SaasRig.TokenAsync(browser, SaasRig.CodeForm((await SaasRig.SignInAsync(rig, browser))["code"]));
        switch (row)
        {
            case "policy":
                rig.Saas().Policies[0].Policy!.Include = [new Rule.Email("bob@example.com")];
                break;
            case "app":
                rig.Apps.Remove(rig.Saas());
                break;
            case "epoch":
                rig.Saas().TokenEpoch++;
                break;
            case "login method":
                rig.Methods.Clear();
                break;
            case "grant":
                rig.Saas().Saas = new SaasSettings { Oidc = new SaasOidc { RedirectUris = [SaasRig.Redirect] } };
                break;
            default:
                foreach (var session in rig.Sessions.All)
                {
                    await rig.Sessions.RevokeAsync(session.Nonce, TestContext.Current.CancellationToken);
                }

                break;
        }

        rig.Reload();
        Assert.NotNull((await SaasRig.RefreshAsync(browser, tokens["refresh_token"]!.ToString()))["error"]);
        if (row is not ("policy" or "grant"))
        {
            Assert.NotEqual(HttpStatusCode.OK, (await SaasRig.UserAsync(browser, tokens["access_token"]!.ToString())).Status);
        }
    }

    [Theory]
    [InlineData("wrong secret", HttpStatusCode.Unauthorized)]
    [InlineData("no secret", HttpStatusCode.Unauthorized)]
    [InlineData("empty secret", HttpStatusCode.Unauthorized)]
    [InlineData("two ways", HttpStatusCode.Unauthorized)]
    [InlineData("basic of another", HttpStatusCode.Unauthorized)]
    [InlineData("basic nonsense", HttpStatusCode.Unauthorized)]
    [InlineData("basic", HttpStatusCode.OK)]
    public async Task A_client_proves_who_it_is_in_one_way(string row, HttpStatusCode status)
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var form = SaasRig.CodeForm((await SaasRig.SignInAsync(rig, browser))["code"]);
        (string, string)[] headers = row switch
        {
            "two ways" or "basic" => [("Authorization", Basic(SaasRig.ClientId, SaasRig.Secret))],
            "basic of another" => [("Authorization", Basic(new string('d', 64), SaasRig.Secret))],
            "basic nonsense" => [("Authorization", "Basic %%%")],
            _ => [],
        };
        if (row is "no secret" or "basic" or "basic of another" or "basic nonsense")
        {
            form.Remove("client_secret");
        }
        else if (row is "wrong secret" or "empty secret")
        {
            form["client_secret"] = row == "empty secret" ? "" : SaasRig.Secret[..^1] + "0";
        }

        var answer = await browser.PostAsync(SaasRig.Issuer + "/token", form, headers);
        Assert.Equal(status, answer.Status);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
    }

    [Fact]
    public async Task A_secret_that_was_replaced_counts_until_its_end_and_no_longer()
    {
        const string Former = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
        await using var rig = await SaasRig.StartAsync();
        (rig.Saas().PreviousClientSecretHash, rig.Saas().PreviousClientSecretExpiresAt) = (ServiceTokenEntry.HashOf(Former), rig.Clock.GetUtcNow().AddMinutes(10));
        rig.Reload();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        foreach (var (later, secret, isTaken) in ((int, string, bool)[])[(0, Former, true), (0, SaasRig.Secret, true), (0, Former[..^1] + "e", false), (10, SaasRig.Secret, true), (0, Former, false)])
        {
            rig.Clock.Advance(TimeSpan.FromMinutes(later));
            var form = SaasRig.CodeForm((await SaasRig.AskAsync(browser))["code"]);
            form["client_secret"] = secret;
            Assert.Equal(isTaken ? null : "invalid_client", (await SaasRig.TokenAsync(browser, form))["error"]?.ToString());
        }
    }

    [Fact]
    public async Task Without_its_secret_a_client_needs_pkce_and_what_was_got_with_the_secret_stays_bound_to_it()
    {
        var client = new SaasOidc
        {
            RedirectUris = [SaasRig.Redirect],
            Grants = [SaasGrant.AuthorizationCode, SaasGrant.AuthorizationCodeWithPkce, SaasGrant.RefreshTokens],
            PkceWithoutSecret = true,
        };
        await using var rig = await SaasRig.StartAsync(client);
        using var browser = rig.Browser();
        var form = SaasRig.CodeForm((await SaasRig.SignInAsync(rig, browser))["code"]);
        form.Remove("client_secret");
        var tokens = await SaasRig.TokenAsync(browser, form);
        Assert.Null((await SaasRig.RefreshAsync(browser, tokens["refresh_token"]!.ToString(), secret: null))["error"]);

        var plain = SaasRig.Question();
        plain.Remove("code_challenge");
        plain.Remove("code_challenge_method");
        form = SaasRig.CodeForm((await SaasRig.AskAsync(browser, plain))["code"]);
        form.Remove("client_secret");
        form.Remove("code_verifier");
        Assert.Equal("invalid_grant", (await SaasRig.TokenAsync(browser, form))["error"]!.ToString());
        form = SaasRig.CodeForm((await SaasRig.AskAsync(browser, plain))["code"]);
        form.Remove("code_verifier");
        tokens = await SaasRig.TokenAsync(browser, form);
        Assert.Equal("invalid_grant", (await SaasRig.RefreshAsync(browser, tokens["refresh_token"]!.ToString(), secret: null))["error"]!.ToString());
    }

    [Fact]
    public async Task O13_O24_no_token_passes_for_another()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var code = (await SaasRig.SignInAsync(rig, browser))["code"];
        var tokens = await SaasRig.TokenAsync(browser, SaasRig.CodeForm(code));
        var (access, id, refresh) = (tokens["access_token"]!.ToString(), tokens["id_token"]!.ToString(), tokens["refresh_token"]!.ToString());
        var org = browser["access.test", "CF_Authorization"]!;
        foreach (var wrong in new[] { id, refresh, org, access[..^3], access + "a", "x" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await SaasRig.UserAsync(browser, wrong)).Status);
        }

        Assert.Equal("invalid_grant", (await SaasRig.RefreshAsync(browser, access))["error"]!.ToString());
        Assert.Equal("invalid_grant", (await SaasRig.RefreshAsync(browser, code))["error"]!.ToString());
        Assert.Equal("invalid_grant", (await SaasRig.TokenAsync(browser, SaasRig.CodeForm(refresh)))["error"]!.ToString());
        using var stranger = rig.Browser();
        foreach (var wrong in new[] { access, id })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await stranger.GetAsync("https://access.test/cdn-cgi/access/get-identity", null, ("Cookie", "CF_Authorization=" + wrong))).Status);
        }

        Assert.Null((await SaasRig.RefreshAsync(browser, refresh))["error"]); // nothing was used up by it
    }

    [Fact]
    public async Task O15_a_renewal_gets_no_more_scopes_than_were_granted_and_may_ask_for_fewer()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var query = SaasRig.Question();
        query["scope"] = "openid email admin";
        var tokens = await SaasRig.TokenAsync(browser, SaasRig.CodeForm((await SaasRig.SignInAsync(rig, browser, query))["code"]));
        Assert.Equal("openid email", tokens["scope"]!.ToString());
        var form = new Dictionary<string, string> { ["grant_type"] = "refresh_token", ["client_id"] = SaasRig.ClientId, ["client_secret"] = SaasRig.Secret, ["refresh_token"] = tokens["refresh_token"]!.ToString(), ["scope"] = "openid groups" };
        Assert.Equal("invalid_scope", (await SaasRig.TokenAsync(browser, form))["error"]!.ToString());
        form["scope"] = "openid";
        var fewer = await SaasRig.TokenAsync(browser, form);
        Assert.Equal("openid", fewer["scope"]!.ToString());
        Assert.DoesNotContain("email", (await SaasRig.UserAsync(browser, fewer["access_token"]!.ToString())).Body, StringComparison.Ordinal);
        Assert.False(new Microsoft.IdentityModel.JsonWebTokens.JsonWebToken(fewer["id_token"]!.ToString()).TryGetClaim("email", out _));
    }

    [Fact]
    public async Task O26_O28_what_a_client_sends_comes_back_as_text()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var query = SaasRig.Question();
        (query["state"], query["response_type"]) = ("\"><svg onload=x>&code=1", "x");
        var answer = await browser.GetAsync(SaasRig.UrlOf(query));
        var values = System.Web.HttpUtility.ParseQueryString(new Uri(answer.Location!).Query);
        Assert.Equal((query["state"], null), (values["state"], values["code"]));
        query["state"] = new string('s', 2000);
        Assert.DoesNotContain("sss", (await browser.GetAsync(SaasRig.UrlOf(query))).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sign_in_goes_back_to_no_other_place_than_the_question_it_was_for()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var aud = rig.Saas().Aud;
        foreach (var target in new[] { "/", "/cdn-cgi/access/logout", "https://evil.test/", "//evil.test/", "/cdn-cgi/access/sso/oidc/" + new string('d', 64) + "/authorization?x=1", "/cdn-cgi/access/sso/oidc/" + SaasRig.ClientId + "/token" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync($"https://access.test/cdn-cgi/access/login/access.test?kid={aud}&redirect_url={Uri.EscapeDataString(target)}")).Status);
            var begun = await browser.GetAsync($"https://access.test/cdn-cgi/access/login?redirect_url={Uri.EscapeDataString(target)}");
            Assert.True(begun.Location is null or "https://access.test/", begun.Location);
        }

        // Nor is a self-hosted app entered at the team domain, or a SaaS application at an app's host.
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync($"https://access.test/cdn-cgi/access/login/access.test?kid={rig.App.Aud}&redirect_url=%2F")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync($"https://access.test/cdn-cgi/access/login/app.test?kid={aud}&redirect_url=%2F")).Status);
    }

    [Fact]
    public async Task The_word_of_a_sign_in_counts_once_and_for_its_own_question()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var query = SaasRig.Question();
        query["prompt"] = "login";
        var begun = await browser.FollowAsync(SaasRig.UrlOf(query));
        rig.Provider.Nonce = begun["nonce"];
        var back = (await SignInRig.CallbackAsync(browser, begun)).Location!;
        var entry = back[back.IndexOf("&access_entry=", StringComparison.Ordinal)..];
        query["state"] = "other";
        Assert.StartsWith("https://access.test/cdn-cgi/access/login/", (await browser.GetAsync(SaasRig.UrlOf(query) + entry)).Location, StringComparison.Ordinal);
        Assert.StartsWith(SaasRig.Redirect + "&code=", (await browser.GetAsync(back)).Location, StringComparison.Ordinal);
        Assert.StartsWith("https://access.test/cdn-cgi/access/login/", (await browser.GetAsync(back)).Location, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("grant_type=authorization_code")]
    [InlineData("grant_type=password&client_id=x")]
    [InlineData("client_id=a&client_id=b")]
    [InlineData("%ff=%00&grant_type=%c0%af")]
    public async Task Nothing_that_is_posted_to_the_token_endpoint_breaks_it(string body)
    {
        await using var rig = await SaasRig.StartAsync();
        using var client = new HttpClient { BaseAddress = rig.Address };
        using var content = new StringContent(body, Encoding.ASCII, "application/x-www-form-urlencoded");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(SaasRig.Issuer).AbsolutePath + "/token") { Content = content };
        request.Headers.Host = "access.test";
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.InRange((int)answer.StatusCode, 400, 401);
        Assert.NotNull(JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["error"]);
    }

    private static string Basic(string user, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
}
