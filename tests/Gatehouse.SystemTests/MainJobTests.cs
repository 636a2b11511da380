using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gatehouse.SystemTests;

/// <summary>The main job on the real process: sign in at Identity, pass Access, reach the app.</summary>
public partial class MainJobTests
{
    private const string Token = "a-bootstrap-token-of-some-length-0123456789";
    private const string Password = "a bootstrap password canary";

    private static readonly Dictionary<string, string> Bootstrap = new()
    {
        ["GATEHOUSE_BOOTSTRAP_EMAIL"] = "admin@other.test",
        ["GATEHOUSE_BOOTSTRAP_PASSWORD"] = Password,
        ["GATEHOUSE_BOOTSTRAP_TOKEN"] = Token,
        ["GATEHOUSE_LOG_LEVEL"] = "trace",
    };

    [Fact]
    public async Task Ada_reaches_the_app_and_her_session_survives_kill_9()
    {
        await using var gatehouse = await GatehouseProcess.StartAsync("--demo");
        using var browser = new Browser(gatehouse);
        var (user, password) = Ada(gatehouse);

        // A page is asked for first: a program that asks for JSON is told 401, not sent to sign in.
        using (var page = await browser.OpenAsync(App(gatehouse), user, password))
        {
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        }

        using (var first = await browser.SendAsync(HttpMethod.Get, App(gatehouse), accept: "application/json"))
        {
            var seen = await JsonAsync(first);
            Assert.True(seen.GetProperty("verified").GetBoolean(), seen.ToString());
            Assert.EndsWith("@example.com", seen.GetProperty("claims").GetProperty("email").GetString(), StringComparison.Ordinal);
        }

        await gatehouse.KillAsync();
        await gatehouse.StartAgainAsync();
        browser.Reconnect();

        using var second = await browser.SendAsync(HttpMethod.Get, App(gatehouse), accept: "application/json");
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        Assert.True((await JsonAsync(second)).GetProperty("verified").GetBoolean());
        using var identity = await browser.SendAsync(HttpMethod.Get, new Uri(App(gatehouse), "/cdn-cgi/access/get-identity"), accept: "application/json");
        Assert.Equal(HttpStatusCode.OK, identity.StatusCode);
    }

