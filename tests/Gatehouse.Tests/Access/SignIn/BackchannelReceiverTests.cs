using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gatehouse.Tests.Fakes;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>A login method's provider says that somebody signed out there (OpenID Connect Back-Channel Logout §2.5 to §2.8).</summary>
public class BackchannelReceiverTests
{
    private const string Event = "http://schemas.openid.net/event/backchannel-logout";

    [Theory]
    [InlineData("sid")]
    [InlineData("sub")]
    [InlineData("both")]
    public async Task A_logout_token_ends_the_sessions_it_names(string by)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        rig.Provider.Claims = c => (c["sid"], c["sub"]) = ("session-2", "u-2");
        using var other = rig.Browser();
        await rig.SignInAsync(other);

        var answer = await PostAsync(rig, Token(rig, c =>
        {
            c.Remove(by == "sid" ? "sub" : by == "sub" ? "sid" : "");
        }));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.Equal([true, false], rig.Sessions.All.OrderBy(s => s.Subject, StringComparer.Ordinal).Select(s => s.RevokedAt is not null));
        Assert.Contains("err", (await browser.GetAsync("https://app.test/cdn-cgi/access/get-identity")).Body, StringComparison.Ordinal);
        Assert.Contains("\"email\"", (await other.GetAsync("https://app.test/cdn-cgi/access/get-identity")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sid_of_another_session_ends_nothing_unless_the_provider_named_none_at_sign_in()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        rig.Provider.Claims = c => c.Remove("sid");
        using var unnamed = rig.Browser();
        await rig.SignInAsync(unnamed);

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(rig, Token(rig, c => c["sid"] = "session-9"))).StatusCode);

