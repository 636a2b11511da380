using System.Text.Json.Nodes;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Events;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary><c>mfa_config</c> in Cloudflare's API, and the second factors of people there.</summary>
public class CloudflareMfaTests
{
    private const string Organization = "/access/organizations";

    [Fact]
    public async Task The_organization_turns_it_on_and_off()
    {
        await using var host = await ApiHost.StartAsync();
        Assert.Equal("[]", (await host.CloudflareAsync("GET", Organization)).Expect(200).Text("result.mfa_config.allowed_authenticators"));

        await PutAsync(host, """{"mfa_config":{"allowed_authenticators":["security_key","totp"],"session_duration":"30m","amr_matching_session_duration":"0m"},"mfa_required_for_all_apps":true}""");
        await PutAsync(host, """{"name":"Us"}"""); // what is not named stays
        var read = (await host.CloudflareAsync("GET", Organization)).Expect(200);
        Assert.Equal("""{"allowed_authenticators":["totp","security_key"],"session_duration":"30m","amr_matching_session_duration":"0m"}""", read.Result["mfa_config"]!.ToJsonString());
        Assert.Equal("true", read.Text("result.mfa_required_for_all_apps"));

        await PutAsync(host, """{"mfa_config":{"allowed_authenticators":["biometrics"],"amr_matching_enabled":true,"amr_session_duration":"1h"}}"""); // the words of Cloudflare's guide
        Assert.Equal("""{"allowed_authenticators":["biometrics"],"session_duration":"24h","amr_matching_session_duration":"1h"}""", (await host.CloudflareAsync("GET", Organization)).Result["mfa_config"]!.ToJsonString());

        await RefusedAsync(host, """{"mfa_config":{"allowed_authenticators":[]}}""", "mfa_required_for_all_apps needs");
        await PutAsync(host, """{"mfa_config":{"allowed_authenticators":[]},"mfa_required_for_all_apps":false}""");
        Assert.Equal("""{"allowed_authenticators":[]}""", (await host.CloudflareAsync("GET", Organization)).Result["mfa_config"]!.ToJsonString());
        await RefusedAsync(host, """{"mfa_required_for_all_apps":true}""", "mfa_required_for_all_apps needs");
    }

    [Theory]
    [InlineData("""{"allowed_authenticators":["sms"]}""", "totp, biometrics and security_key")]
    [InlineData("""{"allowed_authenticators":["piv_key"]}""", "infrastructure")]
    [InlineData("""{"allowed_authenticators":"totp"}""", "list")]
    [InlineData("""{"allowed_authenticators":["totp"],"session_duration":"721h"}""", "0m to 720h")]
    [InlineData("""{"allowed_authenticators":["totp"],"session_duration":"90s"}""", "0m to 720h")]
    [InlineData("""{"allowed_authenticators":["totp"],"session_duration":"soon"}""", "no duration")]
    [InlineData("""{"allowed_authenticators":["totp"],"amr_matching_session_duration":"721h"}""", "0m to 720h")]
    [InlineData("""{"allowed_authenticators":["totp"],"required_aaguids":"05ddacda-5131-41ab-9eeb-6763f8dce3be"}""", "not supported")]
    [InlineData("[]", "object")]
    public async Task A_config_with_a_fault_is_refused(string config, string reason)
    {
        await using var host = await ApiHost.StartAsync();
        await RefusedAsync(host, $"{{\"mfa_config\":{config}}}", reason);
    }

