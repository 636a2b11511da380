using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Access.Saas.Saml;
using Gatehouse.Model.Apps;
using Gatehouse.Tests.Access.SignIn;
using Gatehouse.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Gatehouse.Tests.Access.Saas.Saml;

/// <summary>Questions to Access as a SAML identity provider, and people's own words in its answers, that must lead nowhere else.</summary>
public class SamlAppAttackTests
{
    private static readonly string Xxe = "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>" + ServiceProvider.Request(issuer: "&x;");
    private static readonly string Laughs = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>" + ServiceProvider.Request(issuer: "&b;");

    public static TheoryData<string, string> Wrong() => new()
    {
        { "another consumer service", ServiceProvider.Request(attributes: "AssertionConsumerServiceURL=\"https://evil.test/acs\"") },
        { "a consumer service beside it", ServiceProvider.Request(attributes: $"AssertionConsumerServiceURL=\"{ServiceProvider.Consumer}&amp;x=1\"") },
        { "no consumer service", ServiceProvider.Request(attributes: "AssertionConsumerServiceURL=\"\"") },
        { "another binding", ServiceProvider.Request(attributes: "ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\"") },
        { "another destination", ServiceProvider.Request(attributes: "Destination=\"https://access.test/cdn-cgi/access/sso/saml/other\"") },
        { "an unknown issuer", ServiceProvider.Request(issuer: "https://evil.test/metadata") },
        { "an issuer of another case", ServiceProvider.Request(issuer: "https://SP.test/metadata") },
        { "an issuer with a comment", ServiceProvider.Request(issuer: "https://sp.test/metadata<!-- -->.evil.test") },
        { "an issuer with an element", ServiceProvider.Request(issuer: "https://sp.test/metadata<x/>") },
        { "no issuer", ServiceProvider.Request(issuer: "") },
        { "a boolean of another language", ServiceProvider.Request(attributes: "ForceAuthn=\"True\"") },
        { "an empty boolean", ServiceProvider.Request(attributes: "IsPassive=\"\"") },
        { "another version", ServiceProvider.Request(version: "1.1") },
        { "another message", ServiceProvider.Request(root: "LogoutRequest") },
        { "another namespace", ServiceProvider.Request().Replace(":protocol", ":other", StringComparison.Ordinal) },
        { "no id", ServiceProvider.Request(id: "") },
        { "an id that is none", ServiceProvider.Request(id: "1 &lt;x&gt;&quot;") },
        { "a long id", ServiceProvider.Request(id: "_" + new string('a', 300)) },
        { "an entity", Xxe },
        { "entities of entities", Laughs },
        { "a processing instruction", "<?xml-stylesheet href=\"https://evil.test/\"?>" + ServiceProvider.Request() },
        { "no XML", "hello" },
        { "nothing", "" },
        { "depth", string.Concat(Enumerable.Repeat("<a>", 500)) + string.Concat(Enumerable.Repeat("</a>", 500)) },
        { "length", ServiceProvider.Request(attributes: $"Consent=\"{new string('a', 40_000)}\"") },
    };

