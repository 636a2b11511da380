using System.Net;
using System.Text.RegularExpressions;
using Gatehouse.Identity.Oidc;
using Gatehouse.Model.Brands;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>The pages that browsers open, and what load balancers ask.</summary>
public partial class PageTests
{
    [Fact]
    public async Task The_front_door_leads_to_sign_in_or_to_the_users_page()
    {
        await using var host = await SignInHost.StartAsync();
        using var stranger = host.Browser();
        using var alice = await host.SignedInAsync();

        Assert.Equal("/flows/-/default/authentication/?next=%2Fif%2Fuser%2F", await TargetAsync(stranger, "/"));
        Assert.Equal("/if/user/", await TargetAsync(alice, "/"));
        Assert.Equal("/if/flow/default-authentication-flow/?next=%2Fif%2Fuser%2F", await TargetAsync(stranger, "/flows/-/default/authentication/?next=%2Fif%2Fuser%2F"));
        Assert.Equal("/if/flow/default-invalidation-flow/", await TargetAsync(stranger, "/flows/-/default/invalidation/"));
        Assert.Equal("/setup", await TargetAsync(stranger, "/if/flow/initial-setup/"));
        Assert.Equal("/", await TargetAsync(stranger, "/flows/-/cancel/"));
        Assert.Equal("/", await TargetAsync(stranger, "/flows/-/cancel/?next=//evil"));
        Assert.Equal("/flows/-/default/authentication/?next=%2Fif%2Fuser%2F", await TargetAsync(stranger, "/if/user/"));
    }

