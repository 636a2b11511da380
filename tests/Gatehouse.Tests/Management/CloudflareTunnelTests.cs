using System.Text.Json.Nodes;
using Gatehouse.Management.Tunnels;
using Gatehouse.Model.Events;
using Gatehouse.Model.Tunnels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>Tunnels, their configurations, and DNS records in Cloudflare's API v4.</summary>
public class CloudflareTunnelTests
{
    private static readonly string Zone = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("zone:example.com"u8).AsSpan(0, 16));

    [Fact]
    public async Task Check_15_a_tunnel_is_made_configured_and_deleted()
    {
        await using var host = await ApiHost.StartAsync();
        var made = (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "home", ["config_src"] = "cloudflare" })).Expect(200);
        var id = made.Text("result.id")!;
        var credentials = TunnelCredentials.FromToken(made.Text("result.token")!)!;
        Assert.Equal((ApiHost.Account, id, 32), (credentials.AccountTag, credentials.TunnelId.ToString(), credentials.Secret.Length));
        Assert.Equal("inactive", made.Text("result.status"));
        Assert.Equal(made.Text("result.token"), (await host.CloudflareAsync("GET", $"/cfd_tunnel/{id}/token")).Text("result"));

        var config = JsonNode.Parse("""{"config":{"ingress":[{"hostname":"app.example.com","service":"http://localhost:8080"},{"service":"http_status:404"}]}}""");
        Assert.Equal("1", (await host.CloudflareAsync("PUT", $"/cfd_tunnel/{id}/configurations", config)).Expect(200).Text("result.version"));
        var kept = (await host.CloudflareAsync("PUT", $"/cfd_tunnel/{id}/configurations", config)).Expect(200);
        Assert.Equal(("2", "cloudflare", "app.example.com"), (kept.Text("result.version"), kept.Text("result.source"), kept.Text("result.config.ingress.0.hostname")));
        Assert.Equal("2", (await host.CloudflareAsync("GET", $"/cfd_tunnel/{id}/configurations")).Text("result.version"));
        Assert.Equal("[]", (await host.CloudflareAsync("GET", $"/cfd_tunnel/{id}/connections")).Text("result"));

        (await host.CloudflareAsync("DELETE", $"/cfd_tunnel/{id}")).Expect(200);
        Assert.NotNull((await host.CloudflareAsync("GET", $"/cfd_tunnel/{id}")).Text("result.deleted_at"));
        Assert.Equal("0", (await host.CloudflareAsync("GET", "/cfd_tunnel?is_deleted=false")).Text("result_info.total_count"));
        (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "home" })).Expect(200); // the name is free again
        (await host.CloudflareAsync("PUT", $"/cfd_tunnel/{id}/configurations", config)).Expect(404);
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"name":""}""")]
    [InlineData("""{"name":"a","tunnel_secret":"dG9vIHNob3J0"}""")]
    [InlineData("""{"name":"a","tunnel_secret":"?"}""")]
    [InlineData("""{"name":"a","config_src":"elsewhere"}""")]
    public async Task A_tunnel_that_can_not_be_made_is_refused(string body)
    {
        await using var host = await ApiHost.StartAsync();
        (await host.CloudflareAsync("POST", "/cfd_tunnel", JsonNode.Parse(body))).Expect(400);
    }

    [Fact]
    public async Task T06_no_answer_but_the_two_made_for_it_shows_a_secret()
    {
        await using var host = await ApiHost.StartAsync();
        var made = (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "quiet" })).Expect(200);
        var secret = Convert.ToBase64String(TunnelCredentials.FromToken(made.Text("result.token")!)!.Secret);
        var id = made.Text("result.id");
        foreach (var path in new[] { "/cfd_tunnel", "/tunnels", $"/cfd_tunnel/{id}", $"/cfd_tunnel/{id}/configurations", $"/cfd_tunnel/{id}/connections" })
        {
            Assert.DoesNotContain(secret, (await host.CloudflareAsync("GET", path)).Expect(200).Body!.ToJsonString(), StringComparison.Ordinal);
        }

        await using var db = host.Open();
        var row = await db.Tunnels.SingleAsync(TestContext.Current.CancellationToken);
        Assert.Equal(-1, row.SealedSecret.AsSpan().IndexOf(Convert.FromBase64String(secret)));
    }

    [Fact]
    public async Task A_name_belongs_to_one_tunnel_and_filters_find_it()
    {
        await using var host = await ApiHost.StartAsync();
        (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "a-one" })).Expect(200);
        (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "b-two" })).Expect(200);
        (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "a-one" })).Expect(409);
        Assert.Equal("1", (await host.CloudflareAsync("GET", "/cfd_tunnel?name=b-two")).Text("result_info.total_count"));
        Assert.Equal("1", (await host.CloudflareAsync("GET", "/cfd_tunnel?include_prefix=a-")).Text("result_info.total_count"));
        Assert.Equal("1", (await host.CloudflareAsync("GET", "/cfd_tunnel?exclude_prefix=a-")).Text("result_info.total_count"));
        (await host.CloudflareAsync("GET", "/cfd_tunnel?is_deleted=perhaps")).Expect(400);
    }

    [Theory]
    [InlineData("""{"config":{"ingress":[{"hostname":"a.example.com","service":"http://b"}]}}""")]
    [InlineData("""{"config":{"ingress":[{"hostname":"auth.example.com","service":"http://b"},{"service":"http_status:404"}]}}""")]
    [InlineData("""{"config":[]}""")]
    [InlineData("""{}""")]
    public async Task Rules_that_no_connector_would_take_are_refused_here(string body)
    {
        await using var host = await ApiHost.StartAsync();
        var id = (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "t" })).Text("result.id");
        (await host.CloudflareAsync("PUT", $"/cfd_tunnel/{id}/configurations", JsonNode.Parse(body))).Expect(400);
        Assert.Equal("0", (await host.CloudflareAsync("GET", $"/cfd_tunnel/{id}/configurations")).Text("result.version"));
    }

    [Fact]
    public async Task A_name_is_published_by_one_tunnel()
    {
        await using var host = await ApiHost.StartAsync();
        var one = (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "one" })).Text("result.id");
        var two = (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "two" })).Text("result.id");
        (await PublishAsync(one, "app.example.com")).Expect(200);
        var refused = (await PublishAsync(two, "App.Example.com")).Expect(409);
        Assert.Contains("'app.example.com' is published by the tunnel 'one'", refused.Text("errors.0.message"), StringComparison.Ordinal);
        Assert.Equal("0", (await host.CloudflareAsync("GET", $"/cfd_tunnel/{two}/configurations")).Text("result.version"));
        (await PublishAsync(two, "*.example.com")).Expect(200); // the more exact name wins, and everybody knows

        // A record says which one is meant, and what stood there before may stay.
        (await SendAsync(host, "POST", $"/zones/{Zone}/dns_records", new JsonObject { ["type"] = "CNAME", ["name"] = "app", ["content"] = one + ".cfargotunnel.com", ["proxied"] = true })).Expect(200);
        (await PublishAsync(two, "app.example.com")).Expect(200);
        var record = (await SendAsync(host, "GET", $"/zones/{Zone}/dns_records")).Text("result.0.id");
        (await SendAsync(host, "DELETE", $"/zones/{Zone}/dns_records/{record}")).Expect(200);
        (await PublishAsync(two, "app.example.com")).Expect(200);
        (await PublishAsync(one, "app.example.com")).Expect(200);

        Task<ApiReply> PublishAsync(string? tunnel, string name) => host.CloudflareAsync(
            "PUT", $"/cfd_tunnel/{tunnel}/configurations", JsonNode.Parse("""{"config":{"ingress":[{"hostname":"NAME","service":"http://b"},{"service":"http_status:404"}]}}""".Replace("NAME", name, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task T09_where_rules_lead_is_written_down_above_all_into_the_connectors_own_machine()
    {
        var events = new Events();
        await using var host = await ApiHost.StartAsync(services => services.AddSingleton<IEventLog>(events));
        var id = (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "t" })).Text("result.id");
        (await host.CloudflareAsync("PUT", $"/cfd_tunnel/{id}/configurations", JsonNode.Parse("""
            {"config":{"ingress":[{"hostname":"a.example.com","service":"http://127.0.0.1:9000"},{"hostname":"m.example.com","service":"http://169.254.169.254"},{"service":"http://10.0.0.1"}]}}
            """))).Expect(200);
        var written = Assert.Single(events.Written);
        Assert.Equal((EventActions.ModelUpdated, "akadmin"), (written.Action, written.Actor!.Username));
        Assert.Equal("""["http://127.0.0.1:9000","http://169.254.169.254"]""", written.Context["internal"]!.ToJsonString());
    }

    [Fact]
    public async Task Records_lead_names_to_tunnels()
    {
        await using var host = await ApiHost.StartAsync();
        var id = (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "t" })).Text("result.id");
        var zones = (await SendAsync(host, "GET", "/zones?name=example.com")).Expect(200);
        Assert.Equal(Zone, zones.Text("result.0.id"));
        Assert.Equal("[]", (await SendAsync(host, "GET", "/zones?name=other.com")).Text("result"));

        var made = (await SendAsync(host, "POST", $"/zones/{Zone}/dns_records", new JsonObject { ["type"] = "CNAME", ["name"] = "app", ["content"] = id + ".cfargotunnel.com", ["proxied"] = true })).Expect(200);
        Assert.Equal(("app.example.com", "1"), (made.Text("result.name"), made.Text("result.ttl")));
        var record = made.Text("result.id");
        (await SendAsync(host, "POST", $"/zones/{Zone}/dns_records", new JsonObject { ["type"] = "CNAME", ["name"] = "app.example.com", ["content"] = "x.example.com" })).Expect(409);
        Assert.Equal("note", (await SendAsync(host, "PATCH", $"/zones/{Zone}/dns_records/{record}", new JsonObject { ["comment"] = "note" })).Expect(200).Text("result.comment"));
        Assert.Equal("1", (await SendAsync(host, "GET", $"/zones/{Zone}/dns_records?name=app.example.com")).Text("result_info.total_count"));
        Assert.Equal("new", (await SendAsync(host, "PUT", $"/zones/{Zone}/tunnels/{id}/routes", new JsonObject { ["type"] = "dns", ["user_hostname"] = "b.example.com" })).Expect(200).Text("result.cname"));
        Assert.Equal("unchanged", (await SendAsync(host, "PUT", $"/zones/{Zone}/tunnels/{id}/routes", new JsonObject { ["type"] = "dns", ["user_hostname"] = "b.example.com" })).Expect(200).Text("result.cname"));
        (await SendAsync(host, "DELETE", $"/zones/{Zone}/dns_records/{record}")).Expect(200);
        (await SendAsync(host, "GET", $"/zones/{Zone}/dns_records/{record}")).Expect(404);
        (await SendAsync(host, "GET", "/zones/00000000000000000000000000000000/dns_records")).Expect(404);
        (await host.CloudflareAsync("DELETE", $"/cfd_tunnel/{id}?cascade=true")).Expect(200);
        Assert.Equal("0", (await SendAsync(host, "GET", $"/zones/{Zone}/dns_records")).Text("result_info.total_count"));
    }

    [Theory]
    [InlineData("CNAME", "auth", "x.example.com")]
    [InlineData("CNAME", "a.other.com", "x.example.com")]
    [InlineData("CNAME", "a", "not a host")]
    [InlineData("A", "a", "300.1.1.1")]
    [InlineData("AAAA", "a", "10.0.0.1")]
    [InlineData("MAGIC", "a", "x")]
    public async Task Records_that_mean_nothing_are_refused(string type, string name, string content)
    {
        await using var host = await ApiHost.StartAsync();
        (await SendAsync(host, "POST", $"/zones/{Zone}/dns_records", new JsonObject { ["type"] = type, ["name"] = name, ["content"] = content })).Expect(400);
    }

    [Fact]
    public async Task Quick_tunnels_are_for_administrators_unless_they_are_opened_to_all()
    {
        await using var host = await ApiHost.StartAsync();
        (await host.SendAsync("POST", "/tunnel", null, null)).Expect(403);
        (await host.SendAsync("POST", "/tunnel", null, ApiHost.UserKey)).Expect(403);
        var made = (await host.SendAsync("POST", "/tunnel", null, ApiHost.AdminKey)).Expect(200);
        Assert.EndsWith(".example.com:8443", made.Text("result.hostname"), StringComparison.Ordinal); // stock connectors show https:// and this
        Assert.Equal("https://" + made.Text("result.hostname"), made.Text("result.url"));
        Assert.Equal(32, Convert.FromBase64String(made.Text("result.secret")!).Length);
        Assert.Equal(made.Text("result.id") + ".cfargotunnel.com", (await SendAsync(host, "GET", $"/zones/{Zone}/dns_records")).Text("result.0.content"));

        await using var open = await ApiHost.StartAsync(services => services.AddSingleton(new QuickTunnelSettings(IsOpen: true)));
        (await open.SendAsync("POST", "/tunnel", null, null)).Expect(200);
    }

    [Theory]
    [InlineData("Origin", "https://evil.test", 403)]
    [InlineData("Origin", "null", 403)]
    [InlineData("Sec-Fetch-Site", "cross-site", 403)]
    [InlineData("Sec-Fetch-Site", "same-site", 403)] // an app under the same domain
    [InlineData("Sec-Fetch-Site", "none", 200)]
    public async Task A_page_makes_no_quick_tunnel(string header, string value, int status)
    {
        await using var host = await OpenHostAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/tunnel");
        request.Headers.TryAddWithoutValidation(header, value);
        using var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task An_address_makes_a_few_quick_tunnels_and_then_waits()
    {
        await using var host = await OpenHostAsync();
        for (var n = 0; n < QuickTunnelLimit.Burst; n++)
        {
            (await host.SendAsync("POST", "/tunnel", null, null)).Expect(200);
        }

        (await host.SendAsync("POST", "/tunnel", null, null)).Expect(429);
        (await host.SendAsync("POST", "/tunnel", null, ApiHost.AdminKey)).Expect(200);
    }

    [Fact]
    public async Task There_are_only_so_many_quick_tunnels_at_a_time()
    {
        await using var host = await OpenHostAsync();
        await using (var db = host.Open())
        {
            db.Tunnels.AddRange(Enumerable.Range(0, QuickTunnel.Most).Select(n => new Gatehouse.Model.Tunnels.Tunnel { Id = Guid.CreateVersion7(), Name = $"quick {n}", SealedSecret = [], IsQuick = true }));
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        (await host.SendAsync("POST", "/tunnel", null, null)).Expect(429);
        (await host.SendAsync("POST", "/tunnel", null, ApiHost.AdminKey)).Expect(429);
        await using (var db = host.Open())
        {
            await db.Tunnels.Take(1).ExecuteDeleteAsync(TestContext.Current.CancellationToken);
        }

        (await host.SendAsync("POST", "/tunnel", null, null)).Expect(200);
    }

    [Fact]
    public async Task P16_what_a_tunnels_wildcard_publishes_and_an_apps_does_not_cover_is_told_with_a_witness()
    {
        await using var host = await ApiHost.StartAsync();
        var id = (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "wide" })).Text("result.id");
        var config = JsonNode.Parse("""{"config":{"ingress":[{"hostname":"*.x.example.com","service":"http://10.0.0.1"},{"service":"http_status:404"}]}}""");
        Assert.Equal("[]", (await host.CloudflareAsync("PUT", $"/cfd_tunnel/{id}/configurations", config)).Expect(200).Text("messages"));
        var app = new JsonObject { ["type"] = "self_hosted", ["name"] = "staff", ["domain"] = "*.x.example.com" };
        var made = (await host.CloudflareAsync("POST", "/access/apps", app.DeepClone())).Expect(201);
        Assert.Equal("[]", made.Text("messages")); // what no app covers is refused

        var opened = (await host.CloudflareAsync("PUT", "/access/organizations", new JsonObject { ["deny_unmatched_requests"] = false })).Expect(200);
        Assert.StartsWith("uncovered: 'staff' covers one label", opened.Text("messages.0.message"), StringComparison.Ordinal);
        Assert.EndsWith("Witness: a.b.x.example.com", opened.Text("messages.0.message"), StringComparison.Ordinal);
        Assert.Contains("'wide'", (await host.CloudflareAsync("PUT", $"/cfd_tunnel/{id}/configurations", config)).Expect(200).Text("messages.0.message"), StringComparison.Ordinal);
        var again = (await host.CloudflareAsync("PUT", $"/access/apps/{made.Text("result.id")}", app)).Expect(200);
        Assert.Contains("a.b.x.example.com", again.Text("messages.0.message"), StringComparison.Ordinal);

        (await host.CloudflareAsync("POST", "/access/apps", new JsonObject { ["type"] = "self_hosted", ["name"] = "deep", ["domain"] = "*.*.x.example.com" })).Expect(201);
        var deeper = (await host.CloudflareAsync("PUT", $"/cfd_tunnel/{id}/configurations", config)).Expect(200);
        Assert.EndsWith("Witness: a.b.c.x.example.com", deeper.Text("messages.0.message"), StringComparison.Ordinal);
        Assert.Single(deeper.Body!["messages"]!.AsArray()); // what was the gap of the first is covered by the second

        (await host.CloudflareAsync("PUT", "/access/organizations", new JsonObject { ["deny_unmatched_requests"] = true })).Expect(200);
        Assert.Equal("[]", (await host.CloudflareAsync("PUT", $"/cfd_tunnel/{id}/configurations", config)).Expect(200).Text("messages"));
    }

    private static Task<ApiHost> OpenHostAsync() => ApiHost.StartAsync(services => services.AddSingleton(new QuickTunnelSettings(IsOpen: true)));

    private static Task<ApiReply> SendAsync(ApiHost host, string method, string path, JsonNode? body = null) => host.SendAsync(method, "/client/v4" + path, body?.ToJsonString(), ApiHost.AdminKey);

    private sealed class Events : IEventLog
    {
        public List<NewEvent> Written { get; } = [];

        public Task WriteAsync(NewEvent happened, CancellationToken cancellationToken)
        {
            Written.Add(happened);
            return Task.CompletedTask;
        }

        public void Enqueue(NewEvent happened) => Written.Add(happened);
    }
}