    [Theory, MemberData(nameof(Wrong))]
    public async Task A_request_that_is_not_right_in_everything_is_answered_nowhere(string row, string xml)
    {
        await using var rig = await ServiceProvider.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        Assert.NotEmpty(row);
        var bytes = Encoding.UTF8.GetBytes(xml);
        foreach (var answer in new[]
        {
            await browser.GetAsync(ServiceProvider.UrlOf(xml)),
            await browser.PostAsync(ServiceProvider.Endpoint, new Dictionary<string, string> { ["SAMLRequest"] = Convert.ToBase64String(bytes), ["RelayState"] = "r" }),
        })
        {
            Assert.Equal((HttpStatusCode.BadRequest, null, false), (answer.Status, answer.Location, ServiceProvider.Posts(answer)));
            Assert.DoesNotContain("evil", answer.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("root:", answer.Body, StringComparison.Ordinal);
        }

        Assert.Single(rig.Audit.Records); // the sign-in elsewhere
    }

    [Theory]
    [InlineData("SAMLRequest=%%%")]
    [InlineData("SAMLRequest=AAAA")]
    [InlineData("SAMLRequest=")]
    [InlineData("SAMLRequest={0}&SAMLRequest={0}")]
    [InlineData("SAMLRequest={0}&RelayState=a&RelayState=b")]
    [InlineData("SAMLRequest={0}&RelayState={1}")]
    [InlineData("SAMLRequest={0}&RelayState={3}")] // too long for an address, escaped as it has to be
    [InlineData("SAMLRequest={2}")] // no UTF-8
    [InlineData("InResponseTo=a%20b")]
    [InlineData("InResponseTo=_a&InResponseTo=_b")]
    [InlineData("InResponseTo=")]
    public async Task Nothing_in_a_query_breaks_it(string query)
    {
        await using var rig = await ServiceProvider.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        string[] parts =
        [
            Uri.EscapeDataString(ServiceProvider.Deflate(Encoding.UTF8.GetBytes(ServiceProvider.Request()))), new('r', 1025),
            Uri.EscapeDataString(ServiceProvider.Deflate(Encoding.Latin1.GetBytes(ServiceProvider.Request(attributes: "Consent=\"\u00e9\"")))),
            string.Concat(Enumerable.Repeat("%C3%A9", 500)),
        ];
        var text = query.Replace("{0}", parts[0], StringComparison.Ordinal).Replace("{1}", parts[1], StringComparison.Ordinal).Replace("{2}", parts[2], StringComparison.Ordinal).Replace("{3}", parts[3], StringComparison.Ordinal);
        var answer = await browser.GetAsync($"{ServiceProvider.Endpoint}?{text}");
        Assert.Equal((HttpStatusCode.BadRequest, null, false), (answer.Status, answer.Location, ServiceProvider.Posts(answer)));
    }

    [Fact]
    public void A_small_request_that_becomes_a_large_one_is_not_inflated()
    {
        var query = new QueryCollection(new Dictionary<string, StringValues> { ["SAMLRequest"] = ServiceProvider.Deflate(new byte[16 * 1024 * 1024]) });
        var saml = new SaasSaml { ConsumerServiceUrl = ServiceProvider.Consumer, EntityId = ServiceProvider.Entity };
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(SamlQuestion.Read(saml, ServiceProvider.Endpoint, query, out var fault));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 * 1024);
        Assert.Contains("too long", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_that_is_too_large_or_none_is_refused()
    {
        await using var rig = await ServiceProvider.StartAsync();
        using var browser = rig.Browser();
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostJsonAsync(ServiceProvider.Endpoint, "{}")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(ServiceProvider.Endpoint, ("SAMLRequest", new string('A', 70_000)))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(ServiceProvider.Endpoint, ("RelayState", "x"))).Status);
    }

    [Fact]
    public async Task A_request_that_comes_again_gets_another_assertion_about_whoever_is_there()
    {
        await using var rig = await ServiceProvider.StartAsync();
        using var browser = rig.Browser();
        using var other = rig.Browser();
        var url = ServiceProvider.UrlOf(ServiceProvider.Request("_again"));
        var first = ServiceProvider.Post(await ServiceProvider.SignInAsync(rig, browser, url));
        rig.Provider.Claims = claims => claims["email"] = "bob@example.com";
        var second = ServiceProvider.Post(await ServiceProvider.SignInAsync(rig, other, url));
        var third = ServiceProvider.Post(await browser.GetAsync(url));
        Assert.Equal(["ada@example.com", "bob@example.com", "ada@example.com"], new[] { first, second, third }.Select(p => p.NameId));
        Assert.Equal(3, new[] { first, second, third }.Select(p => p.Assertion.GetAttribute("ID")).Distinct().Count());
        Assert.All(new[] { first, second, third }, p => Assert.Equal(("_again", 2), (p.Response.GetAttribute("InResponseTo"), p.Verify(TestKeys.Current))));
    }

    [Theory]
    [InlineData("\"><script>alert(1)</script>")]
    [InlineData("javascript:alert(1)")]
    [InlineData("a&SAMLResponse=b\r\nSet-Cookie: x=1")]
    [InlineData("access_entry=1&access_entry=2")]
    [InlineData("ünï\u0001💥")]
    public async Task RelayState_comes_back_as_the_text_that_it_was(string state)
    {
        await using var rig = await ServiceProvider.StartAsync();
        using var browser = rig.Browser();
        var page = await ServiceProvider.SignInAsync(rig, browser, ServiceProvider.UrlOf(ServiceProvider.Request(), state));
        var post = ServiceProvider.Post(page);
        Assert.Equal(state, post.RelayState);
        Assert.DoesNotContain("<script>alert", page.Body, StringComparison.Ordinal);
        Assert.Single(page.Body.Split("name=\"SAMLResponse\"").Skip(1));
        Assert.Equal(state, ServiceProvider.Post(await browser.GetAsync(ServiceProvider.UrlOf(ServiceProvider.Request(), state))).RelayState);
    }

