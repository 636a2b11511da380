using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Access.SignIn;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.Saas.Saml;

/// <summary>A service provider by SAML before the sign-in rig: what it asks, and what it makes of an answer with nothing but the framework.</summary>
internal static partial class ServiceProvider
{
    public const string Entity = "https://sp.test/metadata";
    public const string Consumer = "https://sp.test/acs?tenant=1";
    public const string Protocol = "urn:oasis:names:tc:SAML:2.0:protocol";
    public const string Assertion = "urn:oasis:names:tc:SAML:2.0:assertion";
    public static readonly string Id = new('e', 64);
    public static readonly string Path = "/cdn-cgi/access/sso/saml/" + Id;
    public static readonly string Endpoint = "https://access.test" + Path;

    /// <summary>The rig with one such application, which is for example.com.</summary>
    public static Task<SignInRig> StartAsync(SaasSaml? saml = null, Action<SignInRig>? change = null) => SignInRig.StartAsync(rig =>
    {
        rig.Method.Claims = ["department", "division"];
        rig.Apps.Add(App(saml ?? new SaasSaml { ConsumerServiceUrl = Consumer, EntityId = Entity }));
        change?.Invoke(rig);
    });

    public static App App(SaasSaml saml)
    {
        var id = Guid.CreateVersion7();
        var policy = TestAccess.Policy(PolicyAction.Allow, "Staff", [new Rule.EmailDomain("example.com")]);
        return new App
        {
            Id = id,
            Aud = Convert.ToHexStringLower(SHA256.HashData(id.ToByteArray())),
            Type = AppType.Saas,
            Name = "Payroll",
            Domains = [],
            Saas = new SaasSettings { Saml = saml },
            SsoId = Id,
            AppLauncherVisible = true,
            AutoRedirectToIdentity = true,
            Policies = [new AppPolicy { AppId = id, PolicyId = policy.Id, Policy = policy, Precedence = 1 }],
        };
    }

    public static App Payroll(this SignInRig rig) => rig.Apps.First(a => a.SsoId == Id);

    /// <summary>A request, right in everything until told otherwise.</summary>
    public static string Request(string id = "_q1", string attributes = "", string issuer = Entity, string version = "2.0", string root = "AuthnRequest") =>
        $"""<samlp:{root} xmlns:samlp="{Protocol}" ID="{id}" Version="{version}" IssueInstant="2026-01-01T00:00:00Z" {attributes}><saml:Issuer xmlns:saml="{Assertion}">{issuer}</saml:Issuer></samlp:{root}>""";

    public static string UrlOf(string request, string? relayState = "r-1") =>
        $"{Endpoint}?SAMLRequest={Uri.EscapeDataString(Deflate(Encoding.UTF8.GetBytes(request)))}{(relayState is null ? "" : "&RelayState=" + Uri.EscapeDataString(relayState))}";

    public static string Deflate(byte[] bytes)
    {
        using var deflated = new MemoryStream();
        using (var deflate = new DeflateStream(deflated, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(bytes);
        }

        return Convert.ToBase64String(deflated.ToArray());
    }

    /// <summary>From the service provider over a sign-in to the page that posts the answer, or wherever it ends.</summary>
    public static async Task<Answer> SignInAsync(SignInRig rig, Browser browser, string? url = null)
    {
        var begun = await browser.FollowAsync(url ?? UrlOf(Request()));
        Assert.StartsWith("https://idp.test/", begun.Location, StringComparison.Ordinal);
        rig.Provider.Nonce = begun["nonce"];
        var back = await SignInRig.CallbackAsync(browser, begun);
        return back.Location is null ? back : await browser.FollowAsync(back.Location);
    }

    /// <summary>What a page would post: it must go to the consumer service, as a page of ours.</summary>
    public static SamlPost Post(Answer page)
    {
        Assert.Equal((HttpStatusCode.OK, "no-store"), (page.Status, page.Headers["Cache-Control"]));
        var form = Form().Match(page.Body);
        Assert.Equal(Consumer, WebUtility.HtmlDecode(form.Groups[1].Value));
        var fields = Field().Matches(form.Groups[2].Value).ToDictionary(f => WebUtility.HtmlDecode(f.Groups[1].Value), f => WebUtility.HtmlDecode(f.Groups[2].Value));
        return new SamlPost(Parse(Encoding.UTF8.GetString(Convert.FromBase64String(fields["SAMLResponse"]))), fields.GetValueOrDefault("RelayState"));
    }

    /// <summary>Whether a page would post anything.</summary>
    public static bool Posts(Answer page) => page.Body.Contains("SAMLResponse", StringComparison.Ordinal);

    public static XmlElement Parse(string xml)
    {
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        document.LoadXml(xml);
        return document.DocumentElement!;
    }

    [GeneratedRegex("<form method=\"post\" action=\"([^\"]*)\">(.*?)</form>", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\"")]
    private static partial Regex Field();
}

/// <summary>An answer as a service provider reads it.</summary>
internal sealed record SamlPost(XmlElement Response, string? RelayState)
{
    public XmlElement Assertion => Only("//saml:Assertion");

    public string Status => Only("/samlp:Response/samlp:Status/samlp:StatusCode").GetAttribute("Value").Split(':')[^1];

    public string Detail => Only("/samlp:Response/samlp:Status/samlp:StatusCode/samlp:StatusCode").GetAttribute("Value").Split(':')[^1];

    public string NameId => Only("//saml:NameID").InnerText;

    public XmlElement Only(string path) => Assert.IsType<XmlElement>(Assert.Single(Find(path)));

    public string Value(string path) => Assert.Single(Find(path)).Value!;

    public List<XmlNode> Find(string path)
    {
        var names = new XmlNamespaceManager(Response.OwnerDocument.NameTable);
        names.AddNamespace("samlp", ServiceProvider.Protocol);
        names.AddNamespace("saml", ServiceProvider.Assertion);
        names.AddNamespace("ds", SignedXml.XmlDsigNamespaceUrl);
        return [.. Response.OwnerDocument.SelectNodes(path, names)!.Cast<XmlNode>()];
    }

    /// <summary>The values of an attribute; empty when it is absent.</summary>
    public List<string> Attribute(string name) => [.. Find($"//saml:Attribute[@Name='{name}']/saml:AttributeValue").Select(v => v.InnerText)];

    /// <summary>Checks the signature of each element that has one; the answer is how many did.</summary>
    public int Verify(RSA key)
    {
        var signatures = Find("//ds:Signature").Cast<XmlElement>().ToList();
        foreach (var signature in signatures)
        {
            var signed = new SignedXml((XmlElement)signature.ParentNode!);
            signed.LoadXml(signature);
            Assert.Equal("#" + ((XmlElement)signature.ParentNode!).GetAttribute("ID"), Assert.IsType<Reference>(Assert.Single(signed.SignedInfo!.References)).Uri);
            Assert.Equal("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", signed.SignedInfo.SignatureMethod);
            Assert.True(signed.CheckSignature(key));
            using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(signature.GetElementsByTagName("X509Certificate", SignedXml.XmlDsigNamespaceUrl)[0]!.InnerText));
            using var named = certificate.GetRSAPublicKey();
            Assert.Equal(key.ExportSubjectPublicKeyInfo(), named!.ExportSubjectPublicKeyInfo());
        }

        return signatures.Count;
    }
}