    [Fact]
    public async Task Whoever_no_policy_admits_gets_a_decision_that_explain_explains()
    {
        await using var gatehouse = await GatehouseProcess.StartAsync(Bootstrap, "--demo");
        using var browser = new Browser(gatehouse);

        using var denied = await browser.OpenAsync(App(gatehouse), "akadmin", Password);
        var page = await denied.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var id = DecisionId().Match(page);
        var explained = await Command.RunAsync("explain", id.Value, "--data", gatehouse.Data);

        Assert.Equal(HttpStatusCode.Forbidden, denied.StatusCode);
        Assert.True(id.Success, page);
        Assert.Equal(0, explained.ExitCode);
        Assert.Contains("denied", explained.Output, StringComparison.Ordinal);
        Assert.Contains("nearest", explained.Output, StringComparison.Ordinal);
        Assert.Contains("example.com", explained.Output, StringComparison.Ordinal);
        Assert.Contains("admin@other.test", explained.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GATEHOUSE")]
    [InlineData("AUTHENTIK")]
    public async Task Bootstrap_variables_make_the_administrator_and_her_token(string prefix)
    {
        await using var gatehouse = await GatehouseProcess.StartAsync(new Dictionary<string, string>
        {
            [prefix + "_BOOTSTRAP_PASSWORD"] = Password,
            [prefix + "_BOOTSTRAP_TOKEN"] = Token,
            [prefix + "_BOOTSTRAP_EMAIL"] = "admin@other.test",
        });
        using var client = gatehouse.Client();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);

        using var users = await client.GetAsync(new Uri(gatehouse.Url("auth") + "/api/v3/core/users/?username=akadmin"), TestContext.Current.CancellationToken);
        using var accounts = await client.GetAsync(new Uri(gatehouse.Url("api") + "/client/v4/accounts"), TestContext.Current.CancellationToken);

        Assert.Equal(JsonValueKind.Null, gatehouse.Ready.GetProperty("setup").ValueKind);
        Assert.Equal("admin@other.test", (await JsonAsync(users)).GetProperty("results")[0].GetProperty("email").GetString());
        Assert.True((await JsonAsync(accounts)).GetProperty("success").GetBoolean());
    }

    [Fact]
    public async Task Without_them_the_set_up_link_opens_on_identity()
    {
        await using var gatehouse = await GatehouseProcess.StartAsync();
        using var client = gatehouse.Client();
        var link = gatehouse.Ready.GetProperty("setup").GetString();

        Assert.StartsWith(gatehouse.Url("auth") + "/", link, StringComparison.Ordinal);
        using var page = await client.GetAsync(new Uri(link!), TestContext.Current.CancellationToken); // just asserted
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Fact]
    public async Task Recover_prints_a_link_that_opens_while_it_runs()
    {
        await using var gatehouse = await GatehouseProcess.StartAsync(Bootstrap);

        var recovered = await Command.RunAsync("recover", "akadmin", "--data", gatehouse.Data, "--json");
        var unknown = await Command.RunAsync("recover", "nobody", "--data", gatehouse.Data);

        Assert.Equal(0, recovered.ExitCode);
        Assert.Equal(1, unknown.ExitCode);
        using var client = gatehouse.Client();
        using var parsed = JsonDocument.Parse(recovered.Output);
        using var page = await client.GetAsync(new Uri(parsed.RootElement.GetProperty("url").GetString()!), TestContext.Current.CancellationToken); // a link, or this fails
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Fact]
    public async Task L01_L02_L03_logs_are_one_object_a_line_and_no_secret_is_in_them_or_in_clear_on_disk()
    {
        await using var gatehouse = await GatehouseProcess.StartAsync(Bootstrap, "--demo");
        using var browser = new Browser(gatehouse);
        var (user, password) = Ada(gatehouse);
        (await browser.OpenAsync(App(gatehouse), user, password)).Dispose();
        using var hostile = await browser.SendAsync(
            HttpMethod.Get, new Uri(gatehouse.Url("auth") + "/application/o/authorize/?client_id=%0d%0a%1b[31m%22}&code=canary-code"), agent: "\"}\u001b[2J{\"level\":\"error\"");
        using var client = gatehouse.Client();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "canary-bearer");
        using var refused = await client.GetAsync(new Uri(gatehouse.Url("api") + "/client/v4/accounts"), TestContext.Current.CancellationToken);
        var secrets = browser.CookieValues.Where(v => v.Length > 8).Concat([password, Password, Token, "canary-code", "canary-bearer"]).ToList();
        await gatehouse.TerminateAsync();

        Assert.All(gatehouse.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries), line =>
        {
            using var parsed = JsonDocument.Parse(line);
            Assert.Equal(JsonValueKind.Object, parsed.RootElement.ValueKind);
        });
        Assert.NotEmpty(gatehouse.Log);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, gatehouse.Log, StringComparison.Ordinal));
        foreach (var file in Directory.EnumerateFiles(gatehouse.Data).Where(f => Path.GetFileName(f) is not "root.key"))
        {
            var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            Assert.All(secrets, secret => Assert.Equal(-1, bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(secret))));
            Assert.Equal(-1, bytes.AsSpan().IndexOf("PRIVATE KEY"u8));
        }
    }

    private static Uri App(GatehouseProcess gatehouse) => new(gatehouse.Ready.GetProperty("demo").GetProperty("app").GetString()!); // started with --demo

    private static (string User, string Password) Ada(GatehouseProcess gatehouse)
    {
        var demo = gatehouse.Ready.GetProperty("demo");
        return (demo.GetProperty("user").GetString()!, demo.GetProperty("password").GetString()!); // a first start prints both
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("{", text, StringComparison.Ordinal);
        using var parsed = JsonDocument.Parse(text);
        return parsed.RootElement.Clone();
    }

    [GeneratedRegex(@"\b[0-9a-f]{16}\b", RegexOptions.CultureInvariant)]
    private static partial Regex DecisionId();
}
