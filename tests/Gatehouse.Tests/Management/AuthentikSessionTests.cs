using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Management.Http;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Tokens;
using Gatehouse.Tests.Fakes;
using Gatehouse.Web.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary>Browsers as callers of the API: CSRF, impersonation, and the list of their sessions.</summary>
public class AuthentikSessionTests
{
    [Fact]
    public async Task A11_a_session_reads_with_its_cookie_and_writes_only_with_proof()
    {
        await using var host = await ApiHost.StartAsync();
        var (session, _) = await SignInAsync(host, host.AdminId);
        host.Browsers.Known["page"] = () => new BrowserCaller(host.AdminId, host.AdminId, session, IsProven: true) { IsFresh = true };
        host.Browsers.Known["elsewhere"] = () => new BrowserCaller(host.AdminId, host.AdminId, session, IsProven: false);

        Assert.Equal("akadmin", (await SendAsync(host, "GET", "/core/users/me/", "elsewhere")).Expect(200).Text("user.username"));
        Assert.Contains("CSRF", (await SendAsync(host, "POST", "/core/groups/", "elsewhere", new JsonObject { ["name"] = "g" })).Expect(403).Text("detail"), StringComparison.Ordinal);
        (await SendAsync(host, "POST", "/core/groups/", "page", new JsonObject { ["name"] = "g" })).Expect(201);
        (await SendAsync(host, "GET", "/core/users/me/", "nobody")).Expect(403);

        // What a form of another site can send (no preflight: text/plain), and what the other API, which knows no cookies, makes of it.
        Assert.Equal(403, await PostTextAsync(host, "/api/v3/core/groups/"));
        Assert.InRange(await PostTextAsync(host, $"/client/v4/accounts/{ApiHost.Account}/access/groups"), 400, 403);
        Assert.Single((await host.AuthentikAsync("GET", "/core/groups/?search=g&name=g")).Body!["results"]!.AsArray());
    }

