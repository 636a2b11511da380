using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Model.Sessions;
using Gatehouse.Tests.Access.SignIn.Saml;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Management;

/// <summary>Identity providers of type <c>saml</c> at the API, and the selector that goes with them.</summary>
public class CloudflareSamlTests
{
    private const string Path = "/access/identity_providers";

    private static readonly string First = SamlProvider.Certificate(TestKeys.Provider);
    private static readonly string Second = SamlProvider.Certificate(TestKeys.Next);

    [Fact]
    public async Task It_gives_back_what_it_took()
    {
        await using var host = await ApiHost.StartAsync();
        var config = Config(c =>
        {
            c["sign_request"] = true;
            c["force_authn"] = true;
            c["attributes"] = new JsonArray("department");
            c["email_attribute_name"] = "mail";
            c["header_attributes"] = new JsonArray(new JsonObject { ["attribute_name"] = "department", ["header_name"] = "X-Department" });
        });

        var made = (await host.CloudflareAsync("POST", Path, Body(config))).Expect(201);

        Assert.Equal("saml", made.Text("result.type"));
        foreach (var (name, value) in config)
        {
            Assert.Equal(value!.ToJsonString(), made.Body!["result"]!["config"]![name]!.ToJsonString());
        }

        var id = made.Text("result.id");
        Assert.Equal(made.Body!["result"]!.ToJsonString(), (await host.CloudflareAsync("GET", $"{Path}/{id}")).Expect(200).Body!["result"]!.ToJsonString());
        Assert.Equal(made.Body["result"]!.ToJsonString(), (await host.CloudflareAsync("PUT", $"{Path}/{id}", Body((JsonObject)made.Body["result"]!["config"]!.DeepClone()))).Expect(200).Body!["result"]!.ToJsonString());
        (await host.CloudflareAsync("PUT", $"{Path}/{id}", Body(new JsonObject { ["client_id"] = "a", ["client_secret"] = "b" }, "google"))).Expect(400);
    }

    [Fact]
    public async Task A_certificate_may_come_as_metadata_has_it()
    {
        await using var host = await ApiHost.StartAsync();
        var bare = string.Concat(First.Split('\n').Where(l => !l.StartsWith('-')));

        (await host.CloudflareAsync("POST", Path, Body(Config(c => c["idp_public_certs"] = new JsonArray(bare))))).Expect(201);
    }

