using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Policies;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Access.SignIn;

public class IdentityTests
{
    [Theory]
    [InlineData("a@evil.com@example.com")]
    [InlineData("\"a@evil.com\"@example.com")]
    [InlineData("\"a b\"@example.com")]
    [InlineData("x@EXAMPLE.com.")]
    [InlineData("a@evil.com,b@example.com")]
    [InlineData("a@example.com b")]
    [InlineData("a@example.com\r\nX-Admin: 1")]
    [InlineData("a\u0000@example.com")]
    [InlineData("\u212Aevin@example.com")]
    [InlineData("a@ex\u00e4mple.com")]
    [InlineData("")]
    public async Task U04_addresses_of_two_readings_are_refused(string email)
    {
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Claims = c => c["email"] = email);
        using var browser = rig.Browser();

        var answer = await rig.SignInAsync(browser);

        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.Contains("email_unreadable", answer.Body, StringComparison.Ordinal);
        Assert.Empty(rig.Sessions.All);
    }

    [Theory]
    [InlineData("null")]
    [InlineData(null)]
    [InlineData("7")]
    [InlineData("[\"ada@example.com\"]")]
    public async Task U04_an_address_that_is_missing_or_no_text_is_refused(string? json)
    {
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Claims = c =>
        {
            c.Remove("email");
            if (json is not null)
            {
                c["email"] = JsonNode.Parse(json);
            }
        });
        using var browser = rig.Browser();

        var answer = await rig.SignInAsync(browser);

        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.Contains("Reading the claims of Authentik", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_learns_which_token_it_came_by_while_that_counts()
    {
        var id = new string('c', 32) + ".access";
        var machine = new ServiceToken { Id = Guid.CreateVersion7(), Name = "backup", ClientId = id, SecretHash = [1], SecretVersion = 2 };
        await using var rig = await SignInRig.StartAsync(r => r.Machines.Add(machine));
        using var browser = rig.Browser();
        var issuer = new TokenIssuer(new PublicUrls("test", 443), rig.Clock);
        Task<Answer> AskAsync(string? name, int? version) => browser.GetAsync(
            "https://app.test/cdn-cgi/access/get-identity",
            headers: [("Cf-Access-Token", issuer.IssueService(rig.Tables.Current, rig.Tables.Current.AppsByAud[rig.App.Aud], "app.test", name, version, TimeSpan.FromHours(1)))]);

        var known = JsonNode.Parse((await AskAsync(id, 2)).Body)!;
        Assert.Equal((id, machine.Id.ToString(), true), ((string)known["common_name"]!, (string)known["service_token_id"]!, (bool)known["service_token_status"]!));
        var certificate = JsonNode.Parse((await AskAsync("robot", null)).Body)!;
        Assert.Equal(("robot", "", false), ((string)certificate["common_name"]!, (string)certificate["service_token_id"]!, (bool)certificate["service_token_status"]!));

        Assert.Equal("""{"err":"invalid or expired app token"}""", (await AskAsync(id, 1)).Body); // of a secret that was rotated away
        machine.IsEnabled = false;
        rig.Reload();
        Assert.Equal("""{"err":"invalid or expired app token"}""", (await AskAsync(id, 2)).Body);
    }

    [Theory]
    [InlineData("Groups", "groups", "wheel")]
    [InlineData("Groups", "GROUPS", null)]
    public async Task Groups_are_those_of_one_spelling_and_no_other_passes_for_it(string first, string second, string? group)
    {
        await using var rig = await SignInRig.StartAsync();
        rig.Provider.Claims = claims =>
        {
            claims.Remove("Groups");
            (claims[first], claims[second]) = (new JsonArray("demo"), new JsonArray("wheel"));
        };
        using var browser = rig.Browser();
        var page = await rig.SignInAsync(browser);
        Assert.Equal(group is null ? HttpStatusCode.Forbidden : HttpStatusCode.OK, page.Status);
        Assert.Equal(group is null ? null : $"[\"{group}\"]", rig.Sessions.All.SingleOrDefault()?.GroupsJson);
    }

    [Fact]
    public async Task H10_names_lose_their_control_characters_and_huge_groups_are_refused()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Claims = c => c["name"] = "x\r\nX-Admin: 1\u0000");
        using var browser = rig.Browser();
        using var other = rig.Browser();

        await rig.SignInAsync(browser);
        rig.Provider.Claims = c => c["groups"] = new JsonArray([.. Enumerable.Range(0, 9000).Select(n => JsonValue.Create($"group-{n}"))]);
        rig.Provider.Claims += c => c.Remove("Groups");
        var refused = await rig.SignInAsync(other);

        Assert.Equal("x  X-Admin: 1", Assert.Single(rig.Sessions.All).Name);
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("claims_too_large", refused.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("groups", "[\"\\ud800\"]", HttpStatusCode.Forbidden)]
    [InlineData("name", "\"\\ud800\"", HttpStatusCode.BadGateway)]
    [InlineData("department", "[\"\\ud800\"]", HttpStatusCode.Forbidden)] // left out, it would slip past a rule that denies by it
    [InlineData("department", "{\"a\":\"\\ud800\"}", HttpStatusCode.Forbidden)]
    [InlineData("department", "{\"\\ud800\":1}", HttpStatusCode.Forbidden)]
    [InlineData("groups", "[{\"\\ud800\":1}]", HttpStatusCode.Forbidden)]
    [InlineData("department", "[[1], {\"a\":null}, null, true]", HttpStatusCode.OK)]
    [InlineData("department", "{\"a\":1,\"a\":2}", HttpStatusCode.OK)]
    [InlineData("amr", "[\"\\ud800\", {\"a\":1}]", HttpStatusCode.OK)]
    [InlineData("groups", "{\"a\":1,\"a\":2}", HttpStatusCode.OK)]
    [InlineData("amr", "7", HttpStatusCode.OK)]
    [InlineData("email", "\"\\udc00@example.com\"", HttpStatusCode.BadGateway)]
    public async Task H10_odd_claims_never_break_a_page(string claim, string json, HttpStatusCode status)
    {
        await using var rig = await SignInRig.StartAsync();
        rig.Provider.Make = c =>
        {
            c.Remove("Groups");
            c.Remove(claim);
            var text = c.ToJsonString()[..^1] + $",\"{claim}\":{json}}}";
            var signed = Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Encode("""{"alg":"RS256","kid":"k1"}""") + "." + Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Encode(text);
            return signed + "." + Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Encode(
                Fakes.TestKeys.Provider.SignData(System.Text.Encoding.ASCII.GetBytes(signed), System.Security.Cryptography.HashAlgorithmName.SHA256, System.Security.Cryptography.RSASignaturePadding.Pkcs1));
        };
        using var browser = rig.Browser();

        var page = await rig.SignInAsync(browser);
        var identity = await browser.GetAsync("https://app.test/cdn-cgi/access/get-identity");

        Assert.Equal(status, page.Status);
        Assert.Equal(status == HttpStatusCode.OK ? HttpStatusCode.OK : HttpStatusCode.BadRequest, identity.Status);
    }

    [Theory]
    [InlineData("\"engines\"")]
    [InlineData("3")]
    [InlineData("1.50")]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("[\"engines\"]")]
    [InlineData("[\"a\",7,false]")]
    [InlineData("[]")]
    [InlineData("{\"name\":\"engines\",\"rooms\":[1,2]}")]
    public async Task A_claim_keeps_its_type_on_the_way_to_origins(string json)
    {
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Claims = c => c["department"] = JsonNode.Parse(json));
        using var browser = rig.Browser();

        Assert.Equal(HttpStatusCode.OK, (await rig.SignInAsync(browser)).Status);
        var custom = new JsonWebToken(browser["app.test", "CF_Authorization"]).GetPayloadValue<JsonElement>("custom");
        Assert.Equal(json, custom.GetProperty("department").GetRawText());
        var identity = JsonDocument.Parse((await browser.GetAsync("https://app.test/cdn-cgi/access/get-identity")).Body);
        Assert.Equal(json, identity.RootElement.GetProperty("oidc_fields").GetProperty("department").GetRawText());
    }

    [Theory]
    [InlineData("3", "3", true)]
    [InlineData("\"3\"", "3", true)]
    [InlineData("true", "true", true)]
    [InlineData("[\"a\",7]", "7", true)]
    [InlineData("3.0", "3", false)]
    [InlineData("33", "3", false)]
    [InlineData("true", "True", false)]
    [InlineData("null", "null", false)]
    public async Task A_rule_compares_a_claim_by_its_text(string json, string wanted, bool admits)
    {
        await using var rig = await SignInRig.StartAsync(r =>
        {
            r.App.Policies[0].Policy!.Include = [new Rule.OidcClaim("department", wanted, r.Method.Id)];
            r.Provider.Claims = c => c["department"] = JsonNode.Parse(json);
        });
        using var browser = rig.Browser();

        Assert.Equal(admits ? HttpStatusCode.OK : HttpStatusCode.Forbidden, (await rig.SignInAsync(browser)).Status);

        // Judged by what the session keeps, it comes to the same.
        if (admits)
        {
            browser.Cookies.RemoveAll(c => c.Host == "app.test");
            Assert.Equal("app /", (await browser.FollowAsync("https://app.test/")).Body);
        }
    }

    [Fact]
    public async Task A_large_group_list_still_fits_into_a_cookie()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Provider.Claims = c => c["Groups"] = new JsonArray([.. Enumerable.Range(0, 900).Select(n => JsonValue.Create($"group-{n}"))]));
        using var browser = rig.Browser();

        await rig.SignInAsync(browser);

        var token = browser["app.test", "CF_Authorization"]!;
        Assert.InRange(token.Length, 500, 4000);
        var custom = new JsonWebToken(token).GetPayloadValue<JsonElement>("custom");
        Assert.Equal("engines", custom.GetProperty("department").GetString());
        Assert.False(custom.TryGetProperty("groups", out _));
    }

    [Fact]
    public async Task H13_get_identity_has_the_documented_fields_and_no_upstream_token()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);

        var app = await browser.GetAsync("https://app.test/cdn-cgi/access/get-identity");
        var team = await browser.GetAsync("https://access.test/cdn-cgi/access/get-identity");
        var json = JsonNode.Parse(app.Body)!;

        Assert.Equal(HttpStatusCode.OK, app.Status);
        Assert.Equal("application/json", app.Headers["Content-Type"]);
        Assert.Equal(app.Body, team.Body);
        Assert.Equal(
            ("u-1", "Ada Lovelace", "ada@example.com", "0123456789abcdef0123456789abcdef", "oidc", 2),
            ((string)json["id"]!, (string)json["name"]!, (string)json["email"]!, (string)json["account_id"]!, (string)json["idp"]!["type"]!, (int)json["version"]!));
        Assert.Equal("""["demo","staff"]""", json["groups"]!.ToJsonString());
        Assert.Equal("engines", (string)json["oidc_fields"]!["department"]!);
        Assert.Equal(rig.Sessions.All.Single().UserId.ToString(), (string)json["user_uuid"]!);
        Assert.DoesNotContain("canary", app.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("eyJ", app.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_team_domain_takes_an_app_token_too()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        using var plugin = rig.Browser();
        await rig.SignInAsync(browser);
        var token = browser["app.test", "CF_Authorization"]!;

        var byCookie = await plugin.GetAsync("https://access.test/cdn-cgi/access/get-identity", headers: [("Cookie", "CF_Authorization=" + token)]);
        var byHeader = await plugin.GetAsync("https://access.test/cdn-cgi/access/get-identity", headers: [("cf-access-token", token)]);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (byCookie.Status, byHeader.Status));
    }

    [Theory]
    [InlineData("revoked")]
    [InlineData("bound")]
    [InlineData("bound since")]
    public async Task S07_the_team_domain_takes_no_app_token_that_is_not_enough_by_itself(string row)
    {
        await using var rig = await SignInRig.StartAsync(r => r.App.BindingCookie = row == "bound");
        using var browser = rig.Browser();
        using var origin = rig.Browser();
        await rig.SignInAsync(browser);
        (string, string) shown = ("Cf-Access-Token", browser["app.test", "CF_Authorization"]!);
        rig.App.TokenEpoch = row == "revoked" ? 1 : 0;
        rig.App.BindingCookie = row != "revoked";
        rig.Reload();

        Assert.Equal("""{"err":"invalid or expired app token"}""", (await origin.GetAsync("https://access.test/cdn-cgi/access/get-identity", headers: [shown])).Body);
        Assert.Contains("No session was found", (await origin.GetAsync("https://access.test/cdn-cgi/access/logout", headers: [shown])).Body, StringComparison.Ordinal);
        Assert.Null(rig.Sessions.All.Single().RevokedAt);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("https://access.test/cdn-cgi/access/get-identity")).Status); // its org token
    }

    [Theory]
    [InlineData("access.test")]
    [InlineData("app.test")]
    public async Task Without_a_token_it_says_so(string host)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();

        var answer = await browser.GetAsync($"https://{host}/cdn-cgi/access/get-identity");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("""{"err":"no app token set"}""", answer.Body);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("..")]
    [InlineData("e30.e30.AAAA")]
    [InlineData("eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("8kB")]
    public async Task H04_a_malformed_token_is_no_token(string value)
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        (string, string) cookie = ("Cookie", "CF_Authorization=" + (value == "8kB" ? new string('x', 8200) : value));

        var identity = await browser.GetAsync("https://access.test/cdn-cgi/access/get-identity", headers: [cookie]);
        var link = (await browser.GetAsync("https://app.test/")).Location!;
        var login = await browser.GetAsync(link, headers: [cookie]);

        Assert.Equal(HttpStatusCode.BadRequest, identity.Status);
        Assert.StartsWith("https://idp.test/", login.Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_org_token_is_no_app_token()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        using var other = rig.Browser();
        await rig.SignInAsync(browser);

        var answer = await other.GetAsync(
            "https://app.test/cdn-cgi/access/get-identity", headers: [("Cookie", "CF_Authorization=" + browser["access.test", "CF_Authorization"])]);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Fact]
    public async Task S04_a_foreign_cookie_beside_the_good_org_token_changes_nothing()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Apps.Add(Fakes.TestAccess.App("two.test", Fakes.TestAccess.Policy(PolicyAction.Allow, "All", [new Rule.Everyone()]))));
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        var org = browser["access.test", "CF_Authorization"]!;
        var app = browser["app.test", "CF_Authorization"]!;
        var link = (await browser.GetAsync("https://two.test/")).Location!;
        browser.Cookies.RemoveAll(c => c.Host == "access.test" && c.Name == "CF_Authorization");

        foreach (var cookies in (string[])[$"CF_Authorization={app}; CF_Authorization={org}", $"CF_Authorization={org}; CF_Authorization=junk"])
        {
            var answer = await browser.GetAsync(link, headers: [("Cookie", cookies)]);
            Assert.StartsWith("https://two.test/cdn-cgi/access/authorized", answer.Location, StringComparison.Ordinal);
        }
    }
}
