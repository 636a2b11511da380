using System.Text.Json.Nodes;
using Gatehouse.Model.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary>The people of Access in Cloudflare's API, their sessions, and the end of these: checks 11 and 13 of the contract, row F09.</summary>
public class CloudflareUserTests
{
    [Fact]
    public async Task C13_a_user_their_sessions_and_what_is_known_of_them_are_listed()
    {
        await using var host = await ApiHost.StartAsync();
        var user = await SignInAsync(host, "ada@example.com", "n-1");
        var path = "/access/users/" + user;
        Assert.Equal("ada@example.com", (await host.CloudflareAsync("GET", "/access/users?email=ADA@example.com")).Expect(200).Body!["result"]![0]!["email"]!.ToString());
        Assert.Equal("n-1", (await host.CloudflareAsync("GET", path + "/active_sessions")).Expect(200).Body!["result"]![0]!["name"]!.ToString());
        Assert.True((bool)(await host.CloudflareAsync("GET", path + "/active_sessions/n-1")).Expect(200).Result["isActive"]!);
        Assert.Equal(user.ToString(), (await host.CloudflareAsync("GET", path + "/last_seen_identity")).Expect(200).Text("result.user_uuid"));
        (await host.CloudflareAsync("GET", path + "/failed_logins")).Expect(200);
        (await host.CloudflareAsync("GET", path + "/active_sessions/n-2")).Expect(404);
        (await host.CloudflareAsync("GET", $"/access/users/{Guid.CreateVersion7()}/active_sessions")).Expect(404);
    }

    [Theory]
    [InlineData("revoke")]
    [InlineData("delete")]
    [InlineData("seat")]
    public async Task C11_a_user_who_is_signed_out_deleted_or_without_a_seat_has_no_session_left(string how)
    {
        await using var host = await ApiHost.StartAsync();
        var user = await SignInAsync(host, "ada@example.com", "n-1");
        await SignInAsync(host, "bob@example.com", "n-2");
        var before = host.Revocations.Count;
        _ = how switch
        {
            "revoke" => (await host.CloudflareAsync("POST", "/access/organizations/revoke_user", new JsonObject { ["email"] = "Ada@example.com", ["body_devices"] = true })).Expect(200),
            "delete" => (await host.CloudflareAsync("DELETE", "/access/users/" + user)).Expect(200),
            _ => (await host.CloudflareAsync("PATCH", "/access/seats", new JsonArray(new JsonObject { ["seat_uid"] = user.ToString(), ["access_seat"] = false, ["gateway_seat"] = false }))).Expect(200),
        };

        // In force here before the call returns; the same change tells the other nodes. Ended sessions outlive their user.
        Assert.Equal(before + 1, host.Revocations.Count);
        await using var db = host.Open();
        var sessions = await db.AccessSessions.ToDictionaryAsync(s => s.Nonce, TestContext.Current.CancellationToken);
        Assert.NotNull(sessions["n-1"].RevokedAt);
        Assert.Null(sessions["n-2"].RevokedAt);
    }

    [Fact]
    public async Task Users_are_added_renamed_and_refused_twice()
    {
        await using var host = await ApiHost.StartAsync();
        var made = (await host.CloudflareAsync("POST", "/access/users", new JsonObject { ["email"] = "Ada@example.com", ["name"] = "Ada" })).Expect(201);
        Assert.Equal(("ada@example.com", "false"), (made.Text("result.email"), made.Text("result.access_seat")));
        (await host.CloudflareAsync("POST", "/access/users", new JsonObject { ["email"] = "ada@example.com" })).Expect(409);
        (await host.CloudflareAsync("POST", "/access/users", new JsonObject { ["email"] = "a@b@example.com" })).Expect(400);
        Assert.Equal("Countess", (await host.CloudflareAsync("PUT", "/access/users/" + made.Text("result.id"), new JsonObject { ["name"] = "Countess" })).Expect(200).Text("result.name"));
        (await host.CloudflareAsync("POST", "/access/organizations/revoke_user", new JsonObject { ["email"] = "nobody@example.com" })).Expect(404);
        (await host.CloudflareAsync("PATCH", "/access/seats", new JsonObject())).Expect(400);
        (await host.CloudflareAsync("PATCH", "/access/seats", new JsonArray("x"))).Expect(400);
    }

    [Fact]
    public async Task C11_the_tokens_of_an_app_are_ended_by_its_epoch()
    {
        await using var host = await ApiHost.StartAsync();
        var app = (await host.CloudflareAsync("POST", "/access/apps", new JsonObject { ["type"] = "self_hosted", ["domain"] = "app.example.com" })).Expect(201).Text("result.id")!;
        Assert.Equal("{}", (await host.CloudflareAsync("POST", $"/access/apps/{app}/revoke_tokens")).Expect(200).Result.ToJsonString());
        await using var db = host.Open();
        Assert.Equal(1, (await db.Apps.SingleAsync(TestContext.Current.CancellationToken)).TokenEpoch);
        (await host.CloudflareAsync("POST", $"/access/apps/{Guid.CreateVersion7()}/revoke_tokens")).Expect(404);
    }

    [Theory]
    [InlineData("client_id", "\"other\"", true)]
    [InlineData("certs_url", "\"https://idp.example.com/other\"", true)]
    [InlineData("issuer", "\"https://other.example.com\"", true)]
    [InlineData("email_claim_name", "\"mail\"", true)]
    [InlineData("claims", "[\"department\"]", false)]
    public async Task A_login_method_that_asks_elsewhere_ends_its_sessions(string field, string value, bool ends)
    {
        await using var host = await ApiHost.StartAsync();
        var method = JsonNode.Parse("""
            {"name":"Idp","type":"oidc","config":{"client_id":"c","client_secret":"s","auth_url":"https://idp.example.com/a","token_url":"https://idp.example.com/t","certs_url":"https://idp.example.com/k"}}
            """)!.AsObject();
        var id = (await host.CloudflareAsync("POST", "/access/identity_providers", method)).Expect(201).Text("result.id")!;
        await SignInAsync(host, "ada@example.com", "n-1", Guid.Parse(id));
        method["config"]![field] = JsonNode.Parse(value);
        (await host.CloudflareAsync("PUT", "/access/identity_providers/" + id, method)).Expect(200);
        await using var db = host.Open();
        Assert.Equal(ends, (await db.AccessSessions.SingleAsync(TestContext.Current.CancellationToken)).RevokedAt is not null);
    }

    private static async Task<Guid> SignInAsync(ApiHost host, string email, string nonce, Guid? method = null)
    {
        var now = host.Clock.GetUtcNow();
        await using var db = host.Open();
        var user = new AccessUser { Id = Guid.CreateVersion7(now), Email = email, CreatedAt = now, LastLoginAt = now };
        db.AccessUsers.Add(user);
        db.AccessSessions.Add(new AccessSession
        {
            Nonce = nonce,
            UserId = user.Id,
            Email = email,
            Subject = "s",
            LoginMethodId = method ?? Guid.CreateVersion7(now),
            ClaimsJson = "{}",
            Address = "192.0.2.1",
            CreatedAt = now,
            ExpiresAt = now.AddHours(1),
            ForgetAt = now.AddHours(25),
        });
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        return user.Id;
    }
}
