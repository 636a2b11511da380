using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Hosting;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;
using Gatehouse.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Tests.Access.SignIn;

/// <summary>External evaluation: what goes out, and that nothing but a right answer is a yes.</summary>
public class EvaluationTests
{
    [Fact]
    public async Task A_service_that_says_yes_admits_and_is_asked_again_for_each_token()
    {
        await using var service = await Evaluator.StartAsync();
        await using var rig = await RigAsync(service);
        using var browser = rig.Browser();

        Assert.Equal("app /", (await rig.SignInAsync(browser, "https://app.test/")).Body);

        var asked = Assert.Single(service.Asked);
        Assert.Equal(("ada@example.com", "engines"), (asked["identity"]!["email"]!.GetValue<string>(), asked["identity"]!["oidc_fields"]!["department"]![0]!.GetValue<string>()));
        Assert.Equal("external_evaluation", asked["type"]!.GetValue<string>());
        Assert.DoesNotContain("upstream-canary", asked.ToJsonString(), StringComparison.Ordinal);

        // Silently, in the same session: the service has changed its mind.
        browser.Cookies.RemoveAll(c => c.Host == "app.test");
        service.Change = claims => claims["success"] = false;
        Assert.Contains("That account does not have access", (await browser.FollowAsync("https://app.test/")).Body, StringComparison.Ordinal);
        Assert.Equal(2, service.Asked.Count);
    }

    [Fact]
    public async Task A_program_of_a_person_is_asked_about_as_the_person_is()
    {
        await using var service = await Evaluator.StartAsync();
        await using var rig = await RigAsync(service);
        using var browser = rig.Browser();
        Assert.Equal("app /", (await rig.SignInAsync(browser, "https://app.test/")).Body);
        var question = "https://app.test/cdn-cgi/access/cli?redirect_url=%2F&code_challenge=" + new string('c', 43);
        Assert.DoesNotContain("That account does not have access", (await browser.FollowAsync(question)).Body, StringComparison.Ordinal);

        service.Change = claims => claims["success"] = false;

        Assert.Contains("That account does not have access", (await browser.FollowAsync(question)).Body, StringComparison.Ordinal);
        Assert.Equal(3, service.Asked.Count);
    }

    [Theory]
    [InlineData("no")]
    [InlineData("success is text")]
    [InlineData("nonce of another")]
    [InlineData("expired")]
    [InlineData("no exp")]
    [InlineData("wrong key")]
    [InlineData("unsigned")]
    [InlineData("status 500")]
    [InlineData("no json")]
    [InlineData("X02 redirect")]
    [InlineData("X03 too large")]
    public async Task X02_X03_anything_but_a_right_yes_is_a_no(string what)
    {
        await using var service = await Evaluator.StartAsync();
        await using var rig = await RigAsync(service);
        using var browser = rig.Browser();
        service.Arrange(what);

        Assert.Contains("That account does not have access", (await rig.SignInAsync(browser, "https://app.test/")).Body, StringComparison.Ordinal);

        Assert.Single(rig.Audit.Records, r => !r.Allowed);
        Assert.Contains(rig.Log, l => l.StartsWith("3220 ", StringComparison.Ordinal));
        Assert.DoesNotContain(rig.Log, l => l.StartsWith("32", StringComparison.Ordinal) && l.Contains("s3cret-path", StringComparison.Ordinal));
        Assert.Equal(0, service.Strays);
    }

