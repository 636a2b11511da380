using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Policies;
using Gatehouse.Model.Audit;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>The log of decisions and what is worked out from it: lists, tests of policies, replays, warnings.</summary>
public class AccessLogTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_log_is_filtered_ordered_and_paged_until_it_is_empty()
    {
        await using var host = await ApiHost.StartAsync();
        await SeedAsync(host);

        Assert.Equal(["0000000000000003", "0000000000000002", "0000000000000001"], await IdsAsync(host, ""));
        Assert.Equal(["0000000000000001", "0000000000000002"], await IdsAsync(host, "?direction=asc&limit=2"));
        Assert.Equal(["0000000000000003"], await IdsAsync(host, "?direction=asc&per_page=2&page=2"));
        Assert.Equal([], await IdsAsync(host, "?per_page=2&page=3"));
        Assert.Equal(["0000000000000001"], await IdsAsync(host, "?email=Ada@Example.com"));
        Assert.Equal(["0000000000000003", "0000000000000002"], await IdsAsync(host, "?email=ada@example.com&emailOp=neq"));
        Assert.Equal(["0000000000000002", "0000000000000001"], await IdsAsync(host, "?email=example&emailOp=contains"));
        Assert.Equal(["0000000000000002"], await IdsAsync(host, "?allowed=false&non_identity=false"));
        Assert.Equal(["0000000000000003", "0000000000000001"], await IdsAsync(host, "?allowed=false&allowedOp=neq"));
        Assert.Equal(["0000000000000003"], await IdsAsync(host, "?non_identity=true"));
        Assert.Equal(["0000000000000001"], await IdsAsync(host, "?country_code=de"));
        Assert.Equal(3, (await IdsAsync(host, "?app_type=self_hosted")).Count);
        Assert.Equal([], await IdsAsync(host, "?app_type=self_hosted&app_typeOp=neq"));
        Assert.Equal([], await IdsAsync(host, "?app_type=saas"));
        Assert.Equal(3, (await IdsAsync(host, "?app_type=saas&app_typeOp=neq")).Count);
        Assert.Equal(["0000000000000002"], await IdsAsync(host, "?ray_id=0000000000000002"));
        Assert.Equal(["0000000000000003", "0000000000000002"], await IdsAsync(host, "?since=" + Uri.EscapeDataString(host.Clock.GetUtcNow().AddMinutes(2).ToString("O"))));
        Assert.Equal(["0000000000000001"], await IdsAsync(host, "?until=" + Uri.EscapeDataString(host.Clock.GetUtcNow().AddMinutes(1).ToString("O"))));
        Assert.Equal("""[{"allowed":true,"ray_id":"0000000000000001"}]""", (await host.CloudflareAsync("GET", "/access/logs/access-requests?email=ada@example.com&fields=ray_id,allowed")).Expect(200).Text("result"));
    }

    [Theory]
    [InlineData("direction=sideways")]
    [InlineData("limit=0")]
    [InlineData("limit=1%20OR%201=1")]
    [InlineData("page=-1")]
    [InlineData("since=yesterday")]
    [InlineData("app_uid=x%27;DROP%20TABLE%20decisions")]
    [InlineData("allowed=maybe")]
    [InlineData("email=a&emailOp=like")]
    [InlineData("country_code=DEU")]
    [InlineData("app_type=everything")]
    [InlineData("app_type=saas&app_typeOp=like")]
    public async Task A07_a_filter_that_cant_be_read_is_refused(string query)
    {
        await using var host = await ApiHost.StartAsync();

        (await host.CloudflareAsync("GET", "/access/logs/access_requests?" + query)).Expect(400);
    }

    [Fact]
    public async Task A03_people_are_seen_only_with_the_group_for_it()
    {
        await using var host = await ApiHost.StartAsync();
        await SeedAsync(host);
        var (blind, seeing) = (await TokenAsync("Access: Audit Logs Read"), await TokenAsync("Access: Audit Logs Read", "Zero Trust: PII Read"));

        Assert.DoesNotContain("ada@", (await host.CloudflareAsync("GET", "/access/logs/access_requests", key: blind)).Expect(200).Body!.ToJsonString(), StringComparison.Ordinal);
        (await host.CloudflareAsync("GET", "/access/logs/access_requests?email=ada@example.com", key: blind)).Expect(403);
        Assert.Contains("ada@", (await host.CloudflareAsync("GET", "/access/logs/access_requests", key: seeing)).Expect(200).Body!.ToJsonString(), StringComparison.Ordinal);

        async Task<string> TokenAsync(params string[] groups) => (await host.CloudflareAsync("POST", "/tokens", new JsonObject
        {
            ["name"] = "t",
            ["policies"] = new JsonArray(new JsonObject
            {
                ["effect"] = "allow",
                ["permission_groups"] = new JsonArray([.. groups.Select(g => new JsonObject { ["id"] = Gatehouse.Management.CloudflareV4.Permissions.All.Single(p => p.Name == g).Id })]),
                ["resources"] = new JsonObject { ["com.cloudflare.api.account.*"] = "*" },
            }),
        })).Expect(200).Text("result.value")!;
    }

    [Fact]
    public async Task A_policy_test_judges_all_people_as_they_were_seen_last()
    {
        await using var host = await ApiHost.StartAsync();
        await using (var db = host.Open())
        {
            var now = host.Clock.GetUtcNow();
            foreach (var (email, hasSession) in ((string, bool)[])[("ada@example.com", true), ("bob@partner.test", true), ("cy@example.com", false)])
            {
                var user = new AccessUser { Id = Guid.CreateVersion7(), Email = email, Name = email, CreatedAt = now };
                db.AccessUsers.Add(user);
                if (hasSession)
                {
                    db.AccessSessions.Add(new AccessSession
                    {
                        Nonce = email,
                        UserId = user.Id,
                        Email = email,
                        Subject = email,
                        LoginMethodId = Guid.CreateVersion7(),
                        ClaimsJson = "{}",
                        Address = "192.0.2.1",
                        CreatedAt = now,
                        ExpiresAt = now,
                        ForgetAt = now,
                    });
                }
            }

            await db.SaveChangesAsync(Cancel);
        }

        (await host.CloudflareAsync("POST", "/access/identity_providers", CloudflareAppTests.LoginMethod())).Expect(201);
        await using (var db = host.Open())
        {
            var method = await db.LoginMethods.Select(m => m.Id).SingleAsync(Cancel);
            await db.AccessSessions.ExecuteUpdateAsync(s => s.SetProperty(x => x.LoginMethodId, method), Cancel);
        }

        var policy = JsonNode.Parse("""{"name":"p","decision":"allow","include":[{"email_domain":{"domain":"example.com"}}]}""");
        var made = (await host.CloudflareAsync("POST", "/access/policy-tests", new JsonObject { ["policies"] = new JsonArray(policy) })).Expect(201);
        var path = "/access/policy-tests/" + made.Text("result.id");

        var read = (await host.CloudflareAsync("GET", path)).Expect(200);
        Assert.Equal(("complete", "3", "1", "1", "1", "33"), (
            read.Text("result.status"), read.Text("result.total_users"), read.Text("result.users_approved"), read.Text("result.users_blocked"), read.Text("result.users_errored"), read.Text("result.percent_approved")));
        Assert.Equal("ada@example.com", (await host.CloudflareAsync("GET", path + "/users?status=success")).Expect(200).Text("result.0.email"));
        Assert.Equal("bob@partner.test", (await host.CloudflareAsync("GET", path + "/users?status=fail")).Expect(200).Text("result.0.email"));
        Assert.Equal("[]", (await host.CloudflareAsync("GET", path + "/users?page=2")).Expect(200).Text("result"));
        (await host.CloudflareAsync("GET", path + "/users?status=odd")).Expect(400);
        (await host.CloudflareAsync("POST", "/access/policy-tests", new JsonObject { ["policies"] = new JsonArray(Guid.CreateVersion7().ToString()) })).Expect(400);
        host.Clock.Advance(TimeSpan.FromHours(25));
        (await host.CloudflareAsync("GET", path)).Expect(404);
    }

    [Fact]
    public async Task A_replay_reads_policies_as_the_api_has_them()
    {
        await using var host = await ApiHost.StartAsync();
        await SeedAsync(host);
        var replay = new ReplayPolicies(host.Services.GetRequiredService<IDbContextFactory<Gatehouse.Store.GatehouseDb>>());

        var narrowed = await RunAsync("""{"app":"a.example.com","policies":[{"name":"n","decision":"allow","include":[{"email":{"email":"bob@example.com"}}]}]}""");
        var (odd, unknown) = (await RunAsync("""[{"id":"00000000-0000-0000-0000-000000000001","name":"x"},{"app":"nowhere.test","policies":[]},7]"""), await RunAsync("""{}"""));

        var report = Assert.IsType<ReplayResult.Done>(narrowed).Report;
        Assert.Equal([("ada@example.com", false), ("bob@example.com", true)], report.Changes.Select(c => (c.Who, c.IsAllowed)));
        Assert.Equal(3, Assert.IsType<ReplayResult.Refused>(odd).Faults.Count);
        Assert.IsType<ReplayResult.Refused>(unknown);

        async Task<ReplayResult> RunAsync(string file)
        {
            using var json = JsonDocument.Parse(file);
            return await replay.RunAsync(json.RootElement, DateTimeOffset.UnixEpoch, Cancel);
        }
    }

    // Ada was let in from Germany, Bob was not, and somebody without a sign-in was a service.
    private static async Task SeedAsync(ApiHost host)
    {
        var method = (await host.CloudflareAsync("POST", "/access/identity_providers", CloudflareAppTests.LoginMethod())).Expect(201).Text("result.id")!;
        var app = (await host.CloudflareAsync("POST", "/access/apps", JsonNode.Parse(
            """{"type":"self_hosted","domain":"a.example.com","policies":[{"name":"p","decision":"allow","include":[{"email":{"email":"ada@example.com"}}]}]}"""))).Expect(201).Text("result.id")!;
        await using var db = host.Open();
        foreach (var (number, email, allowed, country) in ((int, string?, bool, string?)[])[(1, "ada@example.com", true, "DE"), (2, "bob@example.com", false, "FR"), (3, null, true, null)])
        {
            db.Decisions.Add(new DecisionRecord
            {
                Id = $"{number:x16}",
                At = host.Clock.GetUtcNow().AddMinutes(number),
                AppId = Guid.Parse(app),
                AppName = "a.example.com",
                Allowed = allowed,
                Action = email is null ? "request" : "login",
                Email = email,
                LoginMethodId = email is null ? null : Guid.Parse(method),
                Address = "192.0.2.1",
                Country = country,
                Method = "GET",
                Host = "a.example.com",
                Path = "/",
                FactsJson = email is null ? null : DecisionFacts.Write(new VisitorIdentity { Email = email, LoginMethodId = Guid.Parse(method), Claims = new Dictionary<string, IReadOnlyList<string>>() }),
                TreeJson = "{}",
            });
        }

        await db.SaveChangesAsync(Cancel);
    }

    private static async Task<List<string>> IdsAsync(ApiHost host, string query) =>
        [.. (await host.CloudflareAsync("GET", "/access/logs/access_requests" + query)).Expect(200).Result.AsArray().Select(d => d!["ray_id"]!.GetValue<string>())];
}
