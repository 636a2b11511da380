using Gatehouse.Management.Setup;
using Gatehouse.Model.Keys;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>The bootstrap variables and the demo.</summary>
public class SetupTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_password_counts_on_the_very_first_start_only()
    {
        await using var host = await ApiHost.StartAsync();
        var bootstrap = host.Services.GetRequiredService<Bootstrap>();

        Assert.Equal(new BootstrapResult.Done(false), await bootstrap.EnsureBootstrapAsync(null, null, null, Token));
        Assert.Equal(new BootstrapResult.Done(true), await bootstrap.EnsureBootstrapAsync("Root@Example.org", "first", "tok-1", Token));
        Assert.Equal(new BootstrapResult.Done(true), await bootstrap.EnsureBootstrapAsync("other@example.org", "second", "tok-2", Token));
        Assert.Equal(new BootstrapResult.Done(true), await bootstrap.EnsureBootstrapAsync(null, null, "tok-2", Token));

        await using var db = host.Open();
        var admin = await db.Users.SingleAsync(u => u.Id == host.AdminId, Token);
        Assert.True(PasswordHash.Verify("first", admin.PasswordHash!));
        Assert.Equal("root@example.org", admin.Email);
        Assert.Equal("true", (await db.Settings.SingleAsync(s => s.Name == SettingNames.SetupDone, Token)).Value);
        var token = await db.ApiTokens.SingleAsync(t => t.Identifier == "authentik-bootstrap-token", Token);
        Assert.Null(token.ExpiresAt);
        (await host.AuthentikAsync("GET", "/core/users/", key: "tok-1")).Expect(403);
        (await host.AuthentikAsync("GET", "/core/users/", key: "tok-2")).Expect(200);
        (await host.CloudflareAsync("GET", "/access/apps", key: "tok-2")).Expect(200);
    }

    [Fact]
    public async Task U05_set_up_stays_closed_when_the_first_administrator_is_gone()
    {
        await using var host = await ApiHost.StartAsync();
        var bootstrap = host.Services.GetRequiredService<Bootstrap>();
        await bootstrap.EnsureBootstrapAsync(null, "first", null, Token);
        (await host.AuthentikAsync("DELETE", $"/core/users/{host.AdminId}/")).Expect(204);

        Assert.Equal(new BootstrapResult.Done(true), await bootstrap.EnsureBootstrapAsync(null, "second", null, Token));
        Assert.IsType<BootstrapResult.Refused>(await bootstrap.EnsureBootstrapAsync(null, null, "tok", Token));

        await using var db = host.Open();
        Assert.False(await db.Users.AnyAsync(u => u.UsernameKey == "akadmin", Token));
    }

    [Fact]
    public async Task An_empty_password_is_refused_and_a_bad_address_only_while_it_counts()
    {
        await using var host = await ApiHost.StartAsync();
        var bootstrap = host.Services.GetRequiredService<Bootstrap>();

        Assert.IsType<BootstrapResult.Refused>(await bootstrap.EnsureBootstrapAsync(null, "", null, Token));
        Assert.Equal(new BootstrapResult.Done(true), await bootstrap.EnsureBootstrapAsync(null, "first", null, Token));
        Assert.Equal(new BootstrapResult.Done(true), await bootstrap.EnsureBootstrapAsync("two@at@example.com", "", "tok", Token));
    }

    [Theory]
    [InlineData("two@at@example.com", "tok")]
    [InlineData(null, "a b")]
    [InlineData(null, "tök")]
    [InlineData(null, "user-key")]
    public async Task What_can_not_be_used_is_refused(string? email, string token)
    {
        await using var host = await ApiHost.StartAsync();

        var result = await host.Services.GetRequiredService<Bootstrap>().EnsureBootstrapAsync(email, "pw", token, Token);

        Assert.DoesNotContain("pw", Assert.IsType<BootstrapResult.Refused>(result).Reason, StringComparison.Ordinal);
        await using var db = host.Open();
        Assert.False(await db.Settings.AnyAsync(s => s.Name == SettingNames.SetupDone, Token));
    }

    [Fact]
    public async Task The_demo_is_laid_once_and_follows_its_origin()
    {
        await using var host = await ApiHost.StartAsync();
        var demo = host.Services.GetRequiredService<LayDemo>();
        Assert.IsType<DemoResult.Refused>(await demo.EnsureAsync(new Uri("http://127.0.0.1:1"), "pw", Token));
        var method = await AddLoginMethodAsync(host);

        var first = Assert.IsType<DemoResult.Done>(await demo.EnsureAsync(new Uri("http://127.0.0.1:5001"), "secret", Token));
        var second = Assert.IsType<DemoResult.Done>(await demo.EnsureAsync(new Uri("http://127.0.0.1:5002/"), "other", Token));

        Assert.Equal((first.Aud, false), (second.Aud, second.IsNewUser));
        await using var db = host.Open();
        var app = await db.Apps.Include(a => a.Policies).ThenInclude(l => l.Policy).SingleAsync(Token);
        Assert.Equal(("whoami.example.com", true, method), (app.Domains.Single(), app.AutoRedirectToIdentity, app.AllowedLoginMethods.Single()));
        Assert.Equal([new Rule.EmailDomain("example.com"), new Rule.OidcClaim("groups", "demo", method)], app.Policies.Single().Policy!.Include);
        Assert.Contains("http://127.0.0.1:5002\"", (await db.TunnelConfigurations.SingleAsync(Token)).Json, StringComparison.Ordinal);
        var ada = await db.Users.Include(u => u.Groups).ThenInclude(m => m.Group).SingleAsync(u => u.UsernameKey == "ada", Token);
        Assert.Equal(("Ada Lovelace", "ada@example.com", "demo"), (ada.Name, ada.Email, ada.Groups.Single().Group!.Name));
        Assert.False(PasswordHash.Verify("other", ada.PasswordHash!));
    }

    private static async Task<Guid> AddLoginMethodAsync(ApiHost host)
    {
        await using var db = host.Open();
        var method = new LoginMethod
        {
            Id = Guid.CreateVersion7(),
            Name = "Authentik",
            Type = "oidc",
            ClientId = "c",
            SealedClientSecret = host.Box.Seal([1], SecretPurposes.LoginMethodClientSecret),
            AuthUrl = "https://auth.example.com/a",
            TokenUrl = "https://auth.example.com/t",
            CertsUrl = "https://auth.example.com/j",
        };
        db.Add(method);
        await db.SaveChangesAsync(Token);
        return method.Id;
    }
}