        Assert.Equal([true, false], rig.Sessions.All.OrderBy(s => s.ProviderSession, StringComparer.Ordinal).Select(s => s.RevokedAt is not null));
    }

    [Theory]
    [InlineData("another iss")]
    [InlineData("no iss")]
    [InlineData("another aud")]
    [InlineData("no iat")]
    [InlineData("old iat")]
    [InlineData("future iat")]
    [InlineData("no exp")]
    [InlineData("past exp")]
    [InlineData("no jti")]
    [InlineData("empty jti")]
    [InlineData("no events")]
    [InlineData("events is an array")]
    [InlineData("another event")]
    [InlineData("event is a text")]
    [InlineData("nonce")]
    [InlineData("null nonce")]
    [InlineData("neither sub nor sid")]
    [InlineData("another type")]
    [InlineData("another key")]
    [InlineData("unsigned")]
    [InlineData("client secret")]
    [InlineData("an ID token")]
    [InlineData("garbage")]
    public async Task A_token_that_is_not_right_ends_nothing(string fault)
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);

        var answer = await PostAsync(rig, Spoil(rig, fault));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("""{"error":"invalid_request"}""", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.All(rig.Sessions.All, s => Assert.Null(s.RevokedAt));
        Assert.Contains(rig.Log, l => l.StartsWith("3211 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_token_counts_once_and_only_at_its_own_login_method()
    {
        await using var rig = await StartAsync(r =>
        {
            r.Methods.Add(TestAccess.Method("Other"));
            r.App.AllowedLoginMethods = [r.Method.Id];
        });
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        var token = Token(rig);

        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(rig, token, rig.Methods[1].Id.ToString())).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(rig, token)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(rig, token)).StatusCode);
        rig.Clock.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(rig, token)).StatusCode);
        rig.Clock.Advance(TimeSpan.FromHours(1)); // forgotten by then, and too old
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(rig, token)).StatusCode);
    }

    [Fact]
    public async Task S07_a_token_whose_logout_failed_counts_when_it_is_sent_again()
    {
        await using var rig = await StartAsync();
        using var browser = rig.Browser();
        await rig.SignInAsync(browser);
        var token = Token(rig);
        rig.Sessions.Fault = new InvalidOperationException("the database is away");
        Assert.Equal(HttpStatusCode.InternalServerError, (await PostAsync(rig, token)).StatusCode);
        rig.Sessions.Fault = null;

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(rig, token)).StatusCode);

        Assert.All(rig.Sessions.All, s => Assert.NotNull(s.RevokedAt));
    }

    [Fact]
    public async Task Without_a_known_issuer_no_token_counts()
    {
        await using var rig = await StartAsync(r => r.Method.Issuer = "");

        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(rig, Token(rig))).StatusCode);
        Assert.Equal(0, rig.Provider.CertsFetched);
    }

    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000", HttpStatusCode.NotFound)]
    [InlineData("nonsense", HttpStatusCode.NotFound)]
    public async Task An_unknown_login_method_is_not_there(string id, HttpStatusCode expected)
    {
        await using var rig = await StartAsync();

        Assert.Equal(expected, (await PostAsync(rig, Token(rig), id)).StatusCode);
    }

    [Theory]
    [InlineData("application/json", """{"logout_token":"x"}""")]
    [InlineData("application/x-www-form-urlencoded", "")]
    [InlineData("application/x-www-form-urlencoded", "logout_token=")]
    [InlineData("application/x-www-form-urlencoded", "logout_token=a&logout_token=b")]
    [InlineData("multipart/form-data; boundary=x", "--x--")]
    public async Task Other_bodies_are_refused(string type, string body)
    {
        await using var rig = await StartAsync();
        using var content = new StringContent(body);
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", type);

        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(rig, content, rig.Method.Id.ToString())).StatusCode);
    }

    private static Task<SignInRig> StartAsync(Action<SignInRig>? change = null) => SignInRig.StartAsync(r =>
    {
        r.Method.Issuer = "https://idp.test";
        r.Provider.Claims = c => c["sid"] = "session-1";
        change?.Invoke(r);
    });

    private static string Spoil(SignInRig rig, string fault)
    {
        var now = rig.Clock.GetUtcNow().ToUnixTimeSeconds();
        using var foreign = RSA.Create(2048);
        return fault switch
        {
            "another iss" => Token(rig, c => c["iss"] = "https://idp.test/"),
            "another aud" => Token(rig, c => c["aud"] = "another"),
            "old iat" => Token(rig, c => c["iat"] = now - 301),
            "future iat" => Token(rig, c => c["iat"] = now + 61),
            "past exp" => Token(rig, c => c["exp"] = now - 60),
            "empty jti" => Token(rig, c => c["jti"] = ""),
            "events is an array" => Token(rig, c => c["events"] = new JsonArray(Event)),
            "another event" => Token(rig, c => c["events"] = new JsonObject { ["http://schemas.openid.net/event/other"] = new JsonObject() }),
            "event is a text" => Token(rig, c => c["events"] = new JsonObject { [Event] = "yes" }),
            "nonce" => Token(rig, c => c["nonce"] = "n"),
            "null nonce" => Token(rig, c => c["nonce"] = null),
            "neither sub nor sid" => Token(rig, c =>
            {
                c.Remove("sub");
                c.Remove("sid");
            }),
            "another type" => FakeProvider.Sign(Claims(rig), rig.Provider.Key, SecurityAlgorithms.RsaSha256, new Dictionary<string, object> { ["typ"] = "at+jwt" }),
            "another key" => FakeProvider.Sign(Claims(rig), new RsaSecurityKey(foreign.ExportParameters(true)) { KeyId = "k1" }, SecurityAlgorithms.RsaSha256),
            "unsigned" => Base64UrlEncoder.Encode("""{"alg":"none","typ":"logout+jwt"}""") + "." + Base64UrlEncoder.Encode(Claims(rig).ToJsonString()) + ".",
            "client secret" => FakeProvider.Sign(Claims(rig), new SymmetricSecurityKey(System.Text.Encoding.UTF8.GetBytes("s3cret s3cret s3cret s3cret s3cret")), SecurityAlgorithms.HmacSha256),
            "an ID token" => Token(rig, c => c.Remove("events")),
            "garbage" => "a.b.c",
            _ when fault.StartsWith("no ", StringComparison.Ordinal) => Token(rig, c => c.Remove(fault[3..])),
            _ => throw new ArgumentException(fault),
        };
    }

    private static string Token(SignInRig rig, Action<JsonObject>? change = null)
    {
        var claims = Claims(rig);
        change?.Invoke(claims);
        return FakeProvider.Sign(claims, rig.Provider.Key, SecurityAlgorithms.RsaSha256, new Dictionary<string, object> { ["typ"] = "logout+jwt" });
    }

    private static JsonObject Claims(SignInRig rig)
    {
        var now = rig.Clock.GetUtcNow().ToUnixTimeSeconds();
        return new JsonObject
        {
            ["iss"] = "https://idp.test",
            ["aud"] = "gatehouse",
            ["iat"] = now,
            ["exp"] = now + 120,
            ["jti"] = Guid.CreateVersion7().ToString(),
            ["sub"] = "u-1",
            ["sid"] = "session-1",
            ["events"] = new JsonObject { [Event] = new JsonObject() },
        };
    }

    private static async Task<HttpResponseMessage> PostAsync(SignInRig rig, string token, string? id = null)
    {
        using var form = new FormUrlEncodedContent([new("logout_token", token)]);
        return await SendAsync(rig, form, id ?? rig.Method.Id.ToString());
    }

    private static async Task<HttpResponseMessage> SendAsync(SignInRig rig, HttpContent content, string id)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(rig.Address, $"/cdn-cgi/access/backchannel-logout/{id}")) { Content = content };
        request.Headers.Host = "access.test";
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
