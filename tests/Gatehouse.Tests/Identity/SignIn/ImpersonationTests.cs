using System.Text.RegularExpressions;
using Gatehouse.Identity.Oidc;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Tests.Identity.Mfa;
using Gatehouse.Tests.Identity.Stages;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>An administrator who acts as somebody else sees what that person sees, and changes nothing of theirs.</summary>
public class ImpersonationTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_own_page_takes_no_form_and_shows_no_key()
    {
        await using var host = await MfaHost.StartAsync();
        using var alice = await host.SignedInAsync();
        await host.EnrolTotpAsync(alice);
        var token = new ApiToken { Id = Guid.CreateVersion7(), Identifier = "alices-token", UserId = (await host.UserAsync("alice"))!.Id, KeyHash = "h" }; // seeded
        await host.ChangeAsync(db =>
        {
            db.ApiTokens.Add(token);
            return Task.CompletedTask;
        });
        using var bob = await host.SignedInAsync("bob");
        var csrf = Regex.Match(await PageAsync(bob), "name=\"csrf\" value=\"([^\"]+)\"").Groups[1].Value;
        var device = await host.ReadAsync(db => db.TotpDevices.Select(d => d.Id).SingleAsync(Stop));
        var session = await host.ReadAsync(db => db.AuthenticatedSessions.Where(s => s.UserId == token.UserId).Select(s => s.Uuid).SingleAsync(Stop));
        (string Path, (string, string)[] Fields)[] forms =
        [
            ("profile/", [("name", "Mallory")]),
            ("password/", [("current", SignInHost.Password), ("new", Laid.NewPassword), ("repeat", Laid.NewPassword)]),
            ("tokens/", [("description", "mine"), ("intent", "api"), ("days", "30")]),
            ($"tokens/{token.Id}/delete/", []),
            ("sessions/end/", []),
            ($"sessions/{session}/end/", []),
            ("consents/1/revoke/", []),
            ("devices/", [("class", "totp"), ("id", $"{device}"), ("action", "remove")]),
            ("devices/", [("class", "totp"), ("id", $"{device}"), ("action", "rename"), ("name", "mine")]),
        ];

        await ActAsync(host, "bob", "alice");
        var page = await PageAsync(bob);
        Assert.Contains("You are acting as this person.", page, StringComparison.Ordinal);
        Assert.DoesNotContain("alices-token", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<form", page, StringComparison.Ordinal);
        foreach (var (path, fields) in forms)
        {
            Assert.Equal((path, 403), (path, await FormAsync(bob, path, [("csrf", csrf), .. fields])));
        }

        var after = (await host.UserAsync("alice"))!; // seeded
        Assert.Equal(("", true), (after.Name, PasswordHash.Verify(SignInHost.Password, after.PasswordHash!))); // she has one
        Assert.Equal((1, 1, 2), await host.ReadAsync(async db => (await db.ApiTokens.CountAsync(Stop), await db.TotpDevices.CountAsync(Stop), await db.AuthenticatedSessions.CountAsync(Stop))));

        await ActAsync(host, "bob", null);
        Assert.Equal(303, await FormAsync(bob, "profile/", [("csrf", csrf), ("name", "Bob")]));
    }

    [Theory]
    [InlineData("stage_configuration")]
    [InlineData("enrollment")]
    [InlineData("recovery")]
    [InlineData("unenrollment")]
    public async Task Flows_that_write_the_person_are_refused(string designation)
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            SignInHost.Add(db, "default-password-change", designation, "none", "Change", (StageType.Prompt, Laid.Prompt(db, "password:password", "password_repeat:password")), (StageType.UserWrite, "{}"));
            return Task.CompletedTask;
        });
        using var bob = await host.SignedInAsync("bob");
        Assert.Equal("ak-stage-prompt", (await bob.Flow("default-password-change").ShowAsync()).Component);

        await ActAsync(host, "bob", "alice");
        var shown = await bob.Flow("default-password-change").ShowAsync();
        var answered = await bob.Flow("default-password-change").AnswerAsync(("component", "ak-stage-prompt"), ("password", Laid.NewPassword), ("password_repeat", Laid.NewPassword));

        Assert.Equal(("ak-stage-access-denied", "ak-stage-access-denied"), (shown.Component, answered.Component));
        Assert.Contains("acting as somebody else", shown.Text("error_message"), StringComparison.Ordinal);
        Assert.Equal(SignInHost.PasswordKept, (await host.UserAsync("alice"))!.PasswordHash); // seeded
    }

    [Theory]
    [InlineData(MfaHost.TotpSetup)]
    [InlineData(MfaHost.StaticSetup)]
    [InlineData(MfaHost.KeySetup)]
    public async Task M07_no_authenticator_is_enrolled_for_somebody_else(string slug)
    {
        await using var host = await MfaHost.StartAsync();
        using var bob = await host.SignedInAsync("bob");
        await ActAsync(host, "bob", "alice");

        Assert.Equal("ak-stage-access-denied", (await bob.Flow(slug).ShowAsync()).Component);

        // In whatever flow an administrator put the stage.
        await host.ChangeAsync(async db => (await db.Flows.SingleAsync(f => f.Slug == slug, Stop)).Designation = "invalidation");
        Assert.Equal("ak-stage-access-denied", (await bob.Flow(slug).ShowAsync()).Component);
        await ActAsync(host, "bob", null);
        Assert.NotEqual("ak-stage-access-denied", (await bob.Flow(slug).ShowAsync()).Component);
    }

    [Theory]
    [InlineData("authorization", "s=1")]
    [InlineData("invalidation", "")]
    [InlineData("authentication", "gh_reauth=1")]
    public async Task Stages_that_write_or_delete_refuse_in_every_flow(string designation, string query)
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            (StageType, string)[] asks = designation == "authentication" ? [(StageType.Identification, "{}")] : [];
            SignInHost.Add(db, "writing", designation, "none", "W", [.. asks, (StageType.Prompt, Laid.Prompt(db, "name:text")), (StageType.UserWrite, """{"user_creation_mode":"never_create"}""")]);
            SignInHost.Add(db, "deleting", designation, "none", "D", [.. asks, (StageType.UserDelete, "{}")]);
            return Task.CompletedTask;
        });
        using var bob = await host.SignedInAsync("bob");
        await ActAsync(host, "bob", "alice");
        foreach (var slug in (string[])["writing", "deleting"])
        {
            host.Pending = new PendingAuthorization(Guid.CreateVersion7(), "Wiki", slug, [], MustConsent: false);
            var flow = bob.Flow(slug, query);
            var end = await flow.ShowAsync();
            if (designation == "authentication")
            {
                Assert.Equal("ak-stage-identification", end.Component);
                end = await flow.AnswerAsync(("component", "ak-stage-identification"), ("uid_field", "alice"));
            }

            end = slug == "writing" ? await flow.AnswerAsync(("component", "ak-stage-prompt"), ("name", "Mallory")) : end;
            Assert.Equal((slug, "ak-stage-access-denied"), (slug, end.Component));
        }

        Assert.Equal("", (await host.UserAsync("alice"))?.Name);
    }

    [Fact]
    public async Task Consent_counts_for_this_once_and_is_not_kept_for_somebody_else()
    {
        const string explicitly = "default-provider-authorization-explicit-consent";
        await using var host = await SignInHost.StartAsync();
        using var bob = await host.SignedInAsync("bob");
        await ActAsync(host, "bob", "alice");
        host.Pending = new PendingAuthorization(Guid.CreateVersion7(), "Wiki", explicitly, [new ScopePermission("email", "See the address")], MustConsent: false);

        var asked = await bob.Flow(explicitly, "s=1").ShowAsync();
        Assert.Equal("ak-stage-consent", asked.Component);
        var end = await bob.Flow(explicitly, "s=1").AnswerAsync(("component", "ak-stage-consent"), ("token", asked.Text("token")));

        Assert.StartsWith("https://rp.test/cb?code=alice", end.Text("to"), StringComparison.Ordinal);
        Assert.Equal(0, await host.ReadAsync(db => db.UserConsents.CountAsync(Stop)));
        Assert.Equal("ak-stage-consent", (await bob.Flow(explicitly, "s=2").ShowAsync()).Component);
    }

    [Fact]
    public async Task Signing_out_and_opening_applications_still_work()
    {
        await using var host = await SignInHost.StartAsync();
        using var bob = await host.SignedInAsync("bob");
        await ActAsync(host, "bob", "alice");
        host.Pending = new PendingAuthorization(Guid.CreateVersion7(), "Wiki", "default-provider-authorization-implicit-consent", [], MustConsent: false);

        Assert.StartsWith("https://rp.test/cb?code=alice", (await bob.Flow("default-provider-authorization-implicit-consent", "s=1").ShowAsync()).Text("to"), StringComparison.Ordinal);
        await bob.Flow("default-invalidation-flow").ShowAsync();
        Assert.Equal(0, await host.ReadAsync(db => db.AuthenticatedSessions.CountAsync(Stop)));
    }

    [Fact]
    public async Task Signing_in_again_ends_what_was_granted_to_whoever_was_impersonated()
    {
        await using var host = await SignInHost.StartAsync();
        using var bob = await host.SignedInAsync("bob");
        await ActAsync(host, "bob", "alice");
        var session = await host.ReadAsync(db => db.AuthenticatedSessions.AsNoTracking().SingleAsync(Stop));
        await host.ChangeAsync(async db =>
        {
            var flow = await db.Flows.FirstAsync(Stop);
            var provider = new OAuth2Provider { Name = "p", ClientId = "p", SealedClientSecret = [1], RedirectUris = [], AuthorizationFlowId = flow.Id, InvalidationFlowId = flow.Id };
            db.Providers.Add(provider);
            await db.SaveChangesAsync(Stop);
            db.Grants.Add(new OAuthGrant
            {
                Id = Guid.CreateVersion7(),
                ProviderId = provider.Id,
                UserId = session.ImpersonatedUserId!.Value, // set above
                SessionId = session.Id,
                Scopes = ["openid"],
                AuthenticatedAt = host.Clock.GetUtcNow(),
                CreatedAt = host.Clock.GetUtcNow(),
                ExpiresAt = host.Clock.GetUtcNow().AddDays(1),
            });
        });

        var login = bob.Flow("default-authentication-flow", "gh_reauth=1");
        await login.AnswerAsync(("uid_field", "bob"));
        Assert.Equal("xak-flow-redirect", (await login.AnswerAsync(("component", "ak-stage-password"), ("password", SignInHost.Password))).Component);

        Assert.NotNull(await host.ReadAsync(db => db.Grants.Select(g => g.RevokedAt).SingleAsync(Stop)));
        Assert.Null(await host.ReadAsync(db => db.AuthenticatedSessions.Select(s => s.ImpersonatedUserId).SingleAsync(Stop)));
    }

    private static Task ActAsync(SignInHost host, string who, string? whom) => host.ChangeAsync(async db =>
    {
        var user = await db.Users.SingleAsync(u => u.Username == who, Stop);
        var other = await db.Users.SingleOrDefaultAsync(u => u.Username == whom, Stop);
        (await db.AuthenticatedSessions.SingleAsync(s => s.UserId == user.Id, Stop)).ImpersonatedUserId = other?.Id;
        if (!await db.GroupMembers.AnyAsync(m => m.UserId == user.Id, Stop))
        {
            var admins = Guid.CreateVersion7();
            db.Groups.Add(new Gatehouse.Model.Users.Group { Id = admins, Number = 1, Name = "admins", IsSuperuser = true, Members = [new GroupMember { GroupId = admins, UserId = user.Id }] });
        }
    });

    private static async Task<string> PageAsync(Browser browser)
    {
        using var page = await browser.GetAsync("/if/user/");
        return await page.Content.ReadAsStringAsync(Stop);
    }

    private static async Task<int> FormAsync(Browser browser, string path, (string Name, string Value)[] fields)
    {
        using var form = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        using var response = await browser.SendAsync(HttpMethod.Post, "/if/user/" + path, form, ("Sec-Fetch-Site", "same-origin"));
        return (int)response.StatusCode;
    }
}
