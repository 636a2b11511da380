using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Access.SignIn;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.Saas.Saml;

/// <summary>Access as the SAML identity provider of SaaS applications (contract 1.1, 3.4).</summary>
public partial class SamlAppTests
{
    [Fact]
    public async Task A_person_signs_in_and_the_service_provider_learns_who_they_are()
    {
        await using var rig = await ServiceProvider.StartAsync();
        rig.Provider.Claims = claims => (claims["Groups"], claims["auth_time"]) = (new JsonArray("staff", "wheel"), rig.Clock.GetUtcNow().AddMinutes(-7).ToUnixTimeSeconds());
        using var browser = rig.Browser();
        var page = await ServiceProvider.SignInAsync(rig, browser);
        var post = ServiceProvider.Post(page);

        Assert.Equal(2, post.Verify(TestKeys.Current)); // the response and the assertion
        Assert.Equal(("r-1", "Success"), (post.RelayState, post.Status));
        Assert.Equal((ServiceProvider.Consumer, "_q1", ServiceProvider.Endpoint), (post.Response.GetAttribute("Destination"), post.Response.GetAttribute("InResponseTo"), post.Value("/samlp:Response/saml:Issuer/text()")));
        Assert.Equal((ServiceProvider.Endpoint, ServiceProvider.Entity), (post.Value("//saml:Assertion/saml:Issuer/text()"), post.Value("//saml:AudienceRestriction/saml:Audience/text()")));
        var confirmation = post.Only("//saml:SubjectConfirmation[@Method='urn:oasis:names:tc:SAML:2.0:cm:bearer']/saml:SubjectConfirmationData");
        Assert.Equal((ServiceProvider.Consumer, "_q1"), (confirmation.GetAttribute("Recipient"), confirmation.GetAttribute("InResponseTo")));
        var now = rig.Clock.GetUtcNow();
        Assert.Equal((Time(now.AddMinutes(5)), Time(now.AddMinutes(5)), Time(now.AddMinutes(-1))), (confirmation.GetAttribute("NotOnOrAfter"), post.Value("//saml:Conditions/@NotOnOrAfter"), post.Value("//saml:Conditions/@NotBefore")));
        Assert.Equal((Time(now.AddMinutes(-7)), Time(now.AddHours(24))), (post.Value("//saml:AuthnStatement/@AuthnInstant"), post.Value("//saml:AuthnStatement/@SessionNotOnOrAfter")));
        Assert.Equal(("ada@example.com", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"), (post.NameId, post.Only("//saml:NameID").GetAttribute("Format")));
        Assert.Equal("ada@example.com; Ada Lovelace; staff, wheel", string.Join("; ", new[] { "email", "name", "groups" }.Select(n => string.Join(", ", post.Attribute(n)))));
        Assert.Equal([rig.Sessions.All.Single().UserId.ToString()], post.Attribute("id"));

        // The page may run its one script and post where service providers are, and nothing else.
        var policy = page.Headers["Content-Security-Policy"];
        var script = Script().Match(page.Body).Groups[1].Value;
        Assert.Contains($"script-src 'sha256-{Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(script)))}';", policy, StringComparison.Ordinal);
        Assert.Contains("form-action 'self' https://sp.test https:;", policy, StringComparison.Ordinal);
        var record = Assert.Single(rig.Audit.Records);
        Assert.Equal((true, "login", "access.test", ServiceProvider.Path), (record.Allowed, record.Action, record.Host, record.Path));
    }

    [Fact]
    public async Task A_posted_question_is_the_same_question()
    {
        await using var rig = await ServiceProvider.StartAsync();
        using var browser = rig.Browser();
        var form = new Dictionary<string, string> { ["SAMLRequest"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(ServiceProvider.Request("_posted", $"Destination=\"{ServiceProvider.Endpoint}\" AssertionConsumerServiceURL=\"{ServiceProvider.Consumer}\" ForceAuthn=\"1\""))), ["RelayState"] = "a&b=c" };
        var asked = await browser.PostAsync(ServiceProvider.Endpoint, form);
        Assert.Equal((HttpStatusCode.SeeOther, $"{ServiceProvider.Endpoint}?InResponseTo=_posted&RelayState=a%26b%3Dc&ForceAuthn=true"), (asked.Status, asked.Location));
        Assert.Equal("login", (await browser.FollowAsync(asked.Location!))["prompt"]);
        var post = ServiceProvider.Post(await ServiceProvider.SignInAsync(rig, browser, asked.Location));
        Assert.Equal(("_posted", "a&b=c"), (post.Response.GetAttribute("InResponseTo"), post.RelayState));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("https://sp.test/home")]
    public async Task From_the_launcher_nobody_asked_and_people_come_out_where_the_administrator_said(string? relayState)
    {
        await using var rig = await ServiceProvider.StartAsync(new SaasSaml { ConsumerServiceUrl = ServiceProvider.Consumer, EntityId = ServiceProvider.Entity, DefaultRelayState = relayState });
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        var launcher = await browser.GetAsync("https://access.test/");
        Assert.Contains($"href=\"{ServiceProvider.Endpoint}\"", launcher.Body, StringComparison.Ordinal);
        Assert.Contains("sp.test", launcher.Body, StringComparison.Ordinal);

        // A link chooses no other place.
        foreach (var url in new[] { ServiceProvider.Endpoint, ServiceProvider.Endpoint + "?RelayState=https%3A%2F%2Fevil.test%2F" })
        {
            var post = ServiceProvider.Post(await browser.GetAsync(url));
            Assert.Equal((relayState, false, 2), (post.RelayState, post.Response.HasAttribute("InResponseTo"), post.Verify(TestKeys.Current)));
            Assert.False(post.Only("//saml:SubjectConfirmationData").HasAttribute("InResponseTo"));
        }
    }

    [Fact]
    public async Task The_launcher_leads_over_a_sign_in_too_and_shows_nobody_what_they_may_not_open()
    {
        await using var rig = await ServiceProvider.StartAsync();
        using var browser = rig.Browser();
        Assert.Equal("ada@example.com", ServiceProvider.Post(await ServiceProvider.SignInAsync(rig, browser, ServiceProvider.Endpoint)).NameId);
        rig.Payroll().Policies[0].Policy!.Include = [new Rule.Email("bob@example.com")];
        rig.Reload();
        Assert.DoesNotContain("sso/saml", (await browser.GetAsync("https://access.test/")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attributes_and_the_name_of_a_person_are_as_the_application_wants_them()
    {
        var saml = new SaasSaml
        {
            ConsumerServiceUrl = ServiceProvider.Consumer,
            EntityId = ServiceProvider.Entity,
            NameIdFormat = SaasNameId.Id,
            Attributes =
            [
                new SaasField { Name = "email", Source = new SaasSource { Name = "division" } },
                new SaasField { Name = "dept", FriendlyName = "Department", NameFormat = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri", IsRequired = true, Source = new SaasSource { Name = "nothing" } },
            ],
        };
        await using var rig = await ServiceProvider.StartAsync(saml, r => saml.Attributes[1].Source.NameByLoginMethod[r.Method.Id] = "department");
        rig.Provider.Claims = claims => claims["division"] = new JsonArray("north", "south");
        using var browser = rig.Browser();
        var post = ServiceProvider.Post(await ServiceProvider.SignInAsync(rig, browser));
        Assert.Equal((rig.Sessions.All.Single().UserId.ToString(), "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"), (post.NameId, post.Only("//saml:NameID").GetAttribute("Format")));
        Assert.Equal(["north", "south"], post.Attribute("email")); // the custom one alone
        Assert.Equal(["engines"], post.Attribute("dept"));
        var attribute = post.Only("//saml:Attribute[@Name='dept']");
        Assert.Equal(("Department", "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"), (attribute.GetAttribute("FriendlyName"), attribute.GetAttribute("NameFormat")));

        // Without a required one nobody signs in; and where nobody may be asked, the service provider is told.
        saml.Attributes[1].Source.NameByLoginMethod.Clear();
        rig.Reload();
        var refused = await browser.GetAsync(ServiceProvider.UrlOf(ServiceProvider.Request()));
        Assert.Equal((HttpStatusCode.Forbidden, false), (refused.Status, ServiceProvider.Posts(refused)));
        Assert.False(rig.Audit.Records[^1].Allowed);
        Assert.Equal("RequestDenied", ServiceProvider.Post(await browser.GetAsync(ServiceProvider.UrlOf(ServiceProvider.Request(attributes: "IsPassive=\"true\"")))).Detail);
    }

    [Fact]
    public async Task Where_nobody_may_be_asked_the_service_provider_is_told_so_signed()
    {
        await using var rig = await ServiceProvider.StartAsync();
        using var browser = rig.Browser();
        var passive = ServiceProvider.UrlOf(ServiceProvider.Request(attributes: "IsPassive=\"true\""));
        var post = ServiceProvider.Post(await browser.GetAsync(passive));
        Assert.Equal(("Responder", "NoPassive", "_q1", "r-1", 1), (post.Status, post.Detail, post.Response.GetAttribute("InResponseTo"), post.RelayState, post.Verify(TestKeys.Current)));
        Assert.Empty(post.Find("//saml:Assertion"));

        await rig.SignInAsync(browser); // elsewhere
        Assert.Equal("ada@example.com", ServiceProvider.Post(await browser.GetAsync(passive)).NameId);
        Assert.Equal("NoPassive", ServiceProvider.Post(await browser.GetAsync(ServiceProvider.UrlOf(ServiceProvider.Request(attributes: "IsPassive=\"1\" ForceAuthn=\"1\"")))).Detail);
        rig.Payroll().Policies[0].Policy!.PurposeRequired = true;
        rig.Reload();
        Assert.Equal("NoPassive", ServiceProvider.Post(await browser.GetAsync(passive)).Detail);
        rig.Payroll().Policies[0].Policy!.Include = [new Rule.Email("bob@example.com")];
        rig.Reload();
        Assert.Equal("RequestDenied", ServiceProvider.Post(await browser.GetAsync(passive)).Detail);
        Assert.False(rig.Audit.Records[^1].Allowed);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(3600, false)]
    public async Task ForceAuthn_asks_for_a_sign_in_that_is_one(int ago, bool isTaken)
    {
        await using var rig = await ServiceProvider.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        rig.Clock.Advance(TimeSpan.FromMinutes(10));
        rig.Provider.Claims = claims => claims["auth_time"] = rig.Clock.GetUtcNow().AddSeconds(-ago).ToUnixTimeSeconds();
        var url = ServiceProvider.UrlOf(ServiceProvider.Request(attributes: "ForceAuthn=\"true\""));
        Assert.Equal("login", (await browser.FollowAsync(url))["prompt"]);
        var page = await ServiceProvider.SignInAsync(rig, browser, url);
        Assert.Equal(isTaken, ServiceProvider.Posts(page));
        Assert.Equal(!isTaken, page.Body.Contains("sign_in_stale", StringComparison.Ordinal));

        // Once: the next question asks for the next sign-in.
        Assert.StartsWith("https://idp.test/", (await browser.FollowAsync(url)).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_policies_are_asked_each_time()
    {
        await using var rig = await ServiceProvider.StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        Assert.True(ServiceProvider.Posts(await browser.GetAsync(ServiceProvider.UrlOf(ServiceProvider.Request()))));
        rig.Payroll().Policies[0].Policy!.Include = [new Rule.Email("bob@example.com")];
        rig.Reload();
        var refused = await browser.GetAsync(ServiceProvider.UrlOf(ServiceProvider.Request()));
        Assert.Equal((HttpStatusCode.Forbidden, false), (refused.Status, ServiceProvider.Posts(refused)));
        Assert.Contains("That account does not have access", refused.Body, StringComparison.Ordinal);
        Assert.Equal([true, true, false], rig.Audit.Records.Select(r => r.Allowed));

        rig.Payroll().Policies[0].Policy!.Include = [new Rule.EmailDomain("example.com")];
        rig.Payroll().Policies[0].Policy!.Require = [new Rule.AuthMethod("mfa")];
        rig.Reload();
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.GetAsync(ServiceProvider.UrlOf(ServiceProvider.Request()))).Status);
        rig.Provider.Claims = claims => claims["amr"] = new JsonArray("pwd", "mfa");
        var again = await browser.FollowAsync($"https://access.test/cdn-cgi/access/login?redirect_url={Uri.EscapeDataString($"{ServiceProvider.Path}?InResponseTo=_q1")}&switch=1");
        rig.Provider.Nonce = again["nonce"];
        Assert.True(ServiceProvider.Posts(await browser.FollowAsync((await SignInRig.CallbackAsync(browser, again)).Location!)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_purpose_stands_between_the_sign_in_and_the_service_provider(bool hasSession)
    {
        await using var rig = await ServiceProvider.StartAsync(change: r => (r.Payroll().Policies[0].Policy!.PurposeRequired, r.Payroll().SessionDuration) = (true, hasSession ? TimeSpan.FromHours(1) : TimeSpan.Zero));
        using var browser = rig.Browser();
        var page = await ServiceProvider.SignInAsync(rig, browser);
        Assert.Contains("Why do you open Payroll?", page.Body, StringComparison.Ordinal);
        var answered = await browser.PostAsync("https://access.test/cdn-cgi/access/purpose", ("state", State().Match(page.Body).Groups[1].Value), ("purpose", "ticket 7"));
        var post = ServiceProvider.Post(await browser.FollowAsync(answered.Location!));
        Assert.Equal(("_q1", "r-1"), (post.Response.GetAttribute("InResponseTo"), post.RelayState));
        Assert.Equal("ticket 7", Assert.Single(rig.Audit.Records).Purpose);
        Assert.Equal(hasSession, ServiceProvider.Posts(await browser.FollowAsync(ServiceProvider.UrlOf(ServiceProvider.Request("_q2")))));
    }

    [Fact]
    public async Task A_session_there_ends_no_later_than_what_it_stands_on()
    {
        await using var rig = await ServiceProvider.StartAsync(change: r =>
        {
            r.Payroll().Policies[0].Policy!.ApprovalRequired = true;
            r.Payroll().Policies[0].Policy!.ApprovalGroups = [new ApprovalGroup(1, ["boss@example.com"], null)];
        });
        using var browser = rig.Browser();
        using var boss = rig.Browser();
        Assert.Contains("Waiting for approval", (await ServiceProvider.SignInAsync(rig, browser)).Body, StringComparison.Ordinal);
        var link = Link().Match(Assert.Single(rig.Mail.Sent).Text).Value;
        var asked = await boss.GetAsync(link);
        await boss.PostAsync("https://access.test/cdn-cgi/access/approve", ("state", State().Match(asked.Body).Groups[1].Value), ("answer", "approve"), ("minutes", "60"));
        var until = rig.Clock.GetUtcNow().AddMinutes(60);
        rig.Clock.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(Time(until), ServiceProvider.Post(await browser.FollowAsync(ServiceProvider.UrlOf(ServiceProvider.Request()))).Value("//saml:AuthnStatement/@SessionNotOnOrAfter"));
        rig.Clock.Advance(TimeSpan.FromMinutes(41));
        Assert.Contains("Waiting for approval", (await browser.FollowAsync(ServiceProvider.UrlOf(ServiceProvider.Request()))).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3600, 0, 3600)]
    [InlineData(86400 * 2, 0, 86400)] // no longer than the person's own session
    [InlineData(3600, 600, 600)] // the policy's goes before the application's
    [InlineData(0, 0, 60)]
    public async Task A_session_there_is_no_longer_than_the_applications(int ofApp, int ofPolicy, int expected)
    {
        await using var rig = await ServiceProvider.StartAsync(change: r =>
        {
            r.Payroll().SessionDuration = TimeSpan.FromSeconds(ofApp);
            r.Payroll().Policies[0].Policy!.SessionDuration = ofPolicy == 0 ? null : TimeSpan.FromSeconds(ofPolicy);
        });
        using var browser = rig.Browser();
        var post = ServiceProvider.Post(await ServiceProvider.SignInAsync(rig, browser));
        Assert.Equal(Time(rig.Clock.GetUtcNow().AddSeconds(expected)), post.Value("//saml:AuthnStatement/@SessionNotOnOrAfter"));
    }

    [Theory]
    [InlineData("saml-metadata")]
    [InlineData("metadata")]
    public async Task Metadata_says_where_to_ask_and_by_whose_key_answers_are_signed(string name)
    {
        await using var rig = await ServiceProvider.StartAsync();
        using var browser = rig.Browser();
        var answer = await browser.GetAsync($"{ServiceProvider.Endpoint}/{name}");
        Assert.Equal("application/samlmetadata+xml", answer.Headers["Content-Type"].Split(';')[0]);
        var entity = ServiceProvider.Parse(answer.Body);
        Assert.Equal(ServiceProvider.Endpoint, entity.GetAttribute("entityID"));
        var services = entity.GetElementsByTagName("md:SingleSignOnService").Cast<System.Xml.XmlElement>().ToList();
        Assert.Equal(["HTTP-Redirect", "HTTP-POST"], services.Select(s => s.GetAttribute("Binding").Split(':')[^1]));
        Assert.All(services, s => Assert.Equal(ServiceProvider.Endpoint, s.GetAttribute("Location")));
        var keys = entity.GetElementsByTagName("ds:X509Certificate").Cast<System.Xml.XmlElement>().ToList();
        Assert.Equal(2, keys.Count); // and the one before
        using var certificate = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(Convert.FromBase64String(keys[0].InnerText));
        using var key = System.Security.Cryptography.X509Certificates.RSACertificateExtensions.GetRSAPublicKey(certificate);
        Assert.Equal(TestKeys.Current.ExportSubjectPublicKeyInfo(), key!.ExportSubjectPublicKeyInfo());
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync($"{ServiceProvider.Endpoint[..^1]}d/{name}")).Status);
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    [GeneratedRegex("<script>(.*?)</script>")]
    private static partial Regex Script();

    [GeneratedRegex("name=\"state\" value=\"([^\"]+)\"")]
    private static partial Regex State();

    [GeneratedRegex("https://access\\.test/cdn-cgi/access/approve\\S+")]
    private static partial Regex Link();
}