    [Fact]
    public async Task Applications_and_policies_have_their_own_within_what_the_organization_takes()
    {
        await using var host = await ApiHost.StartAsync();
        var custom = """{"mfa_disabled":false,"allowed_authenticators":["security_key"],"session_duration":"0m"}""";
        Assert.Contains("turn second factors on", (await host.CloudflareAsync("POST", "/access/apps", App(custom))).Expect(400).Text("errors.0.message"), StringComparison.Ordinal);
        Assert.Contains("turn second factors on", (await host.CloudflareAsync("POST", "/access/policies", Policy(custom))).Expect(400).Text("errors.0.message"), StringComparison.Ordinal);
        (await host.CloudflareAsync("POST", "/access/policies", Policy("""{"mfa_disabled":true}"""))).Expect(201); // to ask nothing can always be had

        await PutAsync(host, """{"mfa_config":{"allowed_authenticators":["totp","security_key"]}}""");
        Assert.Contains("does not take biometrics", (await host.CloudflareAsync("POST", "/access/apps", App("""{"allowed_authenticators":["totp","biometrics"]}"""))).Expect(400).Text("errors.0.message"), StringComparison.Ordinal);
        var app = (await host.CloudflareAsync("POST", "/access/apps", App(custom))).Expect(201);
        var policy = (await host.CloudflareAsync("POST", "/access/policies", Policy(custom))).Expect(201);
        foreach (var path in new[] { "/access/apps/" + app.Text("result.id"), "/access/policies/" + policy.Text("result.id") })
        {
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(custom), (await host.CloudflareAsync("GET", path)).Expect(200).Result["mfa_config"]));
        }

        Assert.Contains("only allow policies", (await host.CloudflareAsync("POST", "/access/policies", Policy(custom, "deny"))).Expect(400).Text("errors.0.message"), StringComparison.Ordinal);
        Assert.Contains("App Launcher", (await host.CloudflareAsync("POST", "/access/apps", new JsonObject { ["type"] = "app_launcher", ["mfa_config"] = JsonNode.Parse(custom) })).Expect(400).Text("errors.0.message"), StringComparison.Ordinal);

        // What is asked for must go on to be had.
        await RefusedAsync(host, """{"mfa_config":{"allowed_authenticators":["totp"]}}""", "application 'app.example.com'");
        (await host.CloudflareAsync("PUT", "/access/apps/" + app.Text("result.id"), App("{}"))).Expect(200);
        await RefusedAsync(host, """{"mfa_config":{"allowed_authenticators":[]}}""", "policy 'p'");
        (await host.CloudflareAsync("PUT", "/access/policies/" + policy.Text("result.id"), Policy(null))).Expect(200);
        await PutAsync(host, """{"mfa_config":{"allowed_authenticators":[]}}""");
        Assert.Null((await host.CloudflareAsync("GET", "/access/policies/" + policy.Text("result.id"))).Result["mfa_config"]);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"mfa_disabled":false,"allowed_authenticators":[]}""")]
    [InlineData("""{"mfa_disabled":false,"session_duration":null}""")]
    public async Task A_config_that_says_nothing_leaves_it_to_the_organization(string config)
    {
        await using var host = await ApiHost.StartAsync();
        var app = (await host.CloudflareAsync("POST", "/access/apps", App(config))).Expect(201);
        Assert.Null(app.Result["mfa_config"]);
    }

    [Fact]
    public async Task A_saas_application_has_its_own()
    {
        await using var host = await ApiHost.StartAsync();
        await PutAsync(host, """{"mfa_config":{"allowed_authenticators":["totp"]}}""");
        var body = JsonNode.Parse("""{"type":"saas","name":"Tracker","mfa_config":{"session_duration":"1h"},"saas_app":{"auth_type":"oidc","redirect_uris":["https://t.example/cb"],"grant_types":["authorization_code"],"scopes":["openid"]}}""");
        var made = (await host.CloudflareAsync("POST", "/access/apps", body)).Expect(201);
        Assert.Equal("""{"mfa_disabled":false,"session_duration":"1h"}""", (await host.CloudflareAsync("GET", "/access/apps/" + made.Text("result.id"))).Result["mfa_config"]!.ToJsonString());
    }

    [Fact]
    public async Task An_administrator_sees_a_persons_second_factors_and_takes_them_away()
    {
        await using var host = await ApiHost.StartAsync();
        var (ada, now) = (Guid.CreateVersion7(), host.Clock.GetUtcNow());
        var app = new AccessTotp { Id = Guid.CreateVersion7(), UserId = ada, Name = "Phone", SealedSecret = [1], LastStep = 1, CreatedAt = now };
        await using (var db = host.Open())
        {
            db.AccessUsers.Add(new AccessUser { Id = ada, Email = "ada@example.com", CreatedAt = now });
            db.AccessTotps.Add(app);
            db.RememberedProofs.Add(new RememberedProof { DeviceHash = "d", UserId = ada, Method = MfaMethods.Totp, AuthenticatorId = app.Id, At = now });
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var path = $"/access/users/{ada}/mfa_authenticators";
        var listed = (await host.CloudflareAsync("GET", path)).Expect(200);
        Assert.Equal((app.Id.ToString(), "Phone", "totp"), (listed.Text("result.0.id"), listed.Text("result.0.name"), listed.Text("result.0.type")));
        Assert.DoesNotContain("ecret", listed.Result.ToJsonString(), StringComparison.Ordinal);
        (await host.CloudflareAsync("DELETE", $"/access/users/{Guid.CreateVersion7()}/mfa_authenticators/{app.Id}")).Expect(404);
        (await host.CloudflareAsync("DELETE", $"{path}/nonsense")).Expect(404);
        Assert.Equal(app.Id.ToString(), (await host.CloudflareAsync("DELETE", $"{path}/{app.Id}")).Expect(200).Text("result.id"));
        (await host.CloudflareAsync("DELETE", $"{path}/{app.Id}")).Expect(404);
        (await host.CloudflareAsync("GET", $"/access/users/{Guid.CreateVersion7()}/mfa_authenticators")).Expect(404);
        Assert.Equal("[]", (await host.CloudflareAsync("GET", path)).Text("result"));
        await using var after = host.Open();
        Assert.Equal(0, await after.RememberedProofs.CountAsync(TestContext.Current.CancellationToken));
        Assert.Contains(await after.Events.Where(e => e.Action == EventActions.ModelDeleted).Select(e => e.ContextJson).ToListAsync(TestContext.Current.CancellationToken), c => c.Contains("accesstotp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whose_sessions_are_ended_proves_everything_anew()
    {
        await using var host = await ApiHost.StartAsync();
        var ada = Guid.CreateVersion7();
        await using (var db = host.Open())
        {
            db.AccessUsers.Add(new AccessUser { Id = ada, Email = "ada@example.com", CreatedAt = host.Clock.GetUtcNow() });
            db.RememberedProofs.Add(new RememberedProof { DeviceHash = "d", UserId = ada, Method = MfaMethods.Totp, AuthenticatorId = ada, At = host.Clock.GetUtcNow() });
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        (await host.CloudflareAsync("POST", "/access/organizations/revoke_user", new JsonObject { ["email"] = "ada@example.com" })).Expect(200);
        await using var after = host.Open();
        Assert.Equal(0, await after.RememberedProofs.CountAsync(TestContext.Current.CancellationToken));
    }

    private static async Task PutAsync(ApiHost host, string body) => (await host.CloudflareAsync("PUT", Organization, JsonNode.Parse(body))).Expect(200);

    private static async Task RefusedAsync(ApiHost host, string body, string reason) =>
        Assert.Contains(reason, (await host.CloudflareAsync("PUT", Organization, JsonNode.Parse(body))).Expect(400).Text("errors.0.message"), StringComparison.Ordinal);

    private static JsonObject App(string? config) => new() { ["type"] = "self_hosted", ["domain"] = "app.example.com", ["mfa_config"] = config is null ? null : JsonNode.Parse(config) };

    private static JsonObject Policy(string? config, string decision = "allow") => new()
    {
        ["name"] = "p",
        ["decision"] = decision,
        ["include"] = JsonNode.Parse("""[{"email_domain":{"domain":"example.com"}}]"""),
        ["mfa_config"] = config is null ? null : JsonNode.Parse(config),
    };
}
