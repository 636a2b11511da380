using System.Text.RegularExpressions;
using Gatehouse.Model.Brands;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Stages;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.Stages;

/// <summary>What people may do with their own account on their own page, and what nobody else can make them do.</summary>
public partial class UserPageTests
{
    [Fact]
    public async Task A_new_password_needs_the_old_one_and_ends_the_other_sessions()
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.SignedInAsync();
        using var other = await host.SignedInAsync();

        Assert.Equal(400, await PostAsync(alice, "password/", ("current", "wrong"), ("new", Laid.NewPassword), ("repeat", Laid.NewPassword)));
        Assert.Equal(400, await PostAsync(alice, "password/", ("current", SignInHost.Password), ("new", Laid.NewPassword), ("repeat", "another")));
        Assert.Equal(400, await PostAsync(alice, "password/", ("current", SignInHost.Password), ("new", "short"), ("repeat", "short")));
        Assert.Equal(303, await PostAsync(alice, "password/", ("current", SignInHost.Password), ("new", Laid.NewPassword), ("repeat", Laid.NewPassword)));

        Assert.True(PasswordHash.Verify(Laid.NewPassword, (await host.UserAsync("alice"))!.PasswordHash!)); // set above
        Assert.Equal(200, await StatusAsync(alice));
        Assert.Equal(302, await StatusAsync(other));
    }

    [Fact]
    public async Task The_brands_flow_for_settings_is_led_to_and_leads_back()
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.SignedInAsync();
        Assert.DoesNotContain("own-settings", await HtmlAsync(alice), StringComparison.Ordinal);

        await host.ChangeAsync(async db =>
        {
            var flow = new Flow { Id = Guid.CreateVersion7(), Slug = "own-settings", Name = "settings", Title = "Phone & <language>", Designation = "stage_configuration" };
            db.Flows.Add(flow);
            var brand = await db.Brands.SingleOrDefaultAsync(TestContext.Current.CancellationToken) ?? db.Brands.Add(new Brand { Id = Guid.CreateVersion7(), Domain = "authentik-default", IsDefault = true }).Entity;
            brand.UserSettingsFlowId = flow.Id;
        });

        Assert.Contains("<a href=\"/if/flow/own-settings/?next=%2Fif%2Fuser%2F\">Phone &amp; &lt;language&gt;</a>", await HtmlAsync(alice), StringComparison.Ordinal);
    }

    [Fact]
    public async Task S02_a_form_of_another_site_or_without_the_pages_token_changes_nothing()
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");
        var (hers, his) = (await CsrfAsync(alice), await CsrfAsync(bob));
        var wanted = ("name", "Mallory");

        Assert.Equal(403, await SendAsync(alice, "profile/", [("csrf", hers), wanted], ("Sec-Fetch-Site", "cross-site")));
        Assert.Equal(403, await SendAsync(alice, "profile/", [("csrf", hers), wanted], ("Origin", "https://evil.example")));
        Assert.Equal(403, await SendAsync(alice, "profile/", [wanted]));
        Assert.Equal(403, await SendAsync(alice, "profile/", [("csrf", his), wanted]));
        Assert.Equal("", (await host.UserAsync("alice"))!.Name); // seeded
        Assert.Equal(303, await SendAsync(alice, "profile/", [("csrf", hers), ("name", "Alice")]));
        Assert.Equal("Alice", (await host.UserAsync("alice"))!.Name); // seeded
    }

    [Fact]
    public async Task U08_an_address_or_username_is_changed_only_where_an_attribute_allows_it()
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.SignedInAsync();

        Assert.Equal(400, await PostAsync(alice, "profile/", ("email", "ceo@example.com")));
        Assert.Equal(400, await PostAsync(alice, "profile/", ("username", "akadmin")));
        await host.ChangeAsync(async db => (await db.Users.SingleAsync(u => u.Username == "alice", TestContext.Current.CancellationToken)).AttributesJson =
            """{"goauthentik.io/user/can-change-email":true,"goauthentik.io/user/can-change-username":true}""");
        Assert.Equal(303, await PostAsync(alice, "profile/", ("email", "New@Example.com"), ("username", "alice2")));
        Assert.Equal(400, await PostAsync(alice, "profile/", ("username", "BOB")));

        var user = (await host.UserAsync("alice2"))!; // renamed above
        Assert.Equal(("new@example.com", "alice2"), (user.Email, user.UsernameKey));
        Assert.True(user.IsEmailUnproven); // so that our own Access does not believe it
        await host.ChangeAsync(async db => (await db.Users.SingleAsync(u => u.Username == "alice2", TestContext.Current.CancellationToken)).IsEmailUnproven = false);
        Assert.Equal(303, await PostAsync(alice, "profile/", ("email", "NEW@example.com")));
        Assert.False((await host.UserAsync("alice2"))!.IsEmailUnproven); // the same one
    }

    [Fact]
    public async Task U08_the_settings_of_the_installation_say_what_people_may_change_where_no_attribute_does()
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.SignedInAsync();
        host.Settings.Swap(new Gatehouse.Model.Settings.SystemSettings { MayChangeName = false, MayChangeEmail = true, MayChangeUsername = true });

        Assert.Equal(400, await PostAsync(alice, "profile/", ("name", "Somebody Else")));
        Assert.Equal(303, await PostAsync(alice, "profile/", ("email", "new@example.com"), ("username", "alice2")));
        Assert.Equal(("", "new@example.com"), ((await host.UserAsync("alice2"))!.Name, (await host.UserAsync("alice2"))!.Email)); // renamed above
    }

    [Fact]
    public async Task The_settings_flow_minds_the_same_attributes()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            SignInHost.Add(db, "default-user-settings-flow", "stage_configuration", "require_authenticated", "Update your info",
                (StageType.Prompt, Laid.Prompt(db, "username:text", "name:text?", "email:email?")), (StageType.UserWrite, """{"user_creation_mode":"never_create"}"""));
            return Task.CompletedTask;
        });
        using var alice = await host.SignedInAsync();
        var flow = alice.Flow("default-user-settings-flow");

        var refused = await flow.AnswerAsync(("component", "ak-stage-prompt"), ("username", "alice"), ("name", "A"), ("email", "ceo@example.com"));
        var taken = await flow.AnswerAsync(("component", "ak-stage-prompt"), ("username", "alice"), ("name", "Alice A."), ("email", "ALICE@example.com"));

        Assert.Equal("Not allowed to change email address.", refused.FaultText("email"));
        Assert.Equal("xak-flow-redirect", taken.Component);
        var user = (await host.UserAsync("alice"))!; // seeded
        Assert.Equal(("Alice A.", "alice@example.com"), (user.Name, user.Email));
    }

    [Fact]
    public async Task U06_settings_and_password_flows_are_for_whoever_is_signed_in()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            SignInHost.Add(db, "default-password-change", "stage_configuration", "require_authenticated", "Change password",
                (StageType.Prompt, Laid.Prompt(db, "password:password", "password_repeat:password")), (StageType.UserWrite, """{"user_creation_mode":"never_create"}"""));
            SignInHost.Add(db, "initial-setup", "stage_configuration", "require_superuser", "Welcome!", (StageType.Prompt, Laid.Prompt(db, "password:password")), (StageType.UserWrite, "{}"));
            SignInHost.Add(db, "open", "stage_configuration", "none", "Open",
                (StageType.Prompt, Laid.Prompt(db, "password:password")), (StageType.UserWrite, """{"user_creation_mode":"never_create"}"""));
            return Task.CompletedTask;
        });
        using var stranger = host.Browser();
        using var alice = await host.SignedInAsync();

        Assert.Equal("ak-stage-access-denied", (await stranger.Flow("default-password-change").ShowAsync()).Component);
        Assert.Equal("ak-stage-access-denied", (await stranger.Flow("initial-setup").ShowAsync()).Component);
        Assert.Equal("ak-stage-access-denied", (await alice.Flow("initial-setup").ShowAsync()).Component);
        Assert.Equal("ak-stage-access-denied", (await stranger.Flow("open").AnswerAsync(("component", "ak-stage-prompt"), ("password", Laid.NewPassword))).Component);
        var end = await alice.Flow("default-password-change").AnswerAsync(("component", "ak-stage-prompt"), ("password", Laid.NewPassword), ("password_repeat", Laid.NewPassword));
        Assert.Equal(("xak-flow-redirect", "/if/user/"), (end.Component, end.Text("to")));
        Assert.Equal(200, await StatusAsync(alice));
    }

    [Theory]
    [InlineData("stage_configuration")]
    [InlineData("enrollment")] // whatever an administrator called it
    public async Task Q47_a_flow_writes_on_the_word_of_a_browser_only_while_its_sign_in_is_recent(string designation)
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            SignInHost.Add(db, "change", designation, "require_authenticated", "Change",
                (StageType.Prompt, Laid.Prompt(db, "password:password", "password_repeat:password")), (StageType.UserWrite, """{"user_creation_mode":"never_create"}"""));
            return Task.CompletedTask;
        });
        using var alice = await host.SignedInAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        var begun = alice.Flow("change", "x=1");
        await begun.ShowAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(6));

        foreach (var flow in (FlowDriver[])[begun, alice.Flow("change")])
        {
            await flow.ShowAsync();
            var end = await flow.AnswerAsync(("component", "ak-stage-prompt"), ("password", Laid.NewPassword), ("password_repeat", Laid.NewPassword));
            Assert.NotEqual("/if/user/", end.Component == "xak-flow-redirect" ? end.Text("to") : "");
        }

        Assert.True(PasswordHash.Verify(SignInHost.Password, (await host.UserAsync("alice"))!.PasswordHash!)); // seeded
        if (designation == "stage_configuration")
        {
            Assert.StartsWith("/flows/-/default/authentication/?gh_reauth=1&next=%2Fif%2Fflow%2Fchange%2F", (await alice.Flow("change").ShowAsync()).Text("to"), StringComparison.Ordinal);
            using var again = await host.SignedInAsync();
            var end = await again.Flow("change").AnswerAsync(("component", "ak-stage-prompt"), ("password", Laid.NewPassword), ("password_repeat", Laid.NewPassword));
            Assert.Equal("/if/user/", end.Text("to"));
        }
    }

    [Fact]
    public async Task S07_a_revoked_session_is_dead_at_once_and_only_ones_own_can_be_revoked()
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.SignedInAsync();
        using var phone = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");
        var sessions = await host.ReadAsync(db => db.AuthenticatedSessions.AsNoTracking().OrderBy(s => s.Uuid).ToListAsync(TestContext.Current.CancellationToken));

        await PostAsync(bob, $"sessions/{sessions[1].Uuid}/end/");
        Assert.Equal(200, await StatusAsync(phone));
        Assert.Equal(303, await PostAsync(alice, $"sessions/{sessions[1].Uuid}/end/"));
        Assert.Equal(302, await StatusAsync(phone));
        using var tablet = await host.SignedInAsync();
        Assert.Equal(303, await PostAsync(alice, "sessions/end/"));
        Assert.Equal((302, 200, 200), (await StatusAsync(tablet), await StatusAsync(alice), await StatusAsync(bob)));
    }

    [Theory]
    [InlineData("api", "{}", 2 * 24)]
    [InlineData("app_password", "{}", 2 * 24)]
    [InlineData("app_password", """{"goauthentik.io/user/token-maximum-lifetime":"hours=1"}""", 1)]
    [InlineData("api", """{"goauthentik.io/user/token-maximum-lifetime":"days=90"}""", 2 * 24)]
    [InlineData("app_password", """{"goauthentik.io/user/token-maximum-lifetime":"days=999"}""", 365 * 24)]
    [InlineData("api", """{"goauthentik.io/user/token-expires":false}""", 365 * 24)]
    public async Task A_key_lasts_no_longer_on_the_page_than_at_the_API(string intent, string attributes, int hours)
    {
        await using var host = await SignInHost.StartAsync();
        host.Settings.Swap(new Gatehouse.Model.Settings.SystemSettings { TokenDuration = "days=2" });
        await host.ChangeAsync(async db => (await db.Users.SingleAsync(u => u.Username == "alice", TestContext.Current.CancellationToken)).AttributesJson = attributes);
        using var alice = await host.SignedInAsync();

        using var made = await FormAsync(alice, "tokens/", [("csrf", await CsrfAsync(alice)), ("description", "key"), ("intent", intent), ("days", "365")]);

        Assert.Equal(host.Clock.GetUtcNow().AddHours(hours), await host.ReadAsync(db => db.ApiTokens.Select(t => t.ExpiresAt).SingleAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task A_key_is_shown_once_kept_as_hash_and_deleted_by_its_owner_alone()
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");

        using var made = await FormAsync(alice, "tokens/", [("csrf", await CsrfAsync(alice)), ("description", "mail <b>client</b>"), ("intent", "app_password"), ("days", "30")]);
        var html = await made.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var key = FreshKey().Match(html).Groups[1].Value;
        var row = await host.ReadAsync(db => db.ApiTokens.AsNoTracking().SingleAsync(TestContext.Current.CancellationToken));

        Assert.Equal(60, key.Length);
        Assert.Equal((TokenKey.HashOf(key), TokenIntent.AppPassword), (row.KeyHash, row.Intent));
        Assert.DoesNotContain("<b>client", html, StringComparison.Ordinal);
        Assert.DoesNotContain(key, await HtmlAsync(alice), StringComparison.Ordinal);
        Assert.Equal(303, await PostAsync(bob, $"tokens/{row.Id}/delete/"));
        Assert.Equal(1, await host.ReadAsync(db => db.ApiTokens.CountAsync(TestContext.Current.CancellationToken)));
        Assert.Equal(303, await PostAsync(alice, $"tokens/{row.Id}/delete/"));
        Assert.Equal(0, await host.ReadAsync(db => db.ApiTokens.CountAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task An_app_password_signs_in_only_where_the_stage_takes_them()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            var alice = await db.Users.SingleAsync(u => u.Username == "alice", TestContext.Current.CancellationToken);
            db.ApiTokens.Add(new ApiToken { Id = Guid.CreateVersion7(), Identifier = "a", UserId = alice.Id, Intent = TokenIntent.AppPassword, KeyHash = TokenKey.HashOf("app key"), ExpiresAt = host.Clock.GetUtcNow().AddHours(1) });
            db.ApiTokens.Add(new ApiToken { Id = Guid.CreateVersion7(), Identifier = "b", UserId = alice.Id, Intent = TokenIntent.Api, KeyHash = TokenKey.HashOf("api key") });
            SignInHost.Add(db, "strict", "authentication", "none", "Strict",
                (StageType.Identification, "{}"), (StageType.Password, $$"""{"backends":["{{PasswordSettings.Inbuilt}}"]}"""), (StageType.UserLogin, "{}"));
        });

        Assert.Equal("xak-flow-redirect", await LogInAsync(host, "default-authentication-flow", "alice", "app key"));
        Assert.Equal("ak-stage-password", await LogInAsync(host, "default-authentication-flow", "alice", "api key"));
        Assert.Equal("ak-stage-password", await LogInAsync(host, "default-authentication-flow", "bob", "app key"));
        Assert.Equal("ak-stage-password", await LogInAsync(host, "strict", "alice", "app key"));
        Assert.Equal("xak-flow-redirect", await LogInAsync(host, "strict", "alice", SignInHost.Password));
        host.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal("ak-stage-password", await LogInAsync(host, "default-authentication-flow", "alice", "app key"));
    }

    [Fact]
    public async Task A_consent_that_is_taken_back_takes_its_grants_along()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            var alice = await db.Users.SingleAsync(u => u.Username == "alice", TestContext.Current.CancellationToken);
            var flow = await db.Flows.Select(f => f.Id).FirstAsync(TestContext.Current.CancellationToken);
            var provider = new OAuth2Provider { AuthorizationFlowId = flow, InvalidationFlowId = flow, Name = "wiki", ClientId = "wiki", SealedClientSecret = [], RedirectUris = [], CreatedAt = host.Clock.GetUtcNow() };
            db.Providers.Add(provider);
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
            var application = new ProviderApplication { Id = Guid.CreateVersion7(), Slug = "wiki", Name = "Wiki", ProviderId = provider.Id };
            db.ProviderApplications.Add(application);
            db.UserConsents.Add(new UserConsent { UserId = alice.Id, ApplicationId = application.Id, Scopes = ["openid"] });
            db.Grants.Add(new OAuthGrant
            {
                Id = Guid.CreateVersion7(),
                ProviderId = provider.Id,
                UserId = alice.Id,
                SessionId = "s",
                Scopes = [],
                AuthenticatedAt = host.Clock.GetUtcNow(),
                CreatedAt = host.Clock.GetUtcNow(),
                ExpiresAt = host.Clock.GetUtcNow().AddDays(1),
            });
        });
        using var alice = await host.SignedInAsync();
        using var bob = await host.SignedInAsync("bob");
        var id = await host.ReadAsync(db => db.UserConsents.Select(c => c.Id).SingleAsync(TestContext.Current.CancellationToken));

        await PostAsync(bob, $"consents/{id}/revoke/");
        Assert.Equal(1, await host.ReadAsync(db => db.UserConsents.CountAsync(TestContext.Current.CancellationToken)));
        Assert.Equal(303, await PostAsync(alice, $"consents/{id}/revoke/"));

        Assert.Equal(0, await host.ReadAsync(db => db.UserConsents.CountAsync(TestContext.Current.CancellationToken)));
        Assert.NotNull(await host.ReadAsync(db => db.Grants.Select(g => g.RevokedAt).SingleAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task X04_a_brand_gives_title_logo_and_colours_and_never_markup()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            db.Brands.Add(new Brand
            {
                Id = Guid.CreateVersion7(),
                Domain = "authentik-default",
                IsDefault = true,
                Title = "<script>alert(1)</script>",
                Logo = "https://cdn.test/logo.svg",
                Favicon = "javascript:alert(1)",
                CustomCss = ":root{--accent:#c00}</style><script>alert(2)</script>",
            });
            return Task.CompletedTask;
        });
        using var browser = host.Browser();

        using var page = await browser.GetAsync("/if/flow/default-authentication-flow/");
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        using var style = await browser.GetAsync(StyleLink().Match(html).Groups[1].Value);

        Assert.DoesNotContain("alert(", html.Replace("&lt;script&gt;alert(1)&lt;/script&gt;", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("img-src 'self' data: https://cdn.test;", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal(("text/css", "nosniff"), (style.Content.Headers.ContentType!.MediaType, style.Headers.GetValues("X-Content-Type-Options").Single())); // asserted by Equal
        Assert.Contains("--accent:#c00", await style.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task People_of_other_houses_have_no_page_here()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db => { db.Users.Add(SignInHost.A("guest", UserType.External)); return Task.CompletedTask; });
        using var guest = await host.SignedInAsync("guest");

        Assert.Equal(403, await StatusAsync(guest));
    }

    private static async Task<string> LogInAsync(SignInHost host, string slug, string user, string password)
    {
        using var browser = host.Browser();
        await browser.Flow(slug).AnswerAsync(("uid_field", user));
        return (await browser.Flow(slug).AnswerAsync(("component", "ak-stage-password"), ("password", password))).Component;
    }

    internal static async Task<int> StatusAsync(Browser browser)
    {
        using var page = await browser.GetAsync("/if/user/");
        return (int)page.StatusCode;
    }

    private static async Task<string> HtmlAsync(Browser browser)
    {
        using var page = await browser.GetAsync("/if/user/");
        return await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<string> CsrfAsync(Browser browser) => CsrfField().Match(await HtmlAsync(browser)).Groups[1].Value;

    internal static async Task<int> PostAsync(Browser browser, string path, params (string, string)[] fields) => await SendAsync(browser, path, [("csrf", await CsrfAsync(browser)), .. fields]);

    private static async Task<int> SendAsync(Browser browser, string path, (string Name, string Value)[] fields, params (string Name, string Value)[] headers)
    {
        using var response = await FormAsync(browser, path, fields, headers);
        return (int)response.StatusCode;
    }

    private static Task<HttpResponseMessage> FormAsync(Browser browser, string path, (string Name, string Value)[] fields, params (string Name, string Value)[] headers) =>
        browser.SendAsync(HttpMethod.Post, "/if/user/" + path, new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value))), headers);

    [GeneratedRegex("name=\"csrf\" value=\"([0-9a-f]+)\"")]
    private static partial Regex CsrfField();

    [GeneratedRegex("id=\"fresh-key\">([A-Za-z0-9]+)<")]
    private static partial Regex FreshKey();

    [GeneratedRegex("<link rel=\"stylesheet\" href=\"([^\"]+)\" ?/?>")]
    private static partial Regex StyleLink();
}
