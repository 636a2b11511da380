using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Model.LoginMethods;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>Trying a login method out: each hop in words, and the one that failed.</summary>
public class MethodTestTests
{
    [Fact]
    public async Task Each_hop_is_shown_and_neither_session_nor_secret_comes_of_it()
    {
        await using var rig = await SignInRig.StartAsync(r => r.Method.Issuer = r.Provider.Url);
        rig.Provider.Api = request => request.Path == "/.well-known/openid-configuration"
            ? new JsonObject { ["issuer"] = rig.Provider.Url, ["authorization_endpoint"] = "https://idp.test/authorize", ["token_endpoint"] = rig.Provider.Url + "/token", ["jwks_uri"] = rig.Provider.Url + "/other" }.ToJsonString()
            : null;
        rig.Provider.Claims = claims => claims["iss"] = rig.Provider.Url;
        using var browser = rig.Browser();
        var url = Url(rig);

        var first = WebUtility.HtmlDecode((await browser.GetAsync(url)).Body);
        Assert.Contains($"jwks_uri is published as '{rig.Provider.Url}/other', and set to '{rig.Provider.Url}/certs'", first, StringComparison.Ordinal);
        Assert.Contains("https://access.test/cdn-cgi/access/callback", first, StringComparison.Ordinal);

        var page = await RunAsync(rig, browser, url);
        foreach (var words in new[] { "Your connection works!", "Answered 200 with an ID token", "alg RS256, kid", "The key is published", "Claims received", "auth_time", "'email' is there", "ada@example.com", """["demo","staff"]""", "engines" })
        {
            Assert.Contains(words, page, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("s3cret", page, StringComparison.Ordinal);
        Assert.DoesNotContain("upstream-canary", page, StringComparison.Ordinal);
        Assert.DoesNotContain("eyJ", page, StringComparison.Ordinal);
        Assert.Empty(rig.Sessions.All);
        Assert.Empty(rig.Audit.Records);
        Assert.Null(browser["access.test", "CF_Authorization"]);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync(url + "&go=1")).Status); // used up
    }

    [Theory]
    [InlineData("hs256", "shared secret", "Verifying the ID token of Authentik")]
    [InlineData("kid", "names a key that the login method does not publish", "Verifying the ID token of Authentik")]
    [InlineData("secret", "Make sure the client secret is correct", "Redeeming the code at Authentik")]
    [InlineData("email", "gave no claim 'email'", "Reading the claims of Authentik")]
    [InlineData("clock", "clocks of the login method and of Access differ", "Verifying the ID token of Authentik")]
    public async Task The_hop_that_failed_is_named_with_its_cause(string fault, string cause, string hop)
    {
        await using var rig = await SignInRig.StartAsync();
        using var other = System.Security.Cryptography.RSA.Create(2048);
        switch (fault)
        {
            case "hs256":
                rig.Provider.Make = claims => FakeProvider.Sign(claims, new SymmetricSecurityKey(new byte[64]), SecurityAlgorithms.HmacSha256);
                break;
            case "kid":
                rig.Provider.Make = claims => FakeProvider.Sign(claims, new RsaSecurityKey(other) { KeyId = "gone" }, SecurityAlgorithms.RsaSha256);
                break;
            case "secret":
                rig.Provider.Token = context => FakeProvider.WriteAsync(context, 401, new JsonObject { ["error"] = "invalid_client" });
                break;
            case "email":
                rig.Provider.Claims = claims => claims.Remove("email");
                break;
            default:
                rig.Provider.Claims = claims => claims["exp"] = 1;
                break;
        }

        using var browser = rig.Browser();
        var page = await RunAsync(rig, browser, Url(rig));

        Assert.Contains("Authentik does not work yet", page, StringComparison.Ordinal);
        Assert.Contains(cause, page, StringComparison.Ordinal);
        Assert.Contains(hop, page, StringComparison.Ordinal);
        Assert.Empty(rig.Sessions.All);
    }

    [Fact]
    public async Task Without_a_ticket_for_this_method_there_is_no_test()
    {
        await using var rig = await SignInRig.StartAsync();
        using var browser = rig.Browser();
        var url = Url(rig);

        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync($"https://access.test/cdn-cgi/access/test-idp/{rig.Method.Id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync($"https://access.test/cdn-cgi/access/test-idp/{rig.Method.Id}?ticket=AAAA")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync(url.Replace(rig.Method.Id.ToString(), Guid.Empty.ToString(), StringComparison.Ordinal))).Status);
        rig.Clock.Advance(TestTicket.Life);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync(url)).Status);
    }

    private static string Url(SignInRig rig) =>
        $"https://access.test/cdn-cgi/access/test-idp/{rig.Method.Id}?ticket={TestTicket.For(rig.Method.Id, rig.Clock.GetUtcNow()).Seal(rig.Box)}";

    private static async Task<string> RunAsync(SignInRig rig, Browser browser, string url)
    {
        var begun = await browser.GetAsync(url + "&go=1");
        Assert.StartsWith("https://idp.test/authorize", begun.Location, StringComparison.Ordinal);
        rig.Provider.Nonce = begun["nonce"];
        return WebUtility.HtmlDecode((await SignInRig.CallbackAsync(browser, begun)).Body);
    }
}
