using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Access.SignIn;
using Gatehouse.Access.SignIn.Saml;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Snapshots;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.SignIn.Saml;

/// <summary>Responses by SAML that nobody may get in with.</summary>
public class SamlAttackTests
{
    private const string InclusiveC14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    private const string Success = "urn:oasis:names:tc:SAML:2.0:status:Success";

    public static TheoryData<string, string> Faults => new()
    {
        { "unsigned", "saml_unsigned" },
        { "other key", "saml_signature" },
        { "key in the message", "saml_signature" },
        { "sha1 signature", "saml_signature" },
        { "sha1 digest", "saml_signature" },
        { "hmac", "saml_signature" },
        { "one of two signatures", "saml_signature" },
        { "content changed", "saml_signature" },
        { "reference to everything", "saml_signature" },
        { "reference to another", "saml_signature" },
        { "reference outside", "saml_signature" },
        { "no enveloped transform", "saml_signature" },
        { "xpath transform", "saml_signature" },
        { "inclusive canonicalization", "saml_signature" },
        { "canonicalization with comments", "saml_signature" },
        { "signed info not exclusive", "saml_signature" },
        { "two references", "saml_signature" },
        { "dtd", "saml_unreadable" },
        { "entity bomb", "saml_unreadable" },
        { "comment in NameID", "saml_unreadable" },
        { "comment in mail", "saml_unreadable" },
        { "processing instruction in mail", "saml_unreadable" },
        { "not xml", "saml_unreadable" },
        { "another root", "saml_unreadable" },
        { "two assertions", "saml_shape" },
        { "id twice", "saml_shape" },
        { "stranger in the response", "saml_shape" },
        { "two signatures in one place", "saml_shape" },
        { "encrypted", "saml_encrypted" },
        { "encrypted attribute", "saml_encrypted" },
        { "other issuer", "saml_issuer" },
        { "other destination", "saml_recipient" },
        { "no destination in a signed response", "saml_recipient" },
        { "other recipient", "saml_recipient" },
        { "other audience", "saml_audience" },
        { "audience that begins like us", "saml_audience" },
        { "a second audience restriction", "saml_audience" },
        { "unknown condition", "saml_conditions" },
        { "expired", "saml_clock" },
        { "not yet", "saml_clock" },
        { "holder of key", "saml_subject" },
        { "unsolicited", "saml_unsolicited" },
        { "in answer to another request", "saml_unsolicited" },
        { "confirmed for another request", "saml_unsolicited" },
        { "no status", "provider_error" },
    };