    [Fact]
    public async Task The_page_of_a_flow_has_no_inline_script_and_its_script_may_be_kept_for_ever()
    {
        await using var host = await SignInHost.StartAsync();
        using var browser = host.Browser();

        using var page = await browser.GetAsync("/if/flow/default-authentication-flow/?next=/x");
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var source = ScriptElement().Match(html).Groups[1].Value;
        using var script = await browser.GetAsync(source);

        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Equal(1, html.Split("<script").Length - 1);
        Assert.Contains("<noscript>", html, StringComparison.Ordinal);
        Assert.Equal("no-store", page.Headers.CacheControl!.ToString()); // asserted by Equal
        Assert.Equal((HttpStatusCode.OK, "public, max-age=31536000, immutable"), (script.StatusCode, script.Headers.GetValues("Cache-Control").Single()));
        Assert.Equal("text/javascript", script.Content.Headers.ContentType!.MediaType); // asserted by Equal
        using var unknown = await browser.GetAsync("/if/flow/nothing-here/");
        using var none = await browser.GetAsync("/flows/-/default/nothing/");
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (unknown.StatusCode, none.StatusCode));
    }

    [Theory]
    [InlineData("https://flow.test/a.jpg", "https://brand.test/b.jpg", "https://flow.test/a.jpg", "img-src 'self' data: https://flow.test;")]
    [InlineData("", "https://brand.test/b.jpg", "https://brand.test/b.jpg", "img-src 'self' data: https://brand.test;")]
    [InlineData("/media/a.jpg", "", "/media/a.jpg", "img-src 'self' data:;")]
    [InlineData("javascript:alert(1)", "", null, "img-src 'self' data:;")]
    [InlineData("https://flow.test:8443/a,b.jpg", "", "https://flow.test:8443/a,b.jpg", "img-src 'self' data: https://flow.test:8443;")]
    [InlineData("https://[2001:db8::1]/a.jpg", "", "https://[2001:db8::1]/a.jpg", "img-src 'self' data: https://[2001:db8::1];")]
    [InlineData("https://b\u00fccher.test/a.jpg", "", "https://b&#xFC;cher.test/a.jpg", "img-src 'self' data: https://xn--bcher-kva.test;")]
    [InlineData("https://user,script-src@flow.test/a.jpg", "", null, "img-src 'self' data:;")]
    [InlineData("https://a,b.test/a.jpg", "", null, "img-src 'self' data:;")]
    [InlineData("//evil.test/a.jpg", "", null, "img-src 'self' data:;")]
    [InlineData("", "", null, "img-src 'self' data:;")]
    public async Task The_background_of_a_flow_or_of_the_brand_stands_behind_its_page(string flow, string brand, string? shown, string policy)
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            (await db.Flows.SingleAsync(f => f.Slug == "default-authentication-flow", TestContext.Current.CancellationToken)).Background = flow;
            db.Brands.Add(new Brand { Id = Guid.CreateVersion7(), Domain = "else.test", IsDefault = true, Background = brand });
        });
        using var browser = host.Browser();

        using var page = await browser.GetAsync("/if/flow/default-authentication-flow/");
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(shown is null ? [] : [shown], Backdrop().Matches(html).Select(m => m.Groups[1].Value));
        Assert.Contains(policy, page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_allows_the_picture_of_the_application_that_consent_is_asked_for()
    {
        const string Flow = "default-provider-authorization-explicit-consent";
        await using var host = await SignInHost.StartAsync();
        host.Pending = new PendingAuthorization(Guid.CreateVersion7(), "Wiki", Flow, [], MustConsent: false) { Icon = "https://wiki.test/icon.svg" };
        var judged = host.Reads;
        using var alice = await host.SignedInAsync();
        using var stranger = host.Browser();

        using var page = await alice.GetAsync($"/if/flow/{Flow}/");
        using var closed = await stranger.GetAsync($"/if/flow/{Flow}/");

        Assert.Equal(judged, host.Reads); // the flow judges, its page need not
        Assert.Contains(" https://wiki.test;", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("wiki.test", closed.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("https://wiki.test/icon.svg", (await alice.Flow(Flow).ShowAsync()).Text("application_icon"));
    }

    [Fact]
    public async Task The_users_page_shows_what_can_be_opened_and_nothing_that_must_not_be()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            (await db.Users.SingleAsync(u => u.Username == "alice")).Name = "<b>Alice</b>";
            await AddAsync(db, "wiki", "https://wiki.test/start", "https://other.test/cb");
            await AddAsync(db, "mail", "", "https://mail.test:8443/cb?x=1");
            await AddAsync(db, "script", "javascript:alert(1)", null);
            await AddAsync(db, "blank", "blank://blank", null);
            await AddAsync(db, "empty", "", null);
            await AddAsync(db, "secret", "https://secret.test/", null, isHidden: true);
        });
        using var alice = await host.SignedInAsync();

        using var page = await alice.GetAsync("/if/user/");
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["https://mail.test:8443/", "https://wiki.test/start"], TileLink().Matches(html).Select(m => m.Groups[1].Value));
        Assert.DoesNotContain("<b>Alice", html, StringComparison.Ordinal);
        Assert.Contains("href=\"/flows/-/default/invalidation/\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Row_52_health_says_whether_the_database_answers()
    {
        await using var host = await SignInHost.StartAsync();
        await using var down = await SignInHost.StartAsync(new NoDatabase());
        using var well = host.Browser();
        using var ill = down.Browser();

        Assert.Equal((200, 200), (await StatusAsync(well, "/-/health/live/"), await StatusAsync(well, "/-/health/ready/")));
        Assert.Equal((200, 503), (await StatusAsync(ill, "/-/health/live/"), await StatusAsync(ill, "/-/health/ready/")));
        using var setup = await ill.SendAsync(HttpMethod.Head, "/setup", null);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, setup.StatusCode);
    }

    [Fact]
    public async Task An_old_hash_is_made_anew_at_sign_in()
    {
        await using var host = await SignInHost.StartAsync();
        var cheap = "pbkdf2_sha512$1000$AAAAAAAAAAAAAAAAAAAAAA==$" + Convert.ToBase64String(System.Security.Cryptography.Rfc2898DeriveBytes.Pbkdf2(
            SignInHost.Password, new byte[16], 1000, System.Security.Cryptography.HashAlgorithmName.SHA512, 64));
        await host.ChangeAsync(async db => (await db.Users.SingleAsync(u => u.Username == "alice")).PasswordHash = cheap);

        using var alice = await host.SignedInAsync();

        var kept = await host.ReadAsync(db => db.Users.Where(u => u.Username == "alice").Select(u => u.PasswordHash).SingleAsync(TestContext.Current.CancellationToken));
        Assert.False(PasswordHash.IsOutdated(kept!)); // was set
        Assert.True(PasswordHash.Verify(SignInHost.Password, kept!)); // was set
    }

    [GeneratedRegex("<img class=\"backdrop\" src=\"([^\"]*)\"")]
    private static partial Regex Backdrop();

    [GeneratedRegex("<script type=\"module\" src=\"([^\"]+)\"></script>")]
    private static partial Regex ScriptElement();

    [GeneratedRegex("class=\"tile\" href=\"([^\"]+)\"")]
    private static partial Regex TileLink();

    private static async Task<string?> TargetAsync(Browser browser, string path)
    {
        using var response = await browser.GetAsync(path);
        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        return response.Headers.Location?.OriginalString;
    }

    private static async Task<int> StatusAsync(Browser browser, string path)
    {
        using var response = await browser.GetAsync(path);
        Assert.Equal("", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (int)response.StatusCode;
    }

    private static async Task AddAsync(GatehouseDb db, string slug, string launch, string? redirect, bool isHidden = false)
    {
        var flow = await db.Flows.FirstAsync();
        var provider = new OAuth2Provider
        {
            Name = slug,
            ClientId = slug,
            SealedClientSecret = [1],
            RedirectUris = redirect is null ? [] : [new RedirectUri(MatchingMode.Strict, redirect, RedirectUriType.Authorization)],
            AuthorizationFlowId = flow.Id,
            InvalidationFlowId = flow.Id,
        };
        db.Providers.Add(provider);
        await db.SaveChangesAsync();
        db.ProviderApplications.Add(new ProviderApplication { Id = Guid.CreateVersion7(), Slug = slug, Name = slug, ProviderId = provider.Id, LaunchUrl = launch, IsHidden = isHidden });
    }

    private sealed class NoDatabase : IDbContextFactory<GatehouseDb>
    {
        public GatehouseDb CreateDbContext() =>
            new SqliteDb(new DbContextOptionsBuilder<SqliteDb>().UseSqlite("Data Source=/nowhere/at/all.db;Mode=ReadWrite;Pooling=False").Options);
    }
}