    [Theory]
    [InlineData("</saml:AttributeValue></saml:Attribute><saml:Attribute Name=\"groups\"><saml:AttributeValue>admin", null)]
    [InlineData("ada]]><!-- -->&#38;&lt;", null)]
    [InlineData("two\r\nlines\tand more", "two\nlines\tand more")]
    [InlineData("bell\u0007 and \uffff end", "bell and  end")]
    public async Task What_people_call_themselves_is_one_value_and_stays_signed(string name, string? said)
    {
        var saml = new SaasSaml { ConsumerServiceUrl = ServiceProvider.Consumer, EntityId = ServiceProvider.Entity, Attributes = [new SaasField { Name = "title", Source = new SaasSource { Name = "department" } }] };
        await using var rig = await ServiceProvider.StartAsync(saml);
        rig.Provider.Claims = claims => (claims["department"], claims["Groups"]) = (name, new JsonArray(name));
        using var browser = rig.Browser();
        var post = ServiceProvider.Post(await ServiceProvider.SignInAsync(rig, browser));
        Assert.Equal([said ?? name], post.Attribute("title"));
        Assert.Equal([said ?? name], post.Attribute("groups"));
        Assert.Equal(2, post.Verify(TestKeys.Current));
    }

    [Fact]
    public async Task A_changed_answer_is_no_answer()
    {
        await using var rig = await ServiceProvider.StartAsync();
        using var browser = rig.Browser();
        var post = ServiceProvider.Post(await ServiceProvider.SignInAsync(rig, browser));
        post.Only("//saml:NameID").InnerText = "bob@example.com";
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => post.Verify(TestKeys.Current));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => post.Verify(TestKeys.Previous));
    }

    [Fact]
    public async Task The_word_of_a_sign_in_counts_once_and_for_its_own_question()
    {
        await using var rig = await ServiceProvider.StartAsync();
        using var browser = rig.Browser();
        var begun = await browser.FollowAsync(ServiceProvider.UrlOf(ServiceProvider.Request("_a", "ForceAuthn=\"true\"")));
        rig.Provider.Nonce = begun["nonce"];
        var back = (await SignInRig.CallbackAsync(browser, begun)).Location!;
        var entry = back[back.IndexOf("access_entry=", StringComparison.Ordinal)..];
        Assert.StartsWith("https://access.test/cdn-cgi/access/login/", (await browser.GetAsync($"{ServiceProvider.Endpoint}?InResponseTo=_b&ForceAuthn=true&{entry}")).Location, StringComparison.Ordinal);
        Assert.True(ServiceProvider.Posts(await browser.GetAsync(back)));
        Assert.StartsWith("https://access.test/cdn-cgi/access/login/", (await browser.GetAsync(back)).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_addresses_of_one_protocol_are_none_of_the_other()
    {
        await using var rig = await ServiceProvider.StartAsync(change: r => r.Apps.Add(SaasRig.App(SaasRig.ClientId, SaasRig.Client())));
        using var browser = rig.Browser();
        foreach (var path in new[] { "/sso/saml/" + SaasRig.ClientId, $"/sso/saml/{SaasRig.ClientId}/metadata", $"/sso/oidc/{ServiceProvider.Id}/authorization", $"/sso/oidc/{ServiceProvider.Id}/.well-known/openid-configuration", "/sso/saml/x", $"/sso/saml/{ServiceProvider.Id}/other" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync("https://access.test/cdn-cgi/access" + path)).Status);
        }

        foreach (var target in new[] { ServiceProvider.Path + "/metadata", ServiceProvider.Path + "x", ServiceProvider.Path + "/../logout", "//evil.test" + ServiceProvider.Path })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync($"https://access.test/cdn-cgi/access/login/access.test?kid={rig.Payroll().Aud}&redirect_url={Uri.EscapeDataString(target)}")).Status);
        }
    }
}