    [Theory]
    [InlineData("issuer_url", null)]
    [InlineData("issuer_url", "\"a b\"")]
    [InlineData("issuer_url", "\"\"")]
    [InlineData("sso_target_url", null)]
    [InlineData("sso_target_url", "\"http://idp.example.com/sso\"")]
    [InlineData("sso_target_url", "\"javascript:alert(1)\"")]
    [InlineData("idp_public_certs", null)]
    [InlineData("idp_public_certs", "[]")]
    [InlineData("idp_public_certs", "\"x\"")]
    [InlineData("idp_public_certs", "[\"MIIB\"]")]
    [InlineData("idp_public_certs", "[\"-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\"]")]
    [InlineData("idp_public_certs", "[\"{first}{second}\"]")]
    [InlineData("idp_public_certs", "[\"{first}{key}\"]")]
    [InlineData("idp_public_certs", "[\"{key}\"]")]
    [InlineData("idp_public_certs", "[\"{short}\"]")]
    [InlineData("sign_request", "\"yes\"")]
    [InlineData("enable_encryption", "true")]
    [InlineData("attributes", "[\"\"]")]
    [InlineData("header_attributes", "[1]")]
    [InlineData("header_attributes", "[{\"attribute_name\":\"a\"}]")]
    [InlineData("header_attributes", "[{\"attribute_name\":\"a\",\"header_name\":\"X A\"}]")]
    [InlineData("header_attributes", "[{\"attribute_name\":\"a\",\"header_name\":\"X-A\\r\\nX-B\"}]")]
    [InlineData("header_attributes", "[{\"attribute_name\":\"a\",\"header_name\":\"Host\"}]")]
    [InlineData("header_attributes", "[{\"attribute_name\":\"a\",\"header_name\":\"content_length\"}]")]
    [InlineData("header_attributes", "[{\"attribute_name\":\"a\",\"header_name\":\"Cf-Access-Jwt-Assertion\"}]")]
    [InlineData("header_attributes", "[{\"attribute_name\":\"a\",\"header_name\":\"X_Forwarded_For\"}]")]
    [InlineData("header_attributes", "[{\"attribute_name\":\"a\",\"header_name\":\"X-A\"},{\"attribute_name\":\"b\",\"header_name\":\"x_a\"}]")]
    public async Task What_can_not_be_right_is_refused_in_the_envelope(string field, string? json)
    {
        await using var host = await ApiHost.StartAsync();
        using var weak = RSA.Create(1024);
        var text = json?
            .Replace("{first}", Escape(First), StringComparison.Ordinal)
            .Replace("{second}", Escape(Second), StringComparison.Ordinal)
            .Replace("{key}", Escape(TestKeys.Provider.ExportPkcs8PrivateKeyPem()), StringComparison.Ordinal)
            .Replace("{short}", Escape(SamlProvider.Certificate(weak)), StringComparison.Ordinal);

        var answer = (await host.CloudflareAsync("POST", Path, Body(Config(c =>
        {
            c.Remove(field);
            if (text is not null)
            {
                c[field] = JsonNode.Parse(text);
            }
        })))).Expect(400);

        Assert.False(answer.Body!["success"]!.GetValue<bool>());
        Assert.All(answer.Body["errors"]!.AsArray(), e => Assert.Equal(12130, e!["code"]!.GetValue<int>()));
        Assert.DoesNotContain("PRIVATE", answer.Body.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("idp_public_certs", "[\"{first}\",\"{second}\"]", false)]
    [InlineData("idp_public_certs", "[\"{second}\"]", true)]
    [InlineData("issuer_url", "\"https://other.example.com\"", true)]
    [InlineData("sso_target_url", "\"https://other.example.com/sso\"", true)]
    [InlineData("email_attribute_name", "\"other\"", true)]
    [InlineData("sign_request", "true", false)]
    [InlineData("attributes", "[\"department\"]", false)]
    public async Task Sessions_end_when_somebody_else_says_who_people_are(string field, string json, bool ends)
    {
        await using var host = await ApiHost.StartAsync();
        var id = Guid.Parse((await host.CloudflareAsync("POST", Path, Body(Config(_ => { })))).Expect(201).Text("result.id")!);
        await using (var db = host.Open())
        {
            var user = new AccessUser { Id = Guid.CreateVersion7(), Email = "ada@example.com" };
            db.Add(user);
            db.Add(new AccessSession { Nonce = "n", UserId = user.Id, Email = user.Email, Subject = "s", LoginMethodId = id, ClaimsJson = "{}", Address = "192.0.2.1", ForgetAt = DateTimeOffset.MaxValue.AddDays(-1) });
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var text = json.Replace("{first}", Escape(First), StringComparison.Ordinal).Replace("{second}", Escape(Second), StringComparison.Ordinal);
        (await host.CloudflareAsync("PUT", $"{Path}/{id}", Body(Config(c => c[field] = JsonNode.Parse(text))))).Expect(200);

        await using var after = host.Open();
        Assert.Equal(ends, after.AccessSessions.Single(s => s.Nonce == "n").RevokedAt is not null);
    }

    [Fact]
    public async Task A_rule_names_a_login_method_that_exists_and_holds_it()
    {
        await using var host = await ApiHost.StartAsync();
        var id = (await host.CloudflareAsync("POST", Path, Body(Config(_ => { })))).Expect(201).Text("result.id")!;

        (await host.CloudflareAsync("POST", "/access/groups", Group(Guid.Empty.ToString()))).Expect(400);
        var group = (await host.CloudflareAsync("POST", "/access/groups", Group(id))).Expect(201);

        Assert.Equal(id, group.Text("result.include.0.saml.identity_provider_id"));
        Assert.Contains("Engineers", (await host.CloudflareAsync("DELETE", $"{Path}/{id}")).Expect(409).Body!.ToJsonString(), StringComparison.Ordinal);
    }

    private static JsonObject Group(string method) => new()
    {
        ["name"] = "Engineers",
        ["include"] = new JsonArray(new JsonObject { ["saml"] = new JsonObject { ["attribute_name"] = "department", ["attribute_value"] = "engines", ["identity_provider_id"] = method } }),
    };

    private static JsonObject Config(Action<JsonObject> change)
    {
        var config = new JsonObject
        {
            ["issuer_url"] = "https://idp.example.com/metadata",
            ["sso_target_url"] = "https://idp.example.com/sso",
            ["idp_public_certs"] = new JsonArray(First),
        };
        change(config);
        return config;
    }

    private static JsonObject Body(JsonObject config, string type = "saml") => new() { ["name"] = "Shibboleth", ["type"] = type, ["config"] = config };

    private static string Escape(string text) => text.Replace("\n", "\\n", StringComparison.Ordinal);
}