    [Theory]
    [InlineData("no", true)]
    [InlineData("success is text", false)]
    [InlineData("wrong key", false)]
    [InlineData("status 500", false)]
    public async Task X02_where_a_yes_keeps_people_out_only_a_right_no_lets_them_in(string what, bool isAdmitted)
    {
        await using var service = await Evaluator.StartAsync();
        var risky = new Rule.ExternalEvaluation(service.Url + "/s3cret-path/evaluate", service.Url + "/keys");
        Policy[][] both =
        [
            [TestAccess.Policy(PolicyAction.Allow, "Not risky", [new Rule.Everyone()], [risky])],
            [TestAccess.Policy(PolicyAction.Deny, "Risky", [risky]), TestAccess.Policy(PolicyAction.Allow, "All", [new Rule.Everyone()])],
        ];
        foreach (var policies in both)
        {
            await using var rig = await SignInRig.StartAsync(r => r.App.Policies = TestAccess.App("app.test", policies).Policies);
            using var browser = rig.Browser();
            service.Arrange(what);
            var page = (await rig.SignInAsync(browser, "https://app.test/")).Body;
            Assert.Equal(isAdmitted, page == "app /");
            Assert.Equal(!isAdmitted, page.Contains("That account does not have access", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/", null)]
    [InlineData("http://[::ffff:169.254.169.254]/", null)]
    [InlineData("http://0xa9fea9fe/", null)]
    [InlineData("http://2852039166/", null)]
    [InlineData("http://100.100.100.200/", null)]
    [InlineData("http://[fd00:ec2::254]/", null)]
    [InlineData(null, "http://169.254.169.254/keys")]
    public async Task X01_a_service_outside_is_no_metadata_service(string? evaluate, string? keys)
    {
        await using var service = await Evaluator.StartAsync();
        using var authority = LocalAuthority.Create(TimeProvider.System.GetUtcNow());
        await using var rig = await SignInRig.StartAsync(r =>
        {
            var rule = new Rule.ExternalEvaluation(evaluate ?? service.Url + "/s3cret-path/evaluate", keys ?? service.Url + "/keys");
            r.App.Policies = TestAccess.App("app.test", TestAccess.Policy(PolicyAction.Allow, "Asked", [rule])).Policies;
            r.Services = services =>
            {
                services.AddSingleton(new UpstreamTrust(new PublicUrls("test", 443), new IPEndPoint(IPAddress.Loopback, 1), authority, null));
                UpstreamClient.AddTo(services); // the product's own
            };
        });
        using var browser = rig.Browser();

        Assert.Contains("That account does not have access", (await rig.SignInAsync(browser, "https://app.test/")).Body, StringComparison.Ordinal);

        Assert.False(Assert.Single(rig.Audit.Records).Allowed);
        Assert.Contains(rig.Log, l => l.StartsWith("3220 ", StringComparison.Ordinal));
        Assert.DoesNotContain(rig.Log, l => l.StartsWith("3220 ", StringComparison.Ordinal) && l.Contains("within", StringComparison.Ordinal)); // refused, not waited for
    }

    private static Task<SignInRig> RigAsync(Evaluator service) => SignInRig.StartAsync(rig => rig.App.Policies = TestAccess.App(
        "app.test", TestAccess.Policy(PolicyAction.Allow, "Asked", [new Rule.ExternalEvaluation(service.Url + "/s3cret-path/evaluate", service.Url + "/keys")])).Policies);

    private sealed class Evaluator : IAsyncDisposable
    {
        private readonly WebApplication app;
        private readonly RsaSecurityKey key = new(TestKeys.Provider) { KeyId = "e1" };
        private Func<HttpContext, JsonObject, Task> answer;
        private TimeProvider clock = new FakeClock();

        private Evaluator(WebApplication app)
        {
            this.app = app;
            answer = (context, claims) => FakeProvider.WriteAsync(context, 200, new JsonObject { ["token"] = FakeProvider.Sign(claims, key, SecurityAlgorithms.RsaSha256) });
        }

        public List<JsonNode> Asked { get; } = [];

        public Action<JsonObject> Change { get; set; } = _ => { };

        public int Strays { get; private set; }

        public string Url => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

        public static async Task<Evaluator> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var evaluator = new Evaluator(builder.Build());
            evaluator.app.MapPost("/s3cret-path/evaluate", evaluator.EvaluateAsync);
            evaluator.app.MapGet("/keys", evaluator.Keys);
            evaluator.app.MapFallback(() =>
            {
                evaluator.Strays++;
                return Results.NotFound();
            });
            await evaluator.app.StartAsync(TestContext.Current.CancellationToken);
            return evaluator;
        }

        public void Arrange(string what)
        {
            switch (what)
            {
                case "no": Change = c => c["success"] = false; break;
                case "success is text": Change = c => c["success"] = "true"; break;
                case "nonce of another": Change = c => c["nonce"] = "x"; break;
                case "expired": Change = c => c["exp"] = clock.GetUtcNow().ToUnixTimeSeconds() - 3600; break;
                case "no exp": Change = c => c.Remove("exp"); break;
                case "wrong key":
                    answer = (context, claims) => FakeProvider.WriteAsync(
                        context, 200, new JsonObject { ["token"] = FakeProvider.Sign(claims, new RsaSecurityKey(TestKeys.Previous) { KeyId = "e1" }, SecurityAlgorithms.RsaSha256) });
                    break;
                case "unsigned":
                    answer = (context, claims) => FakeProvider.WriteAsync(context, 200, new JsonObject
                    {
                        ["token"] = Base64UrlEncoder.Encode("""{"alg":"none"}""") + "." + Base64UrlEncoder.Encode(claims.ToJsonString()) + ".",
                    });
                    break;
                case "status 500": answer = (context, _) => FakeProvider.WriteAsync(context, 500, []); break;
                case "no json": answer = (context, _) => context.Response.WriteAsync("yes"); break;
                case "X02 redirect":
                    answer = (context, _) =>
                    {
                        context.Response.Redirect(Url + "/elsewhere");
                        return Task.CompletedTask;
                    };
                    break;
                default: answer = (context, _) => context.Response.Body.WriteAsync(new byte[2 << 20]).AsTask(); break;
            }
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private async Task EvaluateAsync(HttpContext context)
        {
            var body = (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!;
            var payload = JsonNode.Parse(Base64UrlEncoder.Decode(new JsonWebToken(body["token"]!.GetValue<string>()).EncodedPayload))!;
            Asked.Add(payload);
            var now = clock.GetUtcNow().ToUnixTimeSeconds();
            var claims = new JsonObject { ["success"] = true, ["iat"] = now, ["exp"] = now + 60, ["nonce"] = payload["nonce"]!.GetValue<string>() };
            Change(claims);
            await answer(context, claims);
        }

        private IResult Keys()
        {
            var rsa = key.Rsa.ExportParameters(false);
            return Results.Text(new JsonObject
            {
                ["keys"] = new JsonArray(new JsonObject { ["kty"] = "RSA", ["kid"] = key.KeyId, ["n"] = Base64UrlEncoder.Encode(rsa.Modulus), ["e"] = Base64UrlEncoder.Encode(rsa.Exponent) }),
            }.ToJsonString(), "application/json");
        }
    }
}