    [Theory]
    [InlineData("one")]
    [InlineData("all")]
    [InlineData("deactivate")]
    public async Task Whose_sessions_an_administrator_ends_is_asked_again_where_a_browser_remembered_a_second_factor(string how)
    {
        await using var host = await ApiHost.StartAsync();
        var (session, _) = await SignInAsync(host, host.UserId);

        var reply = how switch
        {
            "one" => await host.AuthentikAsync("DELETE", $"/core/authenticated_sessions/{session}/"),
            "all" => await host.AuthentikAsync("DELETE", $"/core/authenticated_sessions/bulk_delete/?user_pks={host.UserId}"),
            _ => await host.AuthentikAsync("PATCH", $"/core/users/{host.UserId}/", new JsonObject { ["is_active"] = false }),
        };

        Assert.InRange(reply.Status, 200, 204);
        await using var db = host.Open();
        Assert.Equal([1, 0], await db.Users.Where(u => u.Id == host.UserId || u.Id == host.AdminId).OrderByDescending(u => u.MfaEpoch).Select(u => u.MfaEpoch).ToListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Impersonation_swaps_the_user_shows_the_administrator_and_ends()
    {
        await using var host = await ApiHost.StartAsync();
        var (session, _) = await SignInAsync(host, host.AdminId);
        host.Browsers.Known["page"] = () => Caller(host, session);

        (await SendAsync(host, "POST", $"/core/users/{host.UserId}/impersonate/", "page", new JsonObject())).Expect(400);
        (await SendAsync(host, "POST", $"/core/users/{host.AdminId}/impersonate/", "page", Reason())).Expect(401);
        (await SendAsync(host, "POST", $"/core/users/{host.UserId}/impersonate/", "page", Reason())).Expect(204);
        var me = (await SendAsync(host, "GET", "/core/users/me/", "page")).Expect(200);
        Assert.Equal(("bob", "akadmin"), (me.Text("user.username"), me.Text("original.username")));
        (await SendAsync(host, "GET", "/core/users/", "page")).Expect(403);

        (await SendAsync(host, "GET", "/core/users/impersonate_end/", "page")).Expect(204);
        Assert.Equal("akadmin", (await SendAsync(host, "GET", "/core/users/me/", "page")).Text("user.username"));
        var started = (await host.AuthentikAsync("GET", "/events/events/?action=impersonation_started")).Body!["results"]![0]!;
        Assert.Equal("akadmin", started["user"]!["username"]!.GetValue<string>());
        Assert.Equal("bob", started["context"]!["model"]!["name"]!.GetValue<string>());
        Assert.Equal("support", started["context"]!["reason"]!.GetValue<string>());
        var ended = (await host.AuthentikAsync("GET", "/events/events/?action=impersonation_ended")).Body!["results"]![0]!;
        Assert.Equal("akadmin", ended["user"]!["username"]!.GetValue<string>());
        Assert.Equal("bob", ended["user"]!["on_behalf_of"]!["username"]!.GetValue<string>());
        Assert.Equal("1", (await host.AuthentikAsync("GET", "/events/events/?action=impersonation_ended")).Text("pagination.count"));
    }

    [Fact]
    public async Task Whoever_impersonates_reads_and_changes_nothing_and_sees_no_token_not_even_as_a_superuser()
    {
        await using var host = await ApiHost.StartAsync();
        var admins = (await host.AuthentikAsync("GET", "/core/groups/?name=authentik%20Admins")).Text("results.0.pk");
        (await host.AuthentikAsync("POST", $"/core/groups/{admins}/add_user/", new JsonObject { ["pk"] = host.UserId })).Expect(204);
        var (session, _) = await SignInAsync(host, host.AdminId);
        host.Browsers.Known["page"] = () => Caller(host, session);
        (await SendAsync(host, "POST", $"/core/users/{host.UserId}/impersonate/", "page", Reason())).Expect(204);

        var routes = host.Endpoints.Where(e => e.RoutePattern.RawText!.StartsWith("/api/v3", StringComparison.Ordinal) && !e.RoutePattern.RawText.Contains("impersonate_end", StringComparison.Ordinal))
            .SelectMany(e => e.Metadata.GetMetadata<RouteNeeds>()?.ByMethod.Select(m => (Method: m.Key, Path: Fill(e.RoutePattern.RawText!), Need: m.Value)) ?? []).ToList();
        Assert.True(routes.Count > 200, $"found {routes.Count} routes");
        Assert.Equal(8, routes.Count(r => r.Need is Need.Self or Need.Key && r.Path.Contains("/core/tokens/", StringComparison.Ordinal)));
        foreach (var (method, path, need) in routes.Where(r => r.Need != Need.Nobody))
        {
            var reply = await SendAsync(host, method, path["/api/v3".Length..], "page", method is "POST" or "PUT" or "PATCH" ? new JsonObject() : null);
            var isRefused = reply.Status == 403 && reply.Text("detail")!.StartsWith("You are acting as somebody else", StringComparison.Ordinal);
            Assert.True(isRefused == (method != "GET" || need is Need.Self or Need.Key), $"{method} {path} ({need}) answered {reply.Status}");
        }

        (await SendAsync(host, "GET", "/core/users/impersonate_end/", "page")).Expect(204);
        (await SendAsync(host, "POST", "/core/tokens/", "page", new JsonObject { ["identifier"] = "mine" })).Expect(201);
    }

    [Fact]
    public async Task Who_acts_for_somebody_that_is_gone_is_nobody()
    {
        await using var host = await ApiHost.StartAsync();
        host.Browsers.Known["page"] = () => new BrowserCaller(host.AdminId, 99_999, Guid.CreateVersion7(), IsProven: true);

        (await SendAsync(host, "GET", "/core/users/me/", "page")).Expect(403);
    }

    [Fact]
    public async Task A_token_impersonates_nobody_and_no_ordinary_user_does()
    {
        await using var host = await ApiHost.StartAsync();

        (await host.AuthentikAsync("POST", $"/core/users/{host.UserId}/impersonate/", Reason())).Expect(401);
        (await host.AuthentikAsync("POST", $"/core/users/{host.AdminId}/impersonate/", Reason(), ApiHost.UserKey)).Expect(403);
        (await host.AuthentikAsync("PATCH", "/admin/settings/", new JsonObject { ["impersonation"] = false })).Expect(200);
        var (session, _) = await SignInAsync(host, host.AdminId);
        host.Browsers.Known["page"] = () => Caller(host, session);
        (await SendAsync(host, "POST", $"/core/users/{host.UserId}/impersonate/", "page", Reason())).Expect(401);
    }

    [Fact]
    public async Task S07_whoever_impersonates_another_or_nobody_leaves_nothing_granted_behind()
    {
        await using var host = await ApiHost.StartAsync();
        var (session, key) = await SignInAsync(host, host.AdminId);
        host.Browsers.Known["page"] = () => Caller(host, session);
        var provider = await host.AuthentikAsync("POST", "/providers/oauth2/", AuthentikRefusals.Provider(host, "one"));
        var bob2 = (await host.AuthentikAsync("POST", "/core/users/", new JsonObject { ["username"] = "bob2", ["name"] = "" })).Expect(201).Body!["pk"]!.GetValue<int>();
        await using (var db = host.Open())
        {
            foreach (var user in new[] { host.AdminId, host.UserId, bob2 })
            {
                db.Grants.Add(new OAuthGrant
                {
                    Id = Guid.CreateVersion7(),
                    ProviderId = provider.Body!["pk"]!.GetValue<int>(),
                    UserId = user,
                    SessionId = key,
                    Scopes = ["openid"],
                    AuthenticatedAt = host.Clock.GetUtcNow(),
                    CreatedAt = host.Clock.GetUtcNow(),
                    ExpiresAt = host.Clock.GetUtcNow().AddDays(1),
                });
            }

            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        (await SendAsync(host, "POST", $"/core/users/{host.UserId}/impersonate/", "page", Reason())).Expect(204);
        await using var after = host.Open();
        Assert.Equal([host.AdminId], await after.Grants.Where(g => g.RevokedAt == null).Select(g => g.UserId).ToListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task S01_ending_a_session_ends_what_was_granted_in_it()
    {
        await using var host = await ApiHost.StartAsync();
        var (mine, key) = await SignInAsync(host, host.UserId);
        var (other, _) = await SignInAsync(host, host.AdminId);
        var grant = Guid.CreateVersion7();
        var provider = await host.AuthentikAsync("POST", "/providers/oauth2/", AuthentikRefusals.Provider(host, "one"));
        await using (var db = host.Open())
        {
            db.Grants.Add(new OAuthGrant
            {
                Id = grant,
                ProviderId = provider.Body!["pk"]!.GetValue<int>(),
                UserId = host.UserId,
                SessionId = key,
                Scopes = ["openid"],
                AuthenticatedAt = host.Clock.GetUtcNow(),
                CreatedAt = host.Clock.GetUtcNow(),
                ExpiresAt = host.Clock.GetUtcNow().AddDays(1),
            });
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal("1", (await host.AuthentikAsync("GET", "/core/authenticated_sessions/", key: ApiHost.UserKey)).Text("pagination.count"));
        (await host.AuthentikAsync("GET", $"/core/authenticated_sessions/{other}/", key: ApiHost.UserKey)).Expect(404);
        (await host.AuthentikAsync("DELETE", $"/core/authenticated_sessions/{other}/", key: ApiHost.UserKey)).Expect(404);
        (await host.AuthentikAsync("DELETE", $"/core/authenticated_sessions/{mine}/", key: ApiHost.UserKey)).Expect(204);
        (await host.AuthentikAsync("GET", $"/core/authenticated_sessions/{mine}/")).Expect(404);
        Assert.Equal("1", (await host.AuthentikAsync("DELETE", $"/core/authenticated_sessions/bulk_delete/?user_pks={host.AdminId}")).Expect(200).Text("deleted"));
        await using var after = host.Open();
        Assert.NotNull((await after.Grants.SingleAsync(g => g.Id == grant, TestContext.Current.CancellationToken)).RevokedAt);
    }

    [Fact]
    public async Task CVE_2026_40166_people_see_their_own_oauth_tokens_without_the_clients_secret()
    {
        await using var host = await ApiHost.StartAsync();
        var provider = (await host.AuthentikAsync("POST", "/providers/oauth2/", AuthentikRefusals.Provider(host, "one"))).Expect(201);
        var providerId = provider.Body!["pk"]!.GetValue<int>();
        var (_, key) = await SignInAsync(host, host.UserId);
        var now = host.Clock.GetUtcNow();
        await using (var db = host.Open())
        {
            foreach (var user in new[] { host.UserId, host.AdminId })
            {
                var grant = new OAuthGrant { Id = Guid.CreateVersion7(), ProviderId = providerId, UserId = user, SessionId = key, Scopes = ["openid"], AuthenticatedAt = now, CreatedAt = now, ExpiresAt = now.AddDays(1) };
                db.Grants.Add(grant);
                db.OAuthTokens.Add(new OAuthToken { Hash = "a" + user, Kind = OAuthTokenKind.Access, GrantId = grant.Id, ProviderId = providerId, Scopes = ["openid"], CreatedAt = now, ExpiresAt = now.AddHours(1) });
                db.OAuthTokens.Add(new OAuthToken { Hash = "r" + user, Kind = OAuthTokenKind.Refresh, GrantId = grant.Id, ProviderId = providerId, Scopes = ["openid"], CreatedAt = now, ExpiresAt = now.AddHours(1) });
                db.AuthorizationCodes.Add(new AuthorizationCode { Hash = "c" + user, GrantId = grant.Id, ProviderId = providerId, RedirectUri = "https://rp.example/cb", ExpiresAt = now.AddMinutes(1) });
            }

            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        foreach (var kind in new[] { "access_tokens", "refresh_tokens", "authorization_codes" })
        {
            var own = (await host.AuthentikAsync("GET", $"/oauth2/{kind}/", key: ApiHost.UserKey)).Expect(200);
            var all = (await host.AuthentikAsync("GET", $"/oauth2/{kind}/")).Expect(200);
            Assert.Equal(("1", "2"), (own.Text("pagination.count"), all.Text("pagination.count")));
            Assert.DoesNotContain(provider.Text("client_secret")!, own.Body!.ToJsonString() + all.Body!.ToJsonString(), StringComparison.Ordinal);
            var foreign = all.Body["results"]!.AsArray().First(t => t!["user"]!["pk"]!.GetValue<int>() == host.AdminId)!["pk"]!.GetValue<long>();
            (await host.AuthentikAsync("GET", $"/oauth2/{kind}/{foreign}/", key: ApiHost.UserKey)).Expect(404);
            (await host.AuthentikAsync("DELETE", $"/oauth2/{kind}/{foreign}/", key: ApiHost.UserKey)).Expect(404);
            (await host.AuthentikAsync("GET", $"/oauth2/{kind}/{foreign}/")).Expect(200);
            (await host.AuthentikAsync("DELETE", $"/oauth2/{kind}/{foreign}/")).Expect(204);
            (await host.AuthentikAsync("GET", $"/oauth2/{kind}/{foreign}/")).Expect(404);
        }
    }

    private static BrowserCaller? Caller(ApiHost host, Guid session)
    {
        using var db = host.Open();
        var found = db.AuthenticatedSessions.Single(s => s.Uuid == session);
        return new BrowserCaller(found.ImpersonatedUserId ?? found.UserId, found.UserId, session, IsProven: true) { IsFresh = true };
    }

    internal static string Fill(string pattern) => Regex.Replace(pattern, "{[a-z]+}", "00000000-0000-0000-0000-000000000001");

    private static JsonObject Reason() => new() { ["reason"] = "support" };

    internal static async Task<ApiReply> SendAsync(ApiHost host, string method, string path, string browser, JsonNode? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/api/v3" + path);
        request.Headers.Add(FakeBrowsers.Header, browser);
        request.Content = body is null ? null : new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await ApiReply.ReadAsync(response);
    }

    private static async Task<int> PostTextAsync(ApiHost host, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("""{"name":"planted","include":[{"everyone":{}}]}""", System.Text.Encoding.UTF8, "text/plain") };
        request.Headers.Add(FakeBrowsers.Header, "elsewhere");
        request.Headers.Add("Cookie", "__Host-authentik_session=session; authentik_session=session; CF_Authorization=token");
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }

    internal static async Task<(Guid Uuid, string Key)> SignInAsync(ApiHost host, int userId)
    {
        var now = host.Clock.GetUtcNow();
        var session = new AuthenticatedSession
        {
            Id = Convert.ToHexStringLower(Guid.CreateVersion7().ToByteArray()),
            Uuid = Guid.CreateVersion7(),
            UserId = userId,
            AuthenticatedAt = now,
            LastAddress = "192.0.2.1",
            LastUserAgent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
            LastUsedAt = now,
            ExpiresAt = now.AddDays(1),
        };
        await using var db = host.Open();
        db.AuthenticatedSessions.Add(session);
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        return (session.Uuid, session.Id);
    }
}

/// <summary>Bodies that several classes send.</summary>
internal static class AuthentikRefusals
{
    public static JsonObject Provider(ApiHost host, string name) => new()
    {
        ["name"] = name,
        ["authorization_flow"] = host.Flow.ToString(),
        ["invalidation_flow"] = host.Flow.ToString(),
        ["redirect_uris"] = new JsonArray(new JsonObject { ["matching_mode"] = "strict", ["url"] = "https://rp.example/cb" }),
    };
}
