using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gatehouse.Management.Keys;
using Gatehouse.Model.Machines;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>Service tokens, client certificates and signing keys of Cloudflare's API: checks 5 and 12 of the contract.</summary>
public class CloudflareMachineTests
{
    [Fact]
    public async Task C05_a_service_token_shows_its_secret_once_and_keeps_only_a_hash()
    {
        await using var host = await ApiHost.StartAsync();
        var made = (await host.CloudflareAsync("POST", "/access/service_tokens", new JsonObject { ["name"] = "backup" })).Expect(201);
        Assert.Matches("^[0-9a-f]{32}\\.access$", made.Text("result.client_id"));
        Assert.Matches("^[0-9a-f]{64}$", made.Text("result.client_secret")!);
        Assert.Equal(("8760h", "1"), (made.Text("result.duration"), made.Text("result.client_secret_version")));
        var path = "/access/service_tokens/" + made.Text("result.id")!;
        foreach (var (method, at) in ((string, string)[])[("GET", path), ("GET", "/access/service_tokens"), ("PUT", path), ("POST", path + "/refresh")])
        {
            var answer = await host.CloudflareAsync(method, at, method == "PUT" ? new JsonObject { ["name"] = "other" } : null);
            Assert.DoesNotContain(made.Text("result.client_secret")!, answer.Expect(200).Result.ToJsonString(), StringComparison.Ordinal);
            Assert.DoesNotContain("client_secret\"", answer.Result.ToJsonString(), StringComparison.Ordinal);
        }

        await using var db = host.Open();
        var stored = await db.ServiceTokens.SingleAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ServiceTokenState.Good, new ServiceTokenEntry(stored).Check(made.Text("result.client_secret")!, host.Clock.GetUtcNow(), out _));
        Assert.Equal(32, stored.SecretHash.Length);
    }

    [Fact]
    public async Task C05_rotation_makes_another_secret_and_the_former_counts_as_long_as_asked()
    {
        await using var host = await ApiHost.StartAsync();
        var made = (await host.CloudflareAsync("POST", "/access/service_tokens", new JsonObject { ["name"] = "backup", ["duration"] = "forever" })).Expect(201);
        var path = "/access/service_tokens/" + made.Text("result.id")!;
        var until = host.Clock.GetUtcNow().AddHours(2);
        var rotated = (await host.CloudflareAsync("POST", path + "/rotate", new JsonObject { ["previous_client_secret_expires_at"] = until.ToString("O", CultureInfo.InvariantCulture) })).Expect(200);
        var (first, second) = (made.Text("result.client_secret")!, rotated.Text("result.client_secret")!);
        Assert.NotEqual(first, second);
        Assert.Equal(made.Text("result.client_id"), rotated.Text("result.client_id"));
        var entry = await EntryAsync(host);
        Assert.Equal(ServiceTokenState.Good, entry.Check(first, host.Clock.GetUtcNow(), out _));
        Assert.Equal(ServiceTokenState.WrongSecret, entry.Check(first, until, out _));
        Assert.Equal(ServiceTokenState.Good, entry.Check(second, until, out _));

        // Without a time the one of before ends at once; so does the one before that. PUT with the next version does the same.
        var third = (await host.CloudflareAsync("POST", path + "/rotate")).Expect(200).Text("result.client_secret")!;
        var fourth = (await host.CloudflareAsync("PUT", path, new JsonObject { ["client_secret_version"] = 4 })).Expect(200).Text("result.client_secret")!;
        entry = await EntryAsync(host);
        Assert.All((string[])[first, second, third], s => Assert.Equal(ServiceTokenState.WrongSecret, entry.Check(s, host.Clock.GetUtcNow(), out _)));
        Assert.Equal(ServiceTokenState.Good, entry.Check(fourth, host.Clock.GetUtcNow(), out _));
        (await host.CloudflareAsync("PUT", path, new JsonObject { ["client_secret_version"] = 9 })).Expect(400);
    }

    [Fact]
    public async Task C05_refresh_moves_the_end_and_delete_returns_the_token()
    {
        await using var host = await ApiHost.StartAsync();
        var made = (await host.CloudflareAsync("POST", "/access/service_tokens", new JsonObject { ["name"] = "backup", ["duration"] = "1h" })).Expect(201);
        var path = "/access/service_tokens/" + made.Text("result.id")!;
        Assert.Equal(host.Clock.GetUtcNow().AddHours(1), Time(made.Text("result.expires_at")!));
        Assert.Equal(host.Clock.GetUtcNow().AddDays(365), Time((await host.CloudflareAsync("POST", path + "/refresh")).Expect(200).Text("result.expires_at")!));
        Assert.False((bool)(await host.CloudflareAsync("PUT", path, new JsonObject { ["enabled"] = false })).Expect(200).Result["enabled"]!);
        Assert.Equal(made.Text("result.client_id"), (await host.CloudflareAsync("DELETE", path)).Expect(200).Text("result.client_id"));
        (await host.CloudflareAsync("GET", path)).Expect(404);
    }

    [Fact]
    public async Task A_service_token_that_a_policy_names_stays_and_a_policy_names_only_what_exists()
    {
        await using var host = await ApiHost.StartAsync();
        var id = (await host.CloudflareAsync("POST", "/access/service_tokens", new JsonObject { ["name"] = "backup" })).Expect(201).Text("result.id")!;
        (await host.CloudflareAsync("POST", "/access/policies", Policy(Guid.CreateVersion7().ToString()))).Expect(400);
        var policy = (await host.CloudflareAsync("POST", "/access/policies", Policy(id))).Expect(201);
        Assert.Equal($$$"""[{"service_token":{"token_id":"{{{id}}}"}}]""", policy.Result["include"]!.ToJsonString());
        Assert.Equal("12132", (await host.CloudflareAsync("DELETE", "/access/service_tokens/" + id)).Expect(409).Text("errors.0.code"));
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"name":""}""")]
    [InlineData("""{"name":"a","duration":"1 day"}""")]
    [InlineData("""{"name":"a","duration":"0s"}""")]
    [InlineData("""{"name":"a","client_secret_version":2}""")]
    public async Task What_can_not_be_read_makes_no_service_token(string body)
    {
        await using var host = await ApiHost.StartAsync();
        (await host.CloudflareAsync("POST", "/access/service_tokens", JsonNode.Parse(body))).Expect(400);
    }

    [Fact]
    public async Task C12_keys_rotate_with_a_week_of_overlap_by_hand_and_by_themselves()
    {
        await using var host = await ApiHost.StartAsync();
        (await host.CloudflareAsync("POST", "/access/keys/rotate")).Expect(200);
        Assert.Equal("42", (await host.CloudflareAsync("GET", "/access/keys")).Expect(200).Text("result.days_until_next_rotation"));
        (await host.CloudflareAsync("PUT", "/access/keys", new JsonObject { ["key_rotation_interval_days"] = 20 })).Expect(400);
        (await host.CloudflareAsync("PUT", "/access/keys", new JsonObject { ["key_rotation_interval_days"] = 366 })).Expect(400);
        Assert.Equal("30", (await host.CloudflareAsync("PUT", "/access/keys", new JsonObject { ["key_rotation_interval_days"] = 30 })).Expect(200).Text("result.days_until_next_rotation"));

        var rotate = host.Services.GetRequiredService<RotateAccessKeys>();
        host.Clock.Advance(TimeSpan.FromDays(29));
        Assert.False(await rotate.RunAsync(TestContext.Current.CancellationToken));
        host.Clock.Advance(TimeSpan.FromDays(1));
        Assert.True(await rotate.RunAsync(TestContext.Current.CancellationToken));
        Assert.False(await rotate.RunAsync(TestContext.Current.CancellationToken));

        await using var db = host.Open();
        var keys = await db.AccessKeys.OrderByDescending(k => k.CreatedAt).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Null(keys[0].ExpiresAt);
        Assert.Equal(host.Clock.GetUtcNow().AddDays(7), keys[1].ExpiresAt);
        Assert.Single(keys, k => k.ExpiresAt is null);
    }

    [Fact]
    public async Task Authorities_of_client_certificates_are_kept_and_go_only_when_no_host_asks_for_them()
    {
        await using var host = await ApiHost.StartAsync();
        var made = (await host.CloudflareAsync("POST", "/access/certificates", Certificate(Pem(), "App.example.com"))).Expect(201);
        Assert.Equal("""["app.example.com"]""", made.Result["associated_hostnames"]!.ToJsonString());
        Assert.Matches("^[0-9a-f]{64}$", made.Text("result.fingerprint"));
        var path = "/access/certificates/" + made.Text("result.id")!;
        Assert.Equal("access.api.error.conflict: certificate has active associations", (await host.CloudflareAsync("DELETE", path)).Expect(409).Text("errors.0.message"));
        (await host.CloudflareAsync("PUT", path, new JsonObject { ["name"] = "n", ["associated_hostnames"] = new JsonArray() })).Expect(200);
        (await host.CloudflareAsync("DELETE", path)).Expect(200);

        var settings = JsonNode.Parse("""{"settings":[{"hostname":"app.example.com","china_network":false,"client_certificate_forwarding":true}]}""");
        (await host.CloudflareAsync("PUT", "/access/certificates/settings", settings)).Expect(200);
        Assert.True((bool)(await host.CloudflareAsync("GET", "/access/certificates/settings")).Expect(200).Body!["result"]![0]!["client_certificate_forwarding"]!);
    }

    [Theory]
    [InlineData("not pem", "app.example.com")]
    [InlineData("leaf", "app.example.com")]
    [InlineData("expired", "app.example.com")]
    [InlineData("with key", "app.example.com")]
    [InlineData("good", "*.example.com")]
    [InlineData("good", "auth.example.com")]
    public async Task What_is_no_authority_or_no_host_is_refused(string certificate, string hostname)
    {
        await using var host = await ApiHost.StartAsync();
        var pem = certificate switch
        {
            "not pem" => "hello",
            "leaf" => Pem(isAuthority: false),
            "expired" => Pem(until: host.Clock.GetUtcNow().AddDays(-1)),
            "with key" => Pem() + "\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            _ => Pem(),
        };
        (await host.CloudflareAsync("POST", "/access/certificates", Certificate(pem, hostname))).Expect(400);
    }

    private static async Task<ServiceTokenEntry> EntryAsync(ApiHost host)
    {
        await using var db = host.Open();
        return new ServiceTokenEntry(await db.ServiceTokens.SingleAsync(TestContext.Current.CancellationToken));
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static JsonNode Policy(string token) =>
        JsonNode.Parse($$$"""{"name":"machines","decision":"non_identity","include":[{"service_token":{"token_id":"{{{token}}}"}}]}""")!;

    private static JsonObject Certificate(string pem, string hostname) => new() { ["name"] = "Fleet", ["certificate"] = pem, ["associated_hostnames"] = new JsonArray(hostname) };

    private static string Pem(bool isAuthority = true, DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Fleet", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        using var made = request.CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), until ?? new DateTimeOffset(2090, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return made.ExportCertificatePem();
    }
}
