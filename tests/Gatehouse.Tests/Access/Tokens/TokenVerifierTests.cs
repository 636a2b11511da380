using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Tests.Fakes;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Tests.Access.Tokens;

public class TokenVerifierTests
{
    private static readonly PublicUrls Urls = new("test", 443);
    private readonly FakeClock clock = new();
    private readonly AccessTable table;
    private readonly AppEntry app;
    private readonly AccessSession session;
    private readonly TokenIssuer issuer;
    private readonly TokenVerifier verifier;

    public TokenVerifierTests()
    {
        var method = TestAccess.Method("Idp");
        method.Claims = ["department"];
        var made = TestAccess.App("app.test", TestAccess.Policy(PolicyAction.Allow, "All", [new Rule.Everyone()]));
        table = TestAccess.Table([made], [method], [TestAccess.Key(TestKeys.Current), TestAccess.Key(TestKeys.Previous, clock.GetUtcNow().AddDays(7))]);
        app = table.AppsByAud[made.Aud];
        session = new AccessSession
        {
            Nonce = "n-1",
            UserId = Guid.CreateVersion7(),
            Email = "ada@example.com",
            Subject = "u",
            LoginMethodId = method.Id,
            ClaimsJson = """{"department":"engines","email":"ada@example.com"}""",
            Address = "203.0.113.9",
            ExpiresAt = clock.GetUtcNow().AddHours(24),
            ForgetAt = clock.GetUtcNow().AddHours(48),
        };
        issuer = new TokenIssuer(Urls, clock);
        verifier = new TokenVerifier(Urls, clock);
    }

    [Fact]
    public async Task An_app_token_says_who_and_for_what()
    {
        var token = await verifier.VerifyAsync(issuer.IssueApp(table, app, "app.test", session, TimeSpan.FromHours(1)), table);

        Assert.Equal(
            new VerifiedToken(TokenType.App, app.App.Aud, session.UserId.ToString(), "ada@example.com", "n-1", app.PolicyHash, HostMark.Of("app.test"), clock.GetUtcNow(), clock.GetUtcNow().AddHours(1)) { Epoch = 0 }, token);
    }

    [Fact]
    public async Task An_org_token_ends_with_its_session()
    {
        var token = await verifier.VerifyAsync(issuer.IssueOrg(table, session), table);

        Assert.Equal((TokenType.Org, TokenIssuer.OrgAudience, session.ExpiresAt), (token!.Type, token.Audience, token.ExpiresAt));
    }

    [Fact]
    public async Task A_service_token_names_nobody()
    {
        var token = await verifier.VerifyAsync(issuer.IssueService(table, app, "app.test", null, null, TimeSpan.FromHours(1)), table);

        Assert.Equal((TokenType.App, "", null, null), (token!.Type, token.Subject, token.Email, token.IdentityNonce));
    }

    [Fact]
    public void App_tokens_have_the_documented_claims()
    {
        var parts = issuer.IssueApp(table, app, "app.test", session, TimeSpan.FromHours(1)).Split('.');
        var header = JsonNode.Parse(Base64UrlEncoder.Decode(parts[0]))!.AsObject();
        var payload = JsonNode.Parse(Base64UrlEncoder.Decode(parts[1]))!.AsObject();

        Assert.Equal(("RS256", table.Keys[0].Kid, "JWT"), ((string)header["alg"]!, (string)header["kid"]!, (string)header["typ"]!));
        Assert.Equal($"[\"{app.App.Aud}\"]", payload["aud"]!.ToJsonString());
        Assert.Equal(("app", "https://access.test", "n-1"), ((string)payload["type"]!, (string)payload["iss"]!, (string)payload["identity_nonce"]!));
        Assert.Equal((3600L, 0L), ((long)payload["exp"]! - (long)payload["iat"]!, (long)payload["nbf"]! - (long)payload["iat"]!));
        Assert.Equal("""{"department":"engines"}""", payload["custom"]!.ToJsonString());
        Assert.False(payload.ContainsKey("groups"));
    }

    [Fact]
    public async Task A_token_of_the_previous_key_holds_until_that_key_ends()
    {
        var old = Forge(c => c["exp"] = clock.GetUtcNow().AddDays(30).ToUnixTimeSeconds(), TestKeys.Previous, table.Keys[1].Kid);

        Assert.NotNull(await verifier.VerifyAsync(old, table));
        clock.Advance(TimeSpan.FromDays(7));
        Assert.Null(await verifier.VerifyAsync(old, table));
    }

    [Theory]
    [InlineData("{}", true)]
    [InlineData("""{"exp":null}""", false)]
    [InlineData("""{"exp":"2099-01-01"}""", false)]
    [InlineData("""{"exp":-1}""", false)]
    [InlineData("""{"nbf":4000000000}""", false)]
    [InlineData("""{"iss":"https://access.test/"}""", false)]
    [InlineData("""{"iss":"https://evil.test"}""", false)]
    [InlineData("""{"iss":null}""", false)]
    [InlineData("""{"type":"meta"}""", false)]
    [InlineData("""{"type":"org"}""", false)]
    [InlineData("""{"type":["app"]}""", false)]
    [InlineData("""{"type":null}""", false)]
    [InlineData("""{"aud":[]}""", false)]
    [InlineData("""{"aud":null}""", false)]
    [InlineData("""{"aud":["a","b"]}""", false)]
    [InlineData("""{"aud":"0000000000000000000000000000000000000000000000000000000000000000"}""", false)]
    public async Task O20_a_missing_or_wrong_claim_is_refused(string change, bool good)
    {
        var token = Forge(c =>
        {
            foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
            {
                if (value is null)
                {
                    c.Remove(name);
                }
                else
                {
                    c[name] = value.DeepClone();
                }
            }
        });

        Assert.Equal(good, await verifier.VerifyAsync(token, table) is not null);
    }

