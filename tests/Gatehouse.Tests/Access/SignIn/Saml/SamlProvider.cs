using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Text;
using System.Web;
using System.Xml;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.SignIn.Saml;

/// <summary>An identity provider by SAML with real keys, which says whatever it is told to.</summary>
internal static class SamlProvider
{
    public const string Issuer = "https://idp.test/saml/metadata";
    public const string Callback = "https://access.test/cdn-cgi/access/callback";
    public const string EmailFormat = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    public const string Protocol = "urn:oasis:names:tc:SAML:2.0:protocol";
    public const string Assertion = "urn:oasis:names:tc:SAML:2.0:assertion";
    public const string Dsig = "http://www.w3.org/2000/09/xmldsig#";

    private static readonly Lazy<ECDsa> Elliptic = new(() => ECDsa.Create(ECCurve.NamedCurves.nistP384));

    public static ECDsa EcKey => Elliptic.Value;

    /// <summary>A login method for it.</summary>
    public static LoginMethod Method(SamlSettings? settings = null, string emailAttribute = "mail", params string[] attributes) =>
        Method(Guid.CreateVersion7(), settings, emailAttribute, attributes);

    public static LoginMethod Method(Guid id, SamlSettings? settings, string emailAttribute = "mail", params string[] attributes) => new()
    {
        Id = id,
        Name = "Shibboleth",
        Type = LoginMethodTypes.Saml,
        ClientId = "",
        SealedClientSecret = [],
        AuthUrl = "https://idp.test/sso?tenant=1",
        TokenUrl = "",
        CertsUrl = "",
        Issuer = Issuer,
        Claims = [.. attributes],
        EmailClaimName = emailAttribute,
        PresetJson = (settings ?? new SamlSettings { Certificates = [Certificate(TestKeys.Provider)] }).Write(),
        CreatedAt = TestAccess.Epoch,
    };

    /// <summary>A rig whose one login method it is.</summary>
    public static Task<SignInRig> RigAsync(LoginMethod? method = null, Action<SignInRig>? change = null) => SignInRig.StartAsync(rig =>
    {
        rig.Methods.Clear();
        rig.Methods.Add(method ?? Method());
        change?.Invoke(rig);
    });

