using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.Xml;
using System.Text;
using System.Text.Json.Nodes;
using System.Web;
using System.Xml;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Tests.Access.SignIn.Saml;

/// <summary>Signing in by SAML when everybody means well: the request, the response, and what becomes of it.</summary>
public class SamlSignInTests
{
    [Fact]
    public async Task Somebody_signs_in_and_the_identity_holds_their_attributes()
    {
        await using var rig = await SamlProvider.RigAsync(SamlProvider.Method(attributes: ["department", "groups"]));
        using var browser = rig.Browser();

        var page = await SamlProvider.SignInAsync(rig, browser);

        Assert.Equal((HttpStatusCode.OK, "app /deep?q=1"), (page.Status, page.Body));
        var session = Assert.Single(rig.Sessions.All);
        Assert.Equal(("ada@example.com", "Ada Lovelace", "ada@example.com", "_s1"), (session.Email, session.Name, session.Subject, session.ProviderSession));
        Assert.Equal(["urn:oasis:names:tc:SAML:2.0:ac:classes:Password"], session.Amr);
        var identity = JsonNode.Parse((await browser.GetAsync("https://app.test/cdn-cgi/access/get-identity")).Body)!;
        Assert.Equal("saml", identity["idp"]!["type"]!.GetValue<string>());
        Assert.Equal("engines", identity["saml_attributes"]!["department"]!.GetValue<string>());
        Assert.Equal("""["demo","cn=staff;ou=x"]""", identity["saml_attributes"]!["groups"]!.ToJsonString());
        Assert.Equal("""["demo","cn=staff;ou=x"]""", identity["groups"]!.ToJsonString());
        var token = new JsonWebToken(browser["app.test", "CF_Authorization"]);
        Assert.Equal("engines", JsonNode.Parse(token.GetPayloadValue<object>("custom").ToString()!)!["department"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_request_says_who_asks_and_where_to_answer()
    {
        await using var rig = await SamlProvider.RigAsync();
        using var browser = rig.Browser();

        var begun = await SamlProvider.BeginAsync(browser);

        var request = SamlProvider.RequestOf(begun);
        Assert.Equal(("AuthnRequest", SamlProvider.Protocol), (request.LocalName, request.NamespaceURI));
        Assert.Equal((SamlProvider.Callback, "https://idp.test/sso?tenant=1", "2.0"), (request.GetAttribute("AssertionConsumerServiceURL"), request.GetAttribute("Destination"), request.GetAttribute("Version")));
        Assert.Equal(SamlProvider.Callback, request.FirstChild!.InnerText);
        Assert.False(request.HasAttribute("ForceAuthn"));
        Assert.Equal("", begun["Signature"]);
        var cookie = Assert.Single(begun.SetCookies, c => c.StartsWith("__Host-CF_SamlSession=", StringComparison.Ordinal));
        foreach (var attribute in new[] { "samesite=none", "secure", "httponly", "path=/" })
        {
            Assert.Contains(attribute, cookie, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task A_request_is_signed_by_the_key_that_the_metadata_holds()
    {
        await using var rig = await SamlProvider.RigAsync(SamlProvider.Method(new SamlSettings { Certificates = [SamlProvider.Certificate(TestKeys.Provider)], SignRequest = true, ForceAuthn = true }, emailAttribute: ""));
        using var browser = rig.Browser();

        var begun = await SamlProvider.BeginAsync(browser);
        var metadata = await browser.GetAsync("https://access.test/cdn-cgi/access/saml-metadata");

        Assert.Equal("application/samlmetadata+xml", metadata.Headers["Content-Type"].Split(';')[0]);
        var document = SamlAnswer.Parse(metadata.Body);
        Assert.Equal(SamlProvider.Callback, document.DocumentElement!.GetAttribute("entityID"));
        Assert.Equal(SamlProvider.Callback, ((XmlElement)document.GetElementsByTagName("md:AssertionConsumerService")[0]!).GetAttribute("Location"));
        using var certificate = SamlCertificate.Read(document.GetElementsByTagName("ds:X509Certificate")[0]!.InnerText)!;
        Assert.Equal(2, document.GetElementsByTagName("ds:X509Certificate").Count); // the key before is still good
        var query = new Uri(begun.Location!).Query[1..];
        var signed = query[query.IndexOf("SAMLRequest=", StringComparison.Ordinal)..query.IndexOf("&Signature=", StringComparison.Ordinal)];
        using var key = System.Security.Cryptography.X509Certificates.RSACertificateExtensions.GetRSAPublicKey(certificate)!;
        Assert.True(key.VerifyData(Encoding.ASCII.GetBytes(signed), Convert.FromBase64String(begun["Signature"]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        var request = SamlProvider.RequestOf(begun);
        Assert.Equal("true", request.GetAttribute("ForceAuthn"));
        Assert.Equal(SamlProvider.EmailFormat, ((XmlElement)request.LastChild!).GetAttribute("Format"));
    }

    [Theory]
    [InlineData(true, false, "rsa-sha256", "sha256")]
    [InlineData(false, true, "rsa-sha256", "sha256")]
    [InlineData(true, true, "rsa-sha384", "sha384")]
    [InlineData(true, false, "rsa-sha512", "sha512")]
    [InlineData(true, true, "ecdsa-sha384", "sha256")]
    public async Task Either_element_may_be_signed_by_any_strong_algorithm(bool assertion, bool response, string algorithm, string digest)
    {
        var hash = new HashAlgorithmName(algorithm.Split('-')[1].ToUpperInvariant());
        AsymmetricAlgorithm key = algorithm.StartsWith("rsa", StringComparison.Ordinal) ? TestKeys.Provider : SamlProvider.EcKey;
        var signer = new Signer
        {
            Key = key,
            Hash = hash,
            Algorithm = "http://www.w3.org/2001/04/xmldsig-more#" + algorithm,
            DigestAlgorithm = digest == "sha384" ? "http://www.w3.org/2001/04/xmldsig-more#sha384" : "http://www.w3.org/2001/04/xmlenc#" + digest,
        };
        await using var rig = await SamlProvider.RigAsync(SamlProvider.Method(new SamlSettings { Certificates = [SamlProvider.Certificate(TestKeys.Foreign), SamlProvider.Certificate(key)] }));
        using var browser = rig.Browser();

        Assert.Equal(HttpStatusCode.OK, (await SamlProvider.SignInAsync(rig, browser, a => a.Signed(assertion, response, signer))).Status);
    }

    [Fact]
    public async Task What_the_framework_signs_is_understood_prefixes_in_values_included()
    {
        await using var rig = await SamlProvider.RigAsync();
        using var browser = rig.Browser();
        const string Typed = """<saml:Attribute Name="level"><saml:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:string">3</saml:AttributeValue></saml:Attribute>""";

        var page = await SamlProvider.SignInAsync(rig, browser, answer =>
        {
            var document = (answer with { MoreAttributes = Typed }).Document();
            var assertion = SamlAnswer.AssertionOf(document);
            assertion.OwnerDocument.DocumentElement!.SetAttribute("xmlns:xs", "http://www.w3.org/2001/XMLSchema");
            var signed = new SignedXml(document) { SigningKey = TestKeys.Provider };
            signed.SignedInfo!.CanonicalizationMethod = SignedXml.XmlDsigExcC14NTransformUrl;
            signed.SignedInfo.SignatureMethod = SignedXml.XmlDsigRSASHA256Url;
            var reference = new Reference("#" + assertion.GetAttribute("ID")) { DigestMethod = SignedXml.XmlDsigSHA256Url };
            reference.AddTransform(new XmlDsigEnvelopedSignatureTransform());
            reference.AddTransform(new XmlDsigExcC14NTransform("xs saml"));
            signed.AddReference(reference);
            signed.ComputeSignature();
            assertion.InsertAfter(document.ImportNode(signed.GetXml(), deep: true), assertion.FirstChild);
            return document.OuterXml;
        });

        Assert.Equal(HttpStatusCode.OK, page.Status);
    }

    [Fact]
    public async Task A_prefix_that_is_listed_twice_counts_once()
    {
        await using var rig = await SamlProvider.RigAsync();
        using var browser = rig.Browser();
        var signer = new Signer
        {
            Transforms = $"<ds:Transform Algorithm=\"{SamlAnswer.Enveloped}\"></ds:Transform><ds:Transform Algorithm=\"{SamlAnswer.ExcC14N}\"><ec:InclusiveNamespaces xmlns:ec=\"{SamlAnswer.ExcC14N}\" PrefixList=\"xs  xs #default #default\"></ec:InclusiveNamespaces></ds:Transform>",
        };

        Assert.Equal(HttpStatusCode.OK, (await SamlProvider.SignInAsync(rig, browser, a => a.Signed(signer: signer))).Status);
    }

    [Theory]
    [InlineData("mail", "n-17", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", "ada@example.com", null)]
    [InlineData("", "ada@example.com", SamlProvider.EmailFormat, "else@example.com", null)]
    [InlineData("", "ada@example.com", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified", "ada@example.com", "email_missing")]
    [InlineData("email", "ada@example.com", SamlProvider.EmailFormat, "ada@example.com", "email_missing")]
    [InlineData("mail", "ada@example.com", SamlProvider.EmailFormat, "ada@evil.test@example.com", "email_unreadable")]
    [InlineData("mail", "ada@example.com", SamlProvider.EmailFormat, "ada@example.com</saml:AttributeValue><saml:AttributeValue>eve@example.com", "email_missing")]
    public async Task The_address_comes_from_where_the_settings_say_and_from_there_alone(string attribute, string nameId, string format, string mail, string? code)
    {
        await using var rig = await SamlProvider.RigAsync(SamlProvider.Method(emailAttribute: attribute));
        using var browser = rig.Browser();

        var page = await SamlProvider.SignInAsync(rig, browser, a => (a with { NameId = nameId, NameIdFormat = format, Mail = mail }).Signed());

        Assert.Equal(code is null ? HttpStatusCode.OK : HttpStatusCode.Forbidden, page.Status);
        Assert.Contains(code ?? "app /deep", page.Body, StringComparison.Ordinal);
        Assert.Equal(code is null ? "ada@example.com" : "", string.Join(',', rig.Sessions.All.Select(s => s.Email)));
    }

    [Theory]
    [InlineData("department", "engines", true)]
    [InlineData("groups", "cn=staff;ou=x", true)]
    [InlineData("department", "engine", false)]
    [InlineData("level", "3", false)]
    public async Task A_rule_about_an_attribute_is_judged_when_somebody_signs_in(string name, string value, bool met)
    {
        var method = SamlProvider.Method();
        await using var rig = await SamlProvider.RigAsync(method, r => r.App.Policies[0].Policy!.Include = [new Rule.SamlClaim(name, value, method.Id)]);
        using var browser = rig.Browser();

        Assert.Equal(met ? HttpStatusCode.OK : HttpStatusCode.Forbidden, (await SamlProvider.SignInAsync(rig, browser)).Status);
    }

    [Fact]
    public async Task An_app_that_asks_each_time_gets_a_fresh_sign_in()
    {
        await using var rig = await SamlProvider.RigAsync(change: r => r.App.SessionDuration = TimeSpan.Zero);
        using var browser = rig.Browser();

        Assert.Equal("true", SamlProvider.RequestOf(await SamlProvider.BeginAsync(browser)).GetAttribute("ForceAuthn"));
        var stale = await SamlProvider.SignInAsync(rig, browser, a => (a with { Authenticated = TimeSpan.FromHours(-1) }).Signed());
        Assert.Contains("sign_in_stale", stale.Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await SamlProvider.SignInAsync(rig, browser)).Status);
    }

    [Fact]
    public async Task Trying_the_method_out_shows_its_hops_and_the_one_that_failed()
    {
        await using var rig = await SamlProvider.RigAsync();
        using var browser = rig.Browser();

        var (first, page) = await TryAsync(rig, browser, a => a.Signed());
        foreach (var words in new[] { SamlProvider.Callback, "saml-metadata", "CN=idp, until 2018", "'https://idp.test/saml/metadata' is expected", "Attribute 'mail'" })
        {
            Assert.Contains(words, first, StringComparison.Ordinal);
        }

        foreach (var words in new[] { "Your connection works!", "Came from https://idp.test/saml/metadata", "Signature of the assertion", "times are right", "mail, displayName, department, groups", "Attribute department", "engines", """["demo","cn=staff;ou=x"]""" })
        {
            Assert.Contains(words, page, StringComparison.Ordinal);
        }

        var (_, failed) = await TryAsync(rig, browser, a => (a with { Audience = "https://other.test/" }).Signed());
        Assert.Contains("Shibboleth does not work yet", failed, StringComparison.Ordinal);
        Assert.Contains("Failed here (saml_audience)", failed, StringComparison.Ordinal);
        Assert.Empty(rig.Sessions.All);
    }

    [Fact]
    public async Task What_the_provider_says_went_wrong_is_shown()
    {
        await using var rig = await SamlProvider.RigAsync();
        using var browser = rig.Browser();

        var page = await SamlProvider.SignInAsync(rig, browser, a => (a with { Status = "urn:oasis:names:tc:SAML:2.0:status:Responder" }).ToString());

        Assert.Equal(HttpStatusCode.Forbidden, page.Status);
        Assert.Contains("It says: Responder.", page.Body, StringComparison.Ordinal);
        Assert.Empty(rig.Sessions.All);
    }

    private static async Task<(string First, string Page)> TryAsync(SignInRig rig, Browser browser, Func<SamlAnswer, string> make)
    {
        var method = rig.Methods[0];
        var url = $"https://access.test/cdn-cgi/access/test-idp/{method.Id}?ticket={TestTicket.For(method.Id, rig.Clock.GetUtcNow()).Seal(rig.Box)}";
        var first = HttpUtility.HtmlDecode((await browser.GetAsync(url)).Body);
        var begun = await browser.GetAsync(url + "&go=1");
        var answer = SamlAnswer.To(SamlProvider.RequestOf(begun).GetAttribute("ID"), rig.Clock.GetUtcNow());
        return (first, HttpUtility.HtmlDecode((await SamlProvider.PostAsync(browser, begun, make(answer))).Body));
    }
}
