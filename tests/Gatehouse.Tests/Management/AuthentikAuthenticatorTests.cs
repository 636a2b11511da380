using System.Text.Json.Nodes;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Tokens;
using Gatehouse.Tests.Fakes;
using Gatehouse.Web.Sessions;

namespace Gatehouse.Tests.Management;

/// <summary>/authenticators/: owners see and change their own, superusers everybody's, and nobody a secret.</summary>
public class AuthentikAuthenticatorTests
{
    [Fact]
    public async Task Owners_see_their_own_with_every_key_that_clients_require()
    {
        await using var host = await ApiHost.StartAsync();
        await SeedAsync(host);

        var own = (await host.AuthentikAsync("GET", "/authenticators/all/", key: ApiHost.UserKey)).Expect(200).Body!.AsArray();

        Assert.Equal(
            ["authentik_stages_authenticator_totp.totpdevice", "authentik_stages_authenticator_static.staticdevice", "authentik_stages_authenticator_webauthn.webauthndevice"],
            own.Select(d => (string?)d!["type"])); // every device has a type
        Assert.Equal(
            ["confirmed", "created", "external_id", "extra_description", "last_updated", "last_used", "meta_model_name", "name", "pk", "type", "verbose_name", "verbose_name_plural"],
            own[0]!.AsObject().Select(p => p.Key).Order()); // three devices
        Assert.Empty((await host.AuthentikAsync("GET", "/authenticators/all/")).Expect(200).Body!.AsArray());

        var totp = (await host.AuthentikAsync("GET", "/authenticators/totp/", key: ApiHost.UserKey)).Expect(200);
        Assert.Equal(["name", "pk", "user"], totp.Body!["results"]![0]!.AsObject().Select(p => p.Key).Order());
        Assert.Equal("bob", totp.Text("results.0.user.username"));
        var codes = (await host.AuthentikAsync("GET", "/authenticators/static/", key: ApiHost.UserKey)).Expect(200);
        Assert.Equal(2, codes.Body!["results"]![0]!["token_set"]!.AsArray().Count);
        var key = (await host.AuthentikAsync("GET", "/authenticators/webauthn/", key: ApiHost.UserKey)).Expect(200);
        Assert.Equal(["aaguid", "created_on", "device_type", "name", "pk", "user"], key.Body!["results"]![0]!.AsObject().Select(p => p.Key).Order());
        foreach (var reply in new[] { totp, codes, key })
        {
            Assert.DoesNotContain("AQIDBA", reply.Body!.ToJsonString(), StringComparison.Ordinal);
            Assert.DoesNotContain("hash-of-a-code", reply.Body!.ToJsonString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("totp")]
    [InlineData("static")]
    [InlineData("webauthn")]
    public async Task A04_nobody_reads_renames_or_removes_what_is_somebody_elses(string which)
    {
        await using var host = await ApiHost.StartAsync();
        await SeedAsync(host);
        var pk = (await host.AuthentikAsync("GET", $"/authenticators/{which}/", key: ApiHost.UserKey)).Text("results.0.pk");
        var name = new JsonObject { ["name"] = "new" };

        // The administrator is somebody else, too, outside of admin/.
        (await host.AuthentikAsync("GET", $"/authenticators/{which}/{pk}/")).Expect(404);
        (await host.AuthentikAsync("GET", $"/authenticators/{which}/{pk}/used_by/")).Expect(404);
        (await host.AuthentikAsync("PATCH", $"/authenticators/{which}/{pk}/", name.DeepClone())).Expect(404);
        (await host.AuthentikAsync("DELETE", $"/authenticators/{which}/{pk}/")).Expect(404);
        foreach (var method in new[] { "GET", "PUT", "PATCH", "DELETE" })
        {
            (await host.AuthentikAsync(method, $"/authenticators/admin/{which}/{pk}/", method is "GET" or "DELETE" ? null : name.DeepClone(), ApiHost.UserKey)).Expect(403);
        }

        (await host.AuthentikAsync("GET", $"/authenticators/admin/all/?user={host.UserId}", key: ApiHost.UserKey)).Expect(403);
    }

    [Theory]
    [InlineData("totp", 64)]
    [InlineData("static", 64)]
    [InlineData("webauthn", 200)]
    public async Task Q47_owners_rename_theirs_and_remove_them_only_when_they_signed_in_a_moment_ago(string which, int longest)
    {
        await using var host = await ApiHost.StartAsync();
        await SeedAsync(host);
        var pk = (await host.AuthentikAsync("GET", $"/authenticators/{which}/", key: ApiHost.UserKey)).Text("results.0.pk");
        var path = $"/authenticators/{which}/{pk}/";

        (await host.AuthentikAsync("PUT", path, new JsonObject(), ApiHost.UserKey)).Expect(400);
        (await host.AuthentikAsync("PATCH", path, new JsonObject { ["name"] = " " }, ApiHost.UserKey)).Expect(400);
        (await host.AuthentikAsync("PATCH", path, new JsonObject { ["name"] = new string('x', longest + 1) }, ApiHost.UserKey)).Expect(400);
        Assert.Equal("mine", (await host.AuthentikAsync("PATCH", path, new JsonObject { ["name"] = "mine" }, ApiHost.UserKey)).Expect(200).Text("name"));
        Assert.Equal("mine", (await host.AuthentikAsync("GET", path, key: ApiHost.UserKey)).Expect(200).Text("name"));

        // Whoever found a token must not take the second factor away with it.
        Assert.Contains("Sign in again", (await host.AuthentikAsync("DELETE", path, key: ApiHost.UserKey)).Expect(403).Text("detail"), StringComparison.Ordinal);
        host.OAuth.Known["a.b.c"] = new ApiAccess(Guid.CreateVersion7(), host.UserId, host.Clock.GetUtcNow().AddHours(1));
        (await host.AuthentikAsync("DELETE", path, key: "a.b.c")).Expect(403);
        Assert.Equal(403, await DeleteAsync(host, path, isFresh: false));
        (await host.AuthentikAsync("GET", path, key: ApiHost.UserKey)).Expect(200);
        Assert.Equal(204, await DeleteAsync(host, path, isFresh: true));
        (await host.AuthentikAsync("GET", path, key: ApiHost.UserKey)).Expect(404);
    }

    [Fact]
    public async Task Superusers_see_and_remove_everybodys_but_make_none()
    {
        await using var host = await ApiHost.StartAsync();
        await SeedAsync(host);

        Assert.Equal(3, (await host.AuthentikAsync("GET", $"/authenticators/admin/all/?user={host.UserId}")).Expect(200).Body!.AsArray().Count);
        (await host.AuthentikAsync("GET", "/authenticators/admin/all/?user=x")).Expect(400);
        (await host.AuthentikAsync("POST", "/authenticators/admin/totp/", new JsonObject { ["name"] = "x" })).Expect(400);
        var pk = (await host.AuthentikAsync("GET", "/authenticators/admin/totp/?search=PHO")).Expect(200).Text("results.0.pk");
        (await host.AuthentikAsync("DELETE", $"/authenticators/admin/totp/{pk}/")).Expect(204);
        Assert.Equal(2, (await host.AuthentikAsync("GET", $"/authenticators/admin/all/?user={host.UserId}")).Body!.AsArray().Count);
    }

    [Fact]
    public async Task A_superuser_removes_their_own_with_a_token()
    {
        await using var host = await ApiHost.StartAsync();
        var now = host.Clock.GetUtcNow();
        var device = new TotpDevice { UserId = host.AdminId, Name = "mine", EnrolmentId = Guid.CreateVersion7(), SealedSecret = [1], Digits = 6, LastStep = 0, CreatedAt = now, UpdatedAt = now };
        await using (var db = host.Open())
        {
            db.Add(device);
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        (await host.AuthentikAsync("DELETE", $"/authenticators/totp/{device.Id}/")).Expect(204);
    }

    private static async Task<int> DeleteAsync(ApiHost host, string path, bool isFresh)
    {
        host.Browsers.Known["page"] = () => new BrowserCaller(host.UserId, host.UserId, Guid.CreateVersion7(), IsProven: true) { IsFresh = isFresh };
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/api/v3" + path);
        request.Headers.Add(FakeBrowsers.Header, "page");
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }

    private static async Task SeedAsync(ApiHost host)
    {
        await using var db = host.Open();
        var now = host.Clock.GetUtcNow();
        db.Add(new TotpDevice { UserId = host.UserId, Name = "phone", EnrolmentId = Guid.CreateVersion7(), SealedSecret = [1, 2, 3, 4], Digits = 6, LastStep = 0, CreatedAt = now, UpdatedAt = now });
        db.Add(new StaticDevice
        {
            UserId = host.UserId,
            Name = "paper",
            EnrolmentId = Guid.CreateVersion7(),
            CreatedAt = now,
            UpdatedAt = now,
            Codes = [new StaticCode { DeviceId = 0, Hash = "hash-of-a-code-1" }, new StaticCode { DeviceId = 0, Hash = "hash-of-a-code-2" }],
        });
        db.Add(new WebAuthnDevice
        {
            UserId = host.UserId,
            Name = "key",
            CredentialId = "abc",
            PublicKey = [1, 2, 3, 4],
            SignCount = 0,
            Aaguid = Guid.Empty,
            IsBackupEligible = false,
            IsBackedUp = false,
            RpId = "auth.example.com",
            CreatedAt = now,
            UpdatedAt = now,
        });
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
    }
}