    [Theory]
    [InlineData(60, true)]
    [InlineData(61, false)]
    public async Task The_clock_of_the_node_that_made_a_token_may_be_a_minute_ahead(int seconds, bool good)
    {
        var token = Forge(c => c["nbf"] = clock.GetUtcNow().ToUnixTimeSeconds() + seconds);

        Assert.Equal(good, await verifier.VerifyAsync(token, table) is not null);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("HS256")]
    [InlineData("PS256")]
    [InlineData("RS512")]
    [InlineData("other key")]
    [InlineData("other kid")]
    [InlineData("no kid")]
    [InlineData("typ")]
    [InlineData("jwk")]
    [InlineData("no signature")]
    public async Task O18_only_our_algorithm_and_our_keys_count(string attack)
    {
        var rsa = TestKeys.Current;
        var kid = table.Keys[0].Kid;
        var token = attack switch
        {
            "none" or "None" => Raw(new JsonObject { ["alg"] = attack, ["kid"] = kid, ["typ"] = "JWT" }, Good(), _ => []),
            "HS256" => Raw(new JsonObject { ["alg"] = "HS256", ["kid"] = kid, ["typ"] = "JWT" }, Good(), d => HMACSHA256.HashData(Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()), d)),
            "PS256" => Raw(new JsonObject { ["alg"] = "PS256", ["kid"] = kid, ["typ"] = "JWT" }, Good(), d => rsa.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)),
            "RS512" => Raw(new JsonObject { ["alg"] = "RS512", ["kid"] = kid, ["typ"] = "JWT" }, Good(), d => rsa.SignData(d, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1)),
            "other key" => Forge(_ => { }, TestKeys.Foreign, kid),
            "other kid" => Forge(_ => { }, TestKeys.Current, new string('0', 64)),
            "no kid" => Raw(new JsonObject { ["alg"] = "RS256", ["typ"] = "JWT" }, Good(), d => rsa.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            "typ" => Raw(new JsonObject { ["alg"] = "RS256", ["kid"] = kid, ["typ"] = "at+jwt" }, Good(), d => rsa.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            "jwk" => Raw(
                new JsonObject { ["alg"] = "RS256", ["kid"] = "mine", ["typ"] = "JWT", ["jwk"] = new JsonObject { ["kty"] = "RSA", ["kid"] = "mine", ["n"] = Base64UrlEncoder.Encode(TestKeys.Foreign.ExportParameters(false).Modulus), ["e"] = "AQAB" } },
                Good(),
                d => TestKeys.Foreign.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            _ => Raw(new JsonObject { ["alg"] = "RS256", ["kid"] = kid, ["typ"] = "JWT" }, Good(), _ => []),
        };

        Assert.Null(await verifier.VerifyAsync(token, table));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("....")]
    [InlineData("a.b.c")]
    [InlineData("W10.W10.AA")]
    [InlineData("eyJhbGciOiJSUzI1NiJ9")]
    [InlineData("eyJhbGciOnsiYSI6MX19.e30.AA")]
    [InlineData("\u0000\uffff")]
    public async Task H04_what_is_no_token_is_null_and_no_exception(string text)
    {
        Assert.Null(await verifier.VerifyAsync(text, table));
        Assert.Null(await verifier.VerifyAsync(text + new string('x', 9000), table));
    }

    [Fact]
    public async Task An_expired_token_is_refused_to_the_second()
    {
        var token = issuer.IssueApp(table, app, "app.test", session, TimeSpan.FromSeconds(10));

        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.NotNull(await verifier.VerifyAsync(token, table));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await verifier.VerifyAsync(token, table));
    }

    private JsonObject Good()
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        return new JsonObject { ["type"] = "app", ["aud"] = new JsonArray(app.App.Aud), ["iss"] = Urls.Access, ["sub"] = "s", ["iat"] = now, ["nbf"] = now, ["exp"] = now + 60 };
    }

    private string Forge(Action<JsonObject> change, RSA? rsa = null, string? kid = null)
    {
        var claims = Good();
        change(claims);
        return Raw(
            new JsonObject { ["alg"] = "RS256", ["kid"] = kid ?? table.Keys[0].Kid, ["typ"] = "JWT" },
            claims,
            d => (rsa ?? TestKeys.Current).SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    private static string Raw(JsonObject header, JsonObject claims, Func<byte[], byte[]> sign)
    {
        var text = Base64UrlEncoder.Encode(header.ToJsonString()) + "." + Base64UrlEncoder.Encode(claims.ToJsonString());
        return text + "." + Base64UrlEncoder.Encode(sign(Encoding.ASCII.GetBytes(text)));
    }
}
