using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Access.SignIn;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Access.Saas;

/// <summary>Access as the OpenID provider of SaaS applications (contract 1.1, 3.4).</summary>
public class SaasSignInTests
{
    [Fact]
    public async Task Discovery_says_what_the_application_has_switched_on()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var found = JsonNode.Parse((await browser.GetAsync(SaasRig.Issuer + "/.well-known/openid-configuration")).Body)!;
        Assert.Equal((SaasRig.Issuer, SaasRig.Issuer + "/authorization", SaasRig.Issuer + "/jwks"), (found["issuer"]!.ToString(), found["authorization_endpoint"]!.ToString(), found["jwks_uri"]!.ToString()));
        Assert.Equal(("[\"code\"]", "[\"authorization_code\",\"refresh_token\"]"), (found["response_types_supported"]!.ToJsonString(), found["grant_types_supported"]!.ToJsonString()));
        Assert.DoesNotContain("none", found["token_endpoint_auth_methods_supported"]!.ToJsonString(), StringComparison.Ordinal);
        var keys = JsonNode.Parse((await browser.GetAsync(SaasRig.Issuer + "/jwks")).Body)!;
        Assert.Equal(2, keys["keys"]!.AsArray().Count);
        Assert.Null(keys["public_cert"]);
        foreach (var path in (string[])["/.well-known/openid-configuration", "/jwks", "/userinfo", "/authorization"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync(SaasRig.Issuer[..^1] + "d" + path)).Status);
        }
    }

    [Fact]
    public async Task A_person_signs_in_and_the_client_learns_who_they_are()
    {
        await using var rig = await SaasRig.StartAsync();
        rig.Provider.Claims = claims => claims["Groups"] = new JsonArray("staff", "wheel");
        using var browser = rig.Browser();
        var granted = await SaasRig.SignInAsync(rig, browser);
        Assert.StartsWith(SaasRig.Redirect + "&code=", granted.Location, StringComparison.Ordinal);
        Assert.Equal(("s-1", SaasRig.Issuer), (granted["state"], granted["iss"]));

        var tokens = await SaasRig.TokenAsync(browser, SaasRig.CodeForm(granted["code"]));
        Assert.Equal(("Bearer", "300"), (tokens["token_type"]!.ToString(), tokens["expires_in"]!.ToString()));
        var id = new JsonWebToken(tokens["id_token"]!.ToString());
        Assert.Equal((SaasRig.Issuer, SaasRig.ClientId, "RS256", "n-1"), (id.Issuer, Assert.Single(id.Audiences), id.Alg, id.GetClaim("nonce").Value));
        Assert.Equal("ada@example.com", id.GetClaim("email").Value);
        Assert.Equal(["staff", "wheel"], id.Claims.Where(c => c.Type == "groups").Select(c => c.Value));
        Assert.Equal(rig.Sessions.All.First().UserId.ToString(), id.Subject);
        Assert.True(id.TryGetClaim("at_hash", out _) && id.TryGetClaim("auth_time", out _));

        var user = JsonNode.Parse((await SaasRig.UserAsync(browser, tokens["access_token"]!.ToString())).Body)!;
        Assert.Equal((id.Subject, "ada@example.com", "Ada"), (user["sub"]!.ToString(), user["email"]!.ToString(), user["name"]?.ToString()[..3]));
        Assert.True(Assert.Single(rig.Audit.Records).Allowed); // one sign-in, one decision
        Assert.Equal(SaasRig.ClientId, new JsonWebToken(tokens["access_token"]!.ToString()).GetClaim("client_id").Value);
    }

    [Fact]
    public async Task One_sign_in_is_enough_and_the_policies_are_asked_each_time()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser); // at a self-hosted app
        var granted = await SaasRig.AskAsync(browser);
        Assert.StartsWith(SaasRig.Redirect + "&code=", granted.Location, StringComparison.Ordinal);
        var before = rig.Audit.Records.Count;

        rig.Saas().Policies[0].Policy!.Include = [new Rule.Email("bob@example.com")];
        rig.Reload();
        var refused = await SaasRig.AskAsync(browser);
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("That account does not have access", refused.Body, StringComparison.Ordinal);
        Assert.False(rig.Audit.Records[^1].Allowed);
        Assert.Equal(before + 1, rig.Audit.Records.Count);
        var silent = SaasRig.Question();
        silent["prompt"] = "none";
        Assert.Equal("access_denied", (await SaasRig.AskAsync(browser, silent))["error"]);
    }

    [Fact]
    public async Task Scopes_filter_and_claims_say_what_the_client_is_told()
    {
        var client = new SaasOidc
        {
            RedirectUris = [SaasRig.Redirect],
            Scopes = ["openid", "groups", "profile"],
            GroupFilter = "^team-",
            CustomClaims =
            [
                new SaasClaim { Name = "department", Scope = "profile", Source = new SaasSource { Name = "department" } },
                new SaasClaim { Name = "always", Source = new SaasSource { Name = "division" } },
            ],
        };
        await using var rig = await SaasRig.StartAsync(client, r => client.CustomClaims[0].Source.NameByLoginMethod[r.Method.Id] = "division");
        rig.Provider.Claims = claims => (claims["Groups"], claims["department"], claims["division"]) = (new JsonArray("team-a", "wheel"), "wrong", new JsonArray("north", "south"));
        using var browser = rig.Browser();
        var query = SaasRig.Question();
        query["scope"] = "openid groups email";
        var id = new JsonWebToken((await SaasRig.TokenAsync(browser, SaasRig.CodeForm((await SaasRig.SignInAsync(rig, browser, query))["code"])))["id_token"]!.ToString());
        Assert.Equal("team-a", Assert.Single(id.Claims, c => c.Type == "groups").Value);
        Assert.False(id.TryGetClaim("email", out _) || id.TryGetClaim("department", out _) || id.TryGetClaim("name", out _));
        Assert.Equal(["north", "south"], id.Claims.Where(c => c.Type == "always").Select(c => c.Value));

        query["scope"] = "openid profile";
        var more = await SaasRig.TokenAsync(browser, SaasRig.CodeForm((await SaasRig.AskAsync(browser, query))["code"]));
        Assert.Equal(["north", "south"], new JsonWebToken(more["id_token"]!.ToString()).Claims.Where(c => c.Type == "department").Select(c => c.Value));
        Assert.Null(more["refresh_token"]);
    }

    [Fact]
    public async Task A_custom_claim_keeps_its_type()
    {
        var client = new SaasOidc
        {
            RedirectUris = [SaasRig.Redirect],
            CustomClaims = [new SaasClaim { Name = "level", Source = new SaasSource { Name = "department" } }, new SaasClaim { Name = "none", Source = new SaasSource { Name = "division" } }],
        };
        await using var rig = await SaasRig.StartAsync(client);
        rig.Provider.Claims = claims => (claims["department"], claims["division"]) = (3, null);
        using var browser = rig.Browser();
        var id = new JsonWebToken((await SaasRig.TokenAsync(browser, SaasRig.CodeForm((await SaasRig.SignInAsync(rig, browser))["code"])))["id_token"]!.ToString());
        Assert.Equal(3, id.GetPayloadValue<object>("level"));
        Assert.False(id.TryGetClaim("none", out _));
    }

    [Fact]
    public async Task Nobody_signs_in_without_a_claim_that_is_required()
    {
        var client = new SaasOidc { RedirectUris = [SaasRig.Redirect], CustomClaims = [new SaasClaim { Name = "d", IsRequired = true, Source = new SaasSource { Name = "division" } }] };
        await using var rig = await SaasRig.StartAsync(client);
        using var browser = rig.Browser();
        Assert.Equal("access_denied", (await SaasRig.SignInAsync(rig, browser))["error"]);
        await SaasRig.AskAsync(browser);

        // Whether they come from a sign-in or have a session, the log says what was missing.
        Assert.Equal(2, rig.Audit.Records.Count);
        Assert.All(rig.Audit.Records, r => Assert.Equal((false, null), (r.Allowed, r.FactsJson)));
        Assert.StartsWith("Refused: the application can't do without d, and the login method gave no value for it. Without that: Admitted by", DecisionJson.Read(rig.Audit.Records[0].TreeJson)!.Outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_are_renewed_until_the_lifetime_is_over()
    {
        var client = new SaasOidc { RedirectUris = [SaasRig.Redirect], Grants = [SaasGrant.AuthorizationCode, SaasGrant.RefreshTokens], Scopes = ["email"], RefreshLifetime = "2d" };
        await using var rig = await SaasRig.StartAsync(client);
        using var browser = rig.Browser();
        var first = await SaasRig.TokenAsync(browser, SaasRig.CodeForm((await SaasRig.SignInAsync(rig, browser))["code"]));
        rig.Clock.Advance(TimeSpan.FromHours(30)); // the person's own session has ended meanwhile
        var second = await SaasRig.RefreshAsync(browser, first["refresh_token"]!.ToString());
        Assert.Null(second["error"]);
        Assert.Equal("ada@example.com", new JsonWebToken(second["id_token"]!.ToString()).GetClaim("email").Value);
        Assert.False(new JsonWebToken(second["id_token"]!.ToString()).TryGetClaim("nonce", out _));
        Assert.Equal(HttpStatusCode.OK, (await SaasRig.UserAsync(browser, second["access_token"]!.ToString())).Status);
        rig.Clock.Advance(TimeSpan.FromHours(20));
        Assert.Equal("invalid_grant", (await SaasRig.RefreshAsync(browser, second["refresh_token"]!.ToString()))["error"]!.ToString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await SaasRig.UserAsync(browser, second["access_token"]!.ToString())).Status);
    }

    [Fact]
    public async Task Signing_out_ends_what_clients_hold_and_signing_in_anew_does_not()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var tokens = await SaasRig.TokenAsync(browser, SaasRig.CodeForm((await SaasRig.SignInAsync(rig, browser))["code"]));
        var anew = SaasRig.Question();
        anew["prompt"] = "login";
        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        await SaasRig.SignInAsync(rig, browser, anew);
        tokens = await SaasRig.RefreshAsync(browser, tokens["refresh_token"]!.ToString());
        Assert.Null(tokens["error"]);

        await browser.GetAsync("https://access.test/cdn-cgi/access/logout");
        Assert.Equal("invalid_grant", (await SaasRig.RefreshAsync(browser, tokens["refresh_token"]!.ToString()))["error"]!.ToString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await SaasRig.UserAsync(browser, tokens["access_token"]!.ToString())).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_clients_hold_says_of_a_person_what_their_latest_sign_in_said(bool byRefresh)
    {
        await using var rig = await SaasRig.StartAsync(change: r => r.Saas().Policies[0].Policy!.Include = [new Rule.OidcClaim("groups", "staff", null), new Rule.OidcClaim("groups", "wheel", null)]);
        rig.Provider.Claims = claims => (claims["Groups"], claims["name"]) = (new JsonArray("staff"), "Ada");
        using var browser = rig.Browser();
        var tokens = await SaasRig.TokenAsync(browser, SaasRig.CodeForm((await SaasRig.SignInAsync(rig, browser))["code"]));

        await AgainAsync("wheel");
        tokens = await SaasRig.RefreshAsync(browser, tokens["refresh_token"]!.ToString());
        var id = new JsonWebToken(tokens["id_token"]!.ToString());
        Assert.Equal(("wheel", "Ada King"), (id.GetClaim("groups").Value, id.GetClaim("name").Value));
        Assert.Contains("Ada King", (await SaasRig.UserAsync(browser, tokens["access_token"]!.ToString())).Body, StringComparison.Ordinal);

        // And the policies judge by it.
        await AgainAsync("guests");
        Assert.Equal("invalid_grant", (await SaasRig.RefreshAsync(browser, tokens["refresh_token"]!.ToString()))["error"]!.ToString());

        async Task AgainAsync(string group)
        {
            rig.Provider.Claims = claims => (claims["Groups"], claims["name"]) = (new JsonArray(group), "Ada King");
            rig.Clock.Advance(TimeSpan.FromMinutes(2));
            var begun = await browser.FollowAsync(byRefresh ? "https://access.test/cdn-cgi/access/refresh-identity" : "https://app.test/cdn-cgi/access/login?redirect_url=%2F&switch=1");
            rig.Provider.Nonce = begun["nonce"];
            Assert.NotNull((await SignInRig.CallbackAsync(browser, begun)).Location);
        }
    }

    [Fact]
    public async Task An_access_token_of_the_authorization_endpoint_ends_with_the_person_s_session()
    {
        var client = new SaasOidc { RedirectUris = [SaasRig.Redirect], Grants = [SaasGrant.Implicit], GivesAccessToken = true, AccessTokenLifetime = TimeSpan.FromHours(2) };
        await using var rig = await SaasRig.StartAsync(client);
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        foreach (var (later, seconds) in ((TimeSpan, int)[])[(TimeSpan.FromMinutes(1), 7200), (TimeSpan.FromHours(23), 3540)])
        {
            rig.Clock.Advance(later);
            var query = SaasRig.Question();
            query["response_type"] = "token";
            var values = System.Web.HttpUtility.ParseQueryString(new Uri((await SaasRig.AskAsync(browser, query)).Location!).Fragment[1..]);
            var token = new JsonWebToken(values["access_token"]);
            Assert.Equal((seconds.ToString(System.Globalization.CultureInfo.InvariantCulture), TimeSpan.FromSeconds(seconds)), (values["expires_in"], token.ValidTo - token.IssuedAt));
        }
    }

    [Fact]
    public async Task Prompt_and_max_age_ask_for_a_sign_in_that_is_one()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        var none = SaasRig.Question();
        none["prompt"] = "none";
        Assert.Equal("login_required", (await SaasRig.AskAsync(browser, none))["error"]);

        await rig.SignInAsync(browser);
        Assert.StartsWith(SaasRig.Redirect + "&code=", (await SaasRig.AskAsync(browser, none)).Location, StringComparison.Ordinal);
        rig.Clock.Advance(TimeSpan.FromMinutes(10));
        foreach (var (name, value) in ((string, string)[])[("prompt", "login"), ("prompt", "select_account"), ("max_age", "60"), ("max_age", "0")])
        {
            var query = SaasRig.Question();
            query[name] = value;
            var begun = await browser.FollowAsync(SaasRig.UrlOf(query));
            Assert.Equal("login", begun["prompt"]);

            // Somebody who takes the switch out of the address does not get past it.
            var page = await browser.GetAsync(SaasRig.UrlOf(query));
            var silent = await browser.FollowAsync(page.Location!.Replace("&switch=1", "", StringComparison.Ordinal));
            Assert.StartsWith("https://idp.test/", silent.Location, StringComparison.Ordinal);
            Assert.StartsWith(SaasRig.Redirect + "&code=", (await SaasRig.SignInAsync(rig, browser, query)).Location, StringComparison.Ordinal);
            rig.Clock.Advance(TimeSpan.FromMinutes(10));
        }

        var young = SaasRig.Question();
        young["max_age"] = "3600";
        Assert.StartsWith(SaasRig.Redirect + "&code=", (await SaasRig.AskAsync(browser, young)).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_application_without_a_session_asks_each_time_and_renews_nothing()
    {
        await using var rig = await SaasRig.StartAsync(change: r => r.Saas().SessionDuration = TimeSpan.Zero);
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        var granted = await SaasRig.SignInAsync(rig, browser);
        var tokens = await SaasRig.TokenAsync(browser, SaasRig.CodeForm(granted["code"]));
        Assert.Null(tokens["error"]);
        Assert.Equal("invalid_grant", (await SaasRig.RefreshAsync(browser, tokens["refresh_token"]!.ToString()))["error"]!.ToString());
        rig.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.StartsWith("https://idp.test/", (await browser.FollowAsync(SaasRig.UrlOf(SaasRig.Question()))).Location, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("code id_token", true)]
    [InlineData("code token", true)]
    [InlineData("code id_token token", true)]
    [InlineData("id_token", true)]
    [InlineData("id_token token", true)]
    [InlineData("id_token", false)]
    [InlineData("code id_token", false)]
    public async Task Tokens_come_from_the_authorization_endpoint_only_where_that_is_switched_on(string type, bool isOn)
    {
        var client = new SaasOidc
        {
            RedirectUris = [SaasRig.Redirect],
            Grants = isOn ? [SaasGrant.Hybrid, SaasGrant.Implicit] : [SaasGrant.AuthorizationCode],
            Scopes = ["email"],
            GivesAccessToken = true,
            GivesIdToken = true,
        };
        await using var rig = await SaasRig.StartAsync(client);
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        var query = SaasRig.Question();
        query["response_type"] = type;
        var answer = await SaasRig.AskAsync(browser, query);
        Assert.StartsWith(SaasRig.Redirect + "#", answer.Location, StringComparison.Ordinal);
        var values = System.Web.HttpUtility.ParseQueryString(new Uri(answer.Location!).Fragment[1..]);
        if (!isOn)
        {
            Assert.Equal("unauthorized_client", values["error"]);
            return;
        }

        Assert.Equal(type.Contains("code", StringComparison.Ordinal), values["code"] is not null);
        Assert.Equal(type.Split(' ').Contains("token"), values["access_token"] is not null);
        Assert.Equal(("s-1", SaasRig.Issuer), (values["state"], values["iss"]));
        if (values["id_token"] is { } text)
        {
            var id = new JsonWebToken(text);
            Assert.Equal(values["code"] is not null, id.TryGetClaim("c_hash", out _));
            Assert.Equal(values["access_token"] is not null, id.TryGetClaim("at_hash", out _));
            query.Remove("nonce");
            Assert.Contains("error=invalid_request", (await SaasRig.AskAsync(browser, query)).Location, StringComparison.Ordinal);
        }

        if (values["code"] is { } code)
        {
            Assert.Null((await SaasRig.TokenAsync(browser, SaasRig.CodeForm(code)))["error"]);
        }

        if (values["access_token"] is { } access)
        {
            Assert.Equal(HttpStatusCode.OK, (await SaasRig.UserAsync(browser, access)).Status);
        }
    }

    [Fact]
    public async Task A_question_in_a_form_is_the_same_question()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        var again = await browser.PostAsync(SaasRig.Issuer + "/authorization", SaasRig.Question());
        Assert.Equal(HttpStatusCode.SeeOther, again.Status);
        Assert.StartsWith(SaasRig.Redirect + "&code=", (await browser.FollowAsync(again.Location!, "https://tracker.test/")).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scripts_of_the_client_s_own_origin_may_read_answers_and_no_others()
    {
        await using var rig = await SaasRig.StartAsync();
        using var browser = rig.Browser();
        foreach (var (origin, allowed) in ((string, bool)[])[("https://tracker.test", true), ("https://evil.test", false), ("null", false)])
        {
            var answer = await browser.GetAsync(SaasRig.Issuer + "/.well-known/openid-configuration", null, ("Origin", origin));
            Assert.Equal(allowed ? origin : null, answer.Headers.GetValueOrDefault("Access-Control-Allow-Origin"));
            var preflight = await browser.GetAsync(SaasRig.Issuer + "/userinfo", HttpMethod.Options, ("Origin", origin), ("Access-Control-Request-Method", "GET"));
            Assert.Equal((HttpStatusCode.NoContent, allowed ? origin : null), (preflight.Status, preflight.Headers.GetValueOrDefault("Access-Control-Allow-Origin")));
        }
    }

    [Fact]
    public async Task A_purpose_that_is_asked_for_stands_between_the_sign_in_and_the_client()
    {
        await using var rig = await SaasRig.StartAsync(change: r => r.Saas().Policies[0].Policy!.PurposeRequired = true);
        using var browser = rig.Browser();
        var page = await SaasRig.SignInAsync(rig, browser);
        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Contains("https://tracker.test", page.Headers["Content-Security-Policy"], StringComparison.Ordinal); // browsers hold the redirect to it
        var state = System.Text.RegularExpressions.Regex.Match(page.Body, "name=\"state\" value=\"([^\"]+)\"").Groups[1].Value;
        var answered = await browser.PostAsync("https://access.test/cdn-cgi/access/purpose", new Dictionary<string, string> { ["state"] = state, ["purpose"] = "ticket 7" });
        Assert.StartsWith(SaasRig.Redirect + "&code=", (await browser.FollowAsync(answered.Location!, "https://tracker.test/")).Location, StringComparison.Ordinal);
        Assert.Equal("ticket 7", rig.Audit.Records[^1].Purpose);
        var none = SaasRig.Question();
        none["prompt"] = "none";
        Assert.StartsWith(SaasRig.Redirect + "&code=", (await SaasRig.AskAsync(browser, none)).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_denied_may_sign_in_as_somebody_else()
    {
        await using var rig = await SaasRig.StartAsync(change: r => r.Saas().Policies[0].Policy!.Include = [new Rule.Email("bob@example.com")]);
        using var browser = rig.Browser();
        var denied = await SaasRig.SignInAsync(rig, browser);
        Assert.Equal(HttpStatusCode.Forbidden, denied.Status);
        var link = WebUtility.HtmlDecode(System.Text.RegularExpressions.Regex.Match(denied.Body, "href=\"(https://access.test/cdn-cgi/access/login[^\"]+)\"").Groups[1].Value);
        rig.Provider.Claims = claims => claims["email"] = "bob@example.com";
        var begun = await browser.FollowAsync(link);
        Assert.Equal("login", begun["prompt"]);
        rig.Provider.Nonce = begun["nonce"];
        var granted = await browser.FollowAsync((await SignInRig.CallbackAsync(browser, begun)).Location!, "https://tracker.test/");
        Assert.StartsWith(SaasRig.Redirect + "&code=", granted.Location, StringComparison.Ordinal);
    }
}