    /// <summary>A certificate, PEM; long over, as such certificates often are.</summary>
    public static string Certificate(AsymmetricAlgorithm key)
    {
        var request = key is RSA rsa
            ? new CertificateRequest("CN=idp", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest("CN=idp", (ECDsa)key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(TestAccess.Epoch.AddYears(-9), TestAccess.Epoch.AddYears(-8));
        return made.ExportCertificatePem();
    }

    /// <summary>From the app to the provider: its URL with the request.</summary>
    public static async Task<Answer> BeginAsync(Browser browser, string url = "https://app.test/deep?q=1")
    {
        var answer = await browser.FollowAsync(url);
        Assert.StartsWith("https://idp.test/sso?tenant=1&SAMLRequest=", answer.Location, StringComparison.Ordinal);
        return answer;
    }

    /// <summary>The request in such a URL.</summary>
    public static XmlElement RequestOf(Answer begun)
    {
        using var deflate = new DeflateStream(new MemoryStream(Convert.FromBase64String(HttpUtility.ParseQueryString(new Uri(begun.Location!).Query)["SAMLRequest"]!)), CompressionMode.Decompress);
        var document = new XmlDocument();
        document.Load(deflate);
        return document.DocumentElement!;
    }

    /// <summary>What the provider's page posts.</summary>
    public static Task<Answer> PostAsync(Browser browser, Answer begun, string xml) => PostAsync(browser, begun["RelayState"], xml);

    public static Task<Answer> PostAsync(Browser browser, string relayState, string xml) =>
        browser.PostAsync(Callback, ("SAMLResponse", Convert.ToBase64String(Encoding.UTF8.GetBytes(xml))), ("RelayState", relayState));

    /// <summary>The whole way, to the app's page or to where it ended.</summary>
    public static async Task<Answer> SignInAsync(SignInRig rig, Browser browser, Func<SamlAnswer, string>? make = null, string url = "https://app.test/deep?q=1")
    {
        var begun = await BeginAsync(browser, url);
        var answer = await PostAsync(browser, begun, (make ?? (a => a.Signed()))(SamlAnswer.To(RequestOf(begun).GetAttribute("ID"), rig.Clock.GetUtcNow())));
        return answer.Location is null ? answer : await browser.FollowAsync(answer.Location);
    }
}

/// <summary>A response, right in everything until told otherwise.</summary>
internal sealed record SamlAnswer
{
    public const string Sha256 = "http://www.w3.org/2001/04/xmlenc#sha256";
    public const string RsaSha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    public const string ExcC14N = "http://www.w3.org/2001/10/xml-exc-c14n#";
    public const string Enveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

    public required string? InResponseTo { get; init; }

    public required DateTimeOffset Now { get; init; }

    public string AssertionId { get; init; } = "_a" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    public string ResponseId { get; init; } = "_r" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    public string Issuer { get; init; } = SamlProvider.Issuer;

    public string? Destination { get; init; } = SamlProvider.Callback;

    public string Recipient { get; init; } = SamlProvider.Callback;

    public string Audience { get; init; } = SamlProvider.Callback;

    public string? ConfirmedInResponseTo { get; init; }

    public TimeSpan Life { get; init; } = TimeSpan.FromMinutes(5);

    public TimeSpan From { get; init; } = TimeSpan.FromSeconds(-30);

    public string NameId { get; init; } = "ada@example.com";

    public string NameIdFormat { get; init; } = SamlProvider.EmailFormat;

    public string Mail { get; init; } = "Ada@Example.com";

    public string Method { get; init; } = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

    public string Status { get; init; } = "urn:oasis:names:tc:SAML:2.0:status:Success";

    public string MoreConditions { get; init; } = "";

    public string MoreAttributes { get; init; } = "";

    public string GroupsName { get; init; } = "groups";

    public TimeSpan Authenticated { get; init; }

    public static SamlAnswer To(string request, DateTimeOffset now) => new() { InResponseTo = request, Now = now };

    /// <summary>Without a signature.</summary>
    public override string ToString()
    {
        var inResponseTo = InResponseTo is null ? "" : $" InResponseTo=\"{InResponseTo}\"";
        var confirmed = (ConfirmedInResponseTo ?? InResponseTo) is { Length: > 0 } id ? $" InResponseTo=\"{id}\"" : "";
        return $"""
            <samlp:Response xmlns:samlp="{SamlProvider.Protocol}" xmlns:saml="{SamlProvider.Assertion}" ID="{ResponseId}" Version="2.0" IssueInstant="{Time(TimeSpan.Zero)}"{(Destination is null ? "" : $" Destination=\"{Destination}\"")}{inResponseTo}><saml:Issuer>{Issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="{Status}"/></samlp:Status><saml:Assertion ID="{AssertionId}" Version="2.0" IssueInstant="{Time(TimeSpan.Zero)}"><saml:Issuer>{Issuer}</saml:Issuer><saml:Subject><saml:NameID Format="{NameIdFormat}">{NameId}</saml:NameID><saml:SubjectConfirmation Method="{Method}"><saml:SubjectConfirmationData NotOnOrAfter="{Time(Life)}" Recipient="{Recipient}"{confirmed}/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{Time(From)}" NotOnOrAfter="{Time(Life)}"><saml:AudienceRestriction><saml:Audience>{Audience}</saml:Audience></saml:AudienceRestriction>{MoreConditions}</saml:Conditions><saml:AuthnStatement AuthnInstant="{Time(Authenticated)}" SessionIndex="_s1"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="mail"><saml:AttributeValue>{Mail}</saml:AttributeValue></saml:Attribute><saml:Attribute Name="displayName"><saml:AttributeValue>Ada Lovelace</saml:AttributeValue></saml:Attribute><saml:Attribute Name="department"><saml:AttributeValue>engines</saml:AttributeValue></saml:Attribute><saml:Attribute Name="{GroupsName}"><saml:AttributeValue>demo</saml:AttributeValue><saml:AttributeValue>cn=staff;ou=x</saml:AttributeValue></saml:Attribute>{MoreAttributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>
            """;
    }

    public XmlDocument Document() => Parse(ToString());

    /// <summary>With a signed assertion, a signed response, or both.</summary>
    public string Signed(bool assertion = true, bool response = false, Signer? signer = null)
    {
        var document = Document();
        if (assertion)
        {
            (signer ?? new Signer()).Sign(AssertionOf(document));
        }

        if (response)
        {
            (signer ?? new Signer()).Sign(document.DocumentElement!);
        }

        return document.OuterXml;
    }

    public static XmlDocument Parse(string xml)
    {
        var document = new XmlDocument { PreserveWhitespace = true };
        document.LoadXml(xml);
        return document;
    }

    public static XmlElement AssertionOf(XmlDocument document) => document.DocumentElement!.ChildNodes.OfType<XmlElement>().Single(e => e.LocalName == "Assertion");

    private string Time(TimeSpan offset) => (Now + offset).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

/// <summary>Signs an element by hand, in any form, right until told otherwise.</summary>
internal sealed record Signer
{
    public AsymmetricAlgorithm Key { get; init; } = TestKeys.Provider;

    public string Algorithm { get; init; } = SamlAnswer.RsaSha256;

    public HashAlgorithmName Hash { get; init; } = HashAlgorithmName.SHA256;

    public string DigestAlgorithm { get; init; } = SamlAnswer.Sha256;

    public string Canonicalization { get; init; } = SamlAnswer.ExcC14N;

    /// <summary>The Transform elements; null means those that SAML has.</summary>
    public string? Transforms { get; init; }

    public string? Uri { get; init; }

    public string KeyInfo { get; init; } = "";

    /// <summary>Puts the signature where the schema has it: after the Issuer.</summary>
    public void Sign(XmlElement element)
    {
        var digest = Convert.ToBase64String(Digest(Canonical(element.OuterXml)));
        var info = $"""
            <ds:SignedInfo xmlns:ds="{SamlProvider.Dsig}"><ds:CanonicalizationMethod Algorithm="{Canonicalization}"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="{Algorithm}"></ds:SignatureMethod><ds:Reference URI="{Uri ?? "#" + element.GetAttribute("ID")}"><ds:Transforms>{Transforms ?? $"<ds:Transform Algorithm=\"{SamlAnswer.Enveloped}\"></ds:Transform><ds:Transform Algorithm=\"{SamlAnswer.ExcC14N}\"></ds:Transform>"}</ds:Transforms><ds:DigestMethod Algorithm="{DigestAlgorithm}"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>
            """;
        var value = Key is RSA rsa
            ? rsa.SignData(Canonical(info), Hash, RSASignaturePadding.Pkcs1)
            : ((ECDsa)Key).SignData(Canonical(info), Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var signature = SamlAnswer.Parse($"<ds:Signature xmlns:ds=\"{SamlProvider.Dsig}\">{info.Replace($" xmlns:ds=\"{SamlProvider.Dsig}\"", "", StringComparison.Ordinal)}<ds:SignatureValue>{Convert.ToBase64String(value)}</ds:SignatureValue>{KeyInfo}</ds:Signature>");
        element.InsertAfter(element.OwnerDocument.ImportNode(signature.DocumentElement!, deep: true), element.FirstChild);
    }

    private byte[] Digest(byte[] content) => DigestAlgorithm switch
    {
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => SHA384.HashData(content),
        "http://www.w3.org/2001/04/xmlenc#sha512" => SHA512.HashData(content),
        "http://www.w3.org/2000/09/xmldsig#sha1" => CryptographicOperations.HashData(HashAlgorithmName.SHA1, content),
        _ => SHA256.HashData(content),
    };

    private static byte[] Canonical(string xml)
    {
        var transform = new XmlDsigExcC14NTransform();
        transform.LoadInput(SamlAnswer.Parse(xml));
        using var output = (MemoryStream)transform.GetOutput(typeof(Stream));
        return output.ToArray();
    }
}