    [Theory]
    [InlineData("groups", "Groups", "demo")]
    [InlineData("GROUPS", "other", "demo")]
    [InlineData("Groups", "groups", "wheel")]
    [InlineData("Groups", "GROUPS", null)]
    public async Task Groups_are_those_of_one_spelling_and_no_other_passes_for_it(string first, string second, string? group)
    {
        await using var rig = await SamlProvider.RigAsync();
        using var browser = rig.Browser();
        var page = await SamlProvider.SignInAsync(
            rig, browser, a => (a with { GroupsName = first, MoreAttributes = $"""<saml:Attribute Name="{second}"><saml:AttributeValue>wheel</saml:AttributeValue></saml:Attribute>""" }).Signed());
        if (group is null)
        {
            Assert.Equal(HttpStatusCode.Forbidden, page.Status);
            Assert.Contains("groups_ambiguous", page.Body, StringComparison.Ordinal);
            Assert.Empty(rig.Sessions.All);
            return;
        }

        Assert.Equal(HttpStatusCode.OK, page.Status);
        var groups = Assert.Single(rig.Sessions.All).GroupsJson;
        Assert.Equal((group == "demo", group == "wheel"), (groups.Contains("demo", StringComparison.Ordinal), groups.Contains("wheel", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task F10_a_response_with_a_fault_signs_nobody_in(string fault, string code)
    {
        await using var rig = await SamlProvider.RigAsync();
        using var browser = rig.Browser();

        var answer = await SamlProvider.SignInAsync(rig, browser, a => Spoil(a, fault));

        Assert.True(answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden, $"{fault}: {answer.Status}");
        Assert.Contains(code, answer.Body, StringComparison.Ordinal);
        Assert.Empty(rig.Sessions.All);
        Assert.Null(browser["access.test", "CF_Authorization"]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task F10_wrapped_signatures_are_refused(int way)
    {
        await using var rig = await SamlProvider.RigAsync();
        foreach (var sameId in new[] { true, false })
        {
            using var browser = rig.Browser();
            var answer = await SamlProvider.SignInAsync(rig, browser, a => SamlWrapping.Wrap(a.Signed(assertion: way > 2, response: way <= 2), way, sameId));
            Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
            Assert.Contains("saml_shape", answer.Body, StringComparison.Ordinal);
        }

        Assert.Empty(rig.Sessions.All);

        // What was wrapped would have done.
        using var honest = rig.Browser();
        Assert.Equal(HttpStatusCode.OK, (await SamlProvider.SignInAsync(rig, honest, a => a.Signed(assertion: way > 2, response: way <= 2))).Status);
    }

    [Fact]
    public async Task F10_an_answer_is_good_once_and_for_one_sign_in()
    {
        await using var rig = await SamlProvider.RigAsync();
        using var browser = rig.Browser();
        var begun = await SamlProvider.BeginAsync(browser);
        var request = SamlProvider.RequestOf(begun).GetAttribute("ID");
        var answer = SamlAnswer.To(request, rig.Clock.GetUtcNow());
        var other = await SamlProvider.BeginAsync(browser);

        Assert.Equal(HttpStatusCode.Found, (await SamlProvider.PostAsync(browser, begun, answer.Signed())).Status);
        var again = await SamlProvider.PostAsync(browser, begun, answer.Signed());
        Assert.Contains("saml_replayed", again.Body, StringComparison.Ordinal);

        // A new assertion for the sign-in that is over, and this one for another.
        Assert.Contains("used already", (await SamlProvider.PostAsync(browser, begun, (answer with { AssertionId = "_new" }).Signed())).Body, StringComparison.Ordinal);
        Assert.Contains("saml_unsolicited", (await SamlProvider.PostAsync(browser, other, answer.Signed())).Body, StringComparison.Ordinal);

        // The same assertion in an answer to another request, which only a provider gone mad would sign.
        var reused = answer with { InResponseTo = SamlProvider.RequestOf(other).GetAttribute("ID") };
        Assert.Contains("saml_replayed", (await SamlProvider.PostAsync(browser, other, reused.Signed())).Body, StringComparison.Ordinal);
        Assert.Single(rig.Sessions.All);
    }

    [Fact]
    public async Task F10_only_the_browser_that_asked_may_bring_the_answer()
    {
        await using var rig = await SamlProvider.RigAsync();
        using var attacker = rig.Browser();
        using var victim = rig.Browser();
        var begun = await SamlProvider.BeginAsync(attacker);
        await SamlProvider.BeginAsync(victim);
        var xml = SamlAnswer.To(SamlProvider.RequestOf(begun).GetAttribute("ID"), rig.Clock.GetUtcNow()).Signed();

        var stolen = await SamlProvider.PostAsync(victim, begun, xml);
        var unasked = await SamlProvider.PostAsync(victim, "", xml);
        var invented = await SamlProvider.PostAsync(victim, "https://app.test/", xml);
        rig.Clock.Advance(TimeSpan.FromMinutes(11));
        var late = await SamlProvider.PostAsync(attacker, begun, xml);

        Assert.All([stolen, unasked, invented, late], a => Assert.Equal(HttpStatusCode.BadRequest, a.Status));
        Assert.Contains("begun in another browser", stolen.Body, StringComparison.Ordinal);
        Assert.Contains("not at the provider", unasked.Body, StringComparison.Ordinal);
        Assert.Contains("longer than ten minutes", late.Body, StringComparison.Ordinal);
        Assert.Empty(rig.Sessions.All);
    }

    [Fact]
    public async Task F10_an_answer_comes_the_way_that_its_method_has()
    {
        var saml = SamlProvider.Method();
        await using var rig = await SignInRig.StartAsync(r => r.Methods.Add(saml));
        using var browser = rig.Browser();
        rig.App.AllowedLoginMethods = [saml.Id];
        rig.Reload();
        var begun = await SamlProvider.BeginAsync(browser);
        var xml = SamlAnswer.To(SamlProvider.RequestOf(begun).GetAttribute("ID"), rig.Clock.GetUtcNow()).Signed();

        // As if it were a code; and as if an OpenID provider's sign-in had come back by SAML, cookies lent to both.
        browser.Cookies.Add(new Browser.Cookie("access.test", "__Host-CF_Session", browser["access.test", "__Host-CF_SamlSession"]!, "/", DateTimeOffset.MaxValue));
        var code = await browser.GetAsync($"{SamlProvider.Callback}?code=c0de&state={begun["RelayState"]}");
        rig.App.AllowedLoginMethods = [rig.Method.Id];
        rig.Reload();
        using var oidc = rig.Browser();
        var asked = await rig.BeginAsync(oidc);
        oidc.Cookies.Add(new Browser.Cookie("access.test", "__Host-CF_SamlSession", oidc["access.test", "__Host-CF_Session"]!, "/", DateTimeOffset.MaxValue));
        var posted = await SamlProvider.PostAsync(oidc, asked["state"], xml);

        Assert.All([code, posted], a => Assert.Contains("wrong_way", a.Body, StringComparison.Ordinal));
        Assert.Empty(rig.Sessions.All);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void F10_any_byte_changed_in_what_is_signed_is_refused(bool ofAssertion)
    {
        var clock = new FakeClock();
        var responses = new SamlResponses(new PublicUrls("test", 443), clock);
        var method = new LoginMethodEntry { Method = SamlProvider.Method(), ClientSecret = "" };
        var state = State(method.Method, clock.GetUtcNow());
        var xml = SamlAnswer.To(SamlResponses.RequestId(state), clock.GetUtcNow()).Signed(ofAssertion, !ofAssertion);
        Assert.NotNull(responses.Verify(method, Encode(Encoding.UTF8.GetBytes(xml)), state).Value);

        // The element with its signature's SignedInfo; not its value, whose last bits mean nothing.
        var bytes = Encoding.UTF8.GetBytes(xml);
        var (from, to) = ofAssertion
            ? (xml.IndexOf("<saml:Assertion", StringComparison.Ordinal), xml.IndexOf("</samlp:Response>", StringComparison.Ordinal))
            : (0, xml.Length);
        var (valueFrom, valueTo) = (xml.IndexOf("<ds:SignatureValue>", StringComparison.Ordinal), xml.IndexOf("</ds:Signature>", StringComparison.Ordinal));
        for (var at = from; at < to; at++)
        {
            if (at >= valueFrom && at < valueTo)
            {
                continue;
            }

            bytes[at] ^= 1;
            Assert.True(responses.Verify(method, Encode(bytes), state).Value is null, $"byte {at}: {Encoding.UTF8.GetString(bytes[Math.Max(0, at - 20)..Math.Min(bytes.Length, at + 10)])}");
            bytes[at] ^= 1;
        }
    }

    [Theory]
    [InlineData("deep")]
    [InlineData("wide")]
    [InlineData("attributes")]
    [InlineData("long")]
    [InlineData("names")]
    public async Task F11_what_is_too_large_is_refused_before_it_costs(string kind)
    {
        await using var rig = await SamlProvider.RigAsync();
        using var browser = rig.Browser();
        var begun = await SamlProvider.BeginAsync(browser);
        var xml = kind switch
        {
            "deep" => string.Concat(Enumerable.Repeat("<a>", 20_000)),
            "wide" => "<a>" + string.Concat(Enumerable.Repeat("<b/>", 30_000)) + "</a>",
            "attributes" => "<a " + string.Join(' ', Enumerable.Range(0, 10_000).Select(n => $"a{n}=''")) + "/>",
            "names" => "<a " + string.Join(' ', Enumerable.Range(0, 5_000).Select(n => $"xmlns:a{n}='urn:{n}'")) + "/>",
            _ => $"<a>{new string('x', SamlXml.Longest)}</a>",
        };
        await SamlProvider.PostAsync(browser, begun, "<a/>");

        var since = Stopwatch.GetTimestamp();
        var answer = await SamlProvider.PostAsync(browser, begun, xml);
        var took = Stopwatch.GetElapsedTime(since);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.True(took < TimeSpan.FromSeconds(5), $"took {took}");
        Assert.Equal(HttpStatusCode.BadRequest, (await SamlProvider.PostAsync(browser, begun, new string('x', 400_000))).Status);
    }

    [Theory]
    [InlineData("!!!")]
    [InlineData("")]
    [InlineData("/v8=")]
    public async Task What_is_no_base64_of_text_is_refused(string posted)
    {
        await using var rig = await SamlProvider.RigAsync();
        using var browser = rig.Browser();
        var begun = await SamlProvider.BeginAsync(browser);

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync(SamlProvider.Callback, ("SAMLResponse", posted), ("RelayState", begun["RelayState"]))).Status);
    }

    private static string Spoil(SamlAnswer answer, string fault)
    {
        var signer = new Signer();
        const string EnvelopedThen = $"<ds:Transform Algorithm=\"{SamlAnswer.Enveloped}\"></ds:Transform>";
        return fault switch
        {
            "unsigned" => answer.ToString(),
            "other key" => answer.Signed(signer: signer with { Key = TestKeys.Foreign }),
            "key in the message" => answer.Signed(signer: signer with
            {
                Key = TestKeys.Foreign,
                KeyInfo = $"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{SamlProvider.Certificate(TestKeys.Foreign).Split('\n', 2)[1].Split("-----")[0]}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
            }),
            "sha1 signature" => answer.Signed(signer: signer with { Algorithm = "http://www.w3.org/2000/09/xmldsig#rsa-sha1", Hash = HashAlgorithmName.SHA1 }),
            "sha1 digest" => answer.Signed(signer: signer with { DigestAlgorithm = "http://www.w3.org/2000/09/xmldsig#sha1" }),
            "hmac" => answer.Signed(signer: signer with { Algorithm = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256" }),
            "one of two signatures" => OneOfTwo(answer),
            "content changed" => answer.Signed().Replace(">engines<", ">finance<", StringComparison.Ordinal),
            "reference to everything" => answer.Signed(signer: signer with { Uri = "" }),
            "reference to another" => answer.Signed(signer: signer with { Uri = "#" + answer.ResponseId }),
            "reference outside" => answer.Signed(signer: signer with { Uri = "https://idp.test/assertion.xml" }),
            "no enveloped transform" => answer.Signed(signer: signer with { Transforms = $"<ds:Transform Algorithm=\"{SamlAnswer.ExcC14N}\"></ds:Transform>" }),
            "xpath transform" => answer.Signed(signer: signer with { Transforms = EnvelopedThen + "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>self::node()</ds:XPath></ds:Transform>" }),
            "inclusive canonicalization" => answer.Signed(signer: signer with { Transforms = EnvelopedThen + $"<ds:Transform Algorithm=\"{InclusiveC14N}\"></ds:Transform>" }),
            "canonicalization with comments" => answer.Signed(signer: signer with { Transforms = EnvelopedThen + $"<ds:Transform Algorithm=\"{SamlAnswer.ExcC14N}WithComments\"></ds:Transform>" }),
            "signed info not exclusive" => answer.Signed(signer: signer with { Canonicalization = InclusiveC14N }),
            "two references" => answer.Signed().Replace("</ds:SignedInfo>", "<ds:Reference URI=\"#x\"/></ds:SignedInfo>", StringComparison.Ordinal),
            "dtd" => "<!DOCTYPE a [<!ENTITY e \"x\">]>" + answer.Signed(),
            "entity bomb" => "<!DOCTYPE a [<!ENTITY e \"xxxxxxxxxx\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;\"><!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;\">]><a>&g;</a>",
            "comment in NameID" => answer.Signed().Replace(">ada@example.com<", ">ada@example.com<!-- -->.evil.test<", StringComparison.Ordinal),
            "comment in mail" => (answer with { Mail = "admin@example.com<!-- -->.evil.test" }).Signed(),
            "processing instruction in mail" => (answer with { Mail = "admin@example.com<?x?>.evil.test" }).Signed(),
            "not xml" => "<samlp:Response",
            "another root" => answer.Signed().Replace("samlp:Response", "samlp:LogoutResponse", StringComparison.Ordinal),
            "two assertions" => Twice(answer.Signed(), answer.AssertionId),
            "id twice" => answer.Signed().Replace(answer.AssertionId, answer.ResponseId, StringComparison.Ordinal),
            "stranger in the response" => answer.Signed().Replace("</samlp:Response>", "<x xmlns=\"urn:x\"/></samlp:Response>", StringComparison.Ordinal),
            "two signatures in one place" => TwoSignatures(answer),
            "encrypted" => answer.ToString().Replace("saml:Assertion", "saml:EncryptedAssertion", StringComparison.Ordinal),
            "encrypted attribute" => (answer with { MoreAttributes = "<saml:EncryptedAttribute/>" }).Signed(),
            "other issuer" => (answer with { Issuer = "https://idp.test/saml/metadata/" }).Signed(),
            "other destination" => (answer with { Destination = "https://other.test/acs" }).Signed(),
            "no destination in a signed response" => (answer with { Destination = null }).Signed(assertion: false, response: true),
            "other recipient" => (answer with { Recipient = "https://other.test/acs" }).Signed(),
            "other audience" => (answer with { Audience = "https://other.test/" }).Signed(),
            "audience that begins like us" => (answer with { Audience = SamlProvider.Callback + "/x" }).Signed(),
            "a second audience restriction" => (answer with { MoreConditions = "<saml:AudienceRestriction><saml:Audience>https://other.test/</saml:Audience></saml:AudienceRestriction>" }).Signed(),
            "unknown condition" => (answer with { MoreConditions = "<x:Distance xmlns:x=\"urn:x\"/>" }).Signed(),
            "expired" => (answer with { Life = TimeSpan.FromSeconds(-61) }).Signed(),
            "not yet" => (answer with { From = TimeSpan.FromSeconds(62) }).Signed(),
            "holder of key" => (answer with { Method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key" }).Signed(),
            "unsolicited" => (answer with { InResponseTo = null }).Signed(),
            "in answer to another request" => (answer with { InResponseTo = "_other" }).Signed(),
            "confirmed for another request" => (answer with { ConfirmedInResponseTo = "_other" }).Signed(),
            "no status" => answer.Signed().Replace($"<samlp:StatusCode Value=\"{Success}\" />", "", StringComparison.Ordinal),
            _ => throw new UnreachableException(fault),
        };
    }

    // The assertion's is good, the response's is somebody else's.
    private static string OneOfTwo(SamlAnswer answer)
    {
        var document = SamlAnswer.Parse(answer.Signed());
        new Signer { Key = TestKeys.Foreign }.Sign(document.DocumentElement!);
        return document.OuterXml;
    }

    private static string TwoSignatures(SamlAnswer answer)
    {
        var document = SamlAnswer.Parse(answer.Signed());
        new Signer { Key = TestKeys.Foreign }.Sign(SamlAnswer.AssertionOf(document));
        return document.OuterXml;
    }

    private static string Twice(string xml, string id)
    {
        var (from, to) = (xml.IndexOf("<saml:Assertion", StringComparison.Ordinal), xml.IndexOf("</samlp:Response>", StringComparison.Ordinal));
        return xml.Insert(from, xml[from..to].Replace(id, "_second", StringComparison.Ordinal));
    }

    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes);

    private static LoginState State(LoginMethod method, DateTimeOffset now) => new()
    {
        Id = "state",
        Aud = "",
        Host = "",
        ReturnTo = "/",
        AppSessionHash = "",
        BrowserHash = "",
        LoginMethodId = method.Id,
        Nonce = "n0nce",
        ExpiresAt = now.AddMinutes(10),
    };
}
