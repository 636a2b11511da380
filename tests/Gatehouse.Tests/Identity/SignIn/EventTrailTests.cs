using System.Text;
using Gatehouse.Identity.SignIn.Setup;
using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Store.Bindings;
using Gatehouse.Tests.Identity.Stages;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>What people do and fail to do is an event with who, whence and what: row L05 of the attack cases.</summary>
public class EventTrailTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task L05_what_people_do_with_what_is_theirs_is_saved_together_with_its_event()
    {
        await using var host = await SignInHost.StartAsync();
        using var phone = await host.SignedInAsync();
        using var tablet = await host.SignedInAsync();
        using var alice = await host.SignedInAsync();
        var first = await host.ReadAsync(db => db.AuthenticatedSessions.OrderBy(s => s.Uuid).Select(s => s.Uuid).FirstAsync(Stop));
        var consent = await ConsentAsync(host);

        Assert.Equal(["model_deleted authenticatedsession"], await DoAsync($"sessions/{first}/end/"));
        Assert.Empty(await DoAsync($"sessions/{first}/end/")); // it was gone already
        Assert.Equal(["model_deleted authenticatedsession"], await DoAsync("sessions/end/"));
        Assert.Equal(["model_created token", "secret_view token"], await DoAsync("tokens/", ("description", "mine"), ("intent", "api"), ("days", "30")));
        var token = await host.ReadAsync(db => db.ApiTokens.AsNoTracking().SingleAsync(Stop));
        Assert.Equal(["model_deleted token"], await DoAsync($"tokens/{token.Id}/delete/"));
        Assert.Empty(await DoAsync($"tokens/{token.Id}/delete/"));
        Assert.Equal(["model_deleted userconsent"], await DoAsync($"consents/{consent}/revoke/"));
        Assert.Equal(["user_write "], await DoAsync("profile/", ("name", "Alice")));
        Assert.Equal(["password_set user"], await DoAsync("password/", ("current", SignInHost.Password), ("new", Laid.NewPassword), ("repeat", Laid.NewPassword)));

        async Task<string[]> DoAsync(string path, params (string, string)[] fields)
        {
            await host.ChangeAsync(db => db.Events.ExecuteDeleteAsync(Stop));
            await UserPageTests.PostAsync(alice, path, fields);
            var happened = await host.ReadAsync(db => db.Events.AsNoTracking().OrderBy(e => e.Id).ToListAsync(Stop));
            Assert.All(happened, e => Assert.Equal(("alice", "127.0.0.1"), (e.Username, e.ClientIp)));
            return [.. happened.Select(e => $"{e.Action} {e.TargetModel}").OrderBy(t => t, StringComparer.Ordinal)];
        }
    }

    [Fact]
    public async Task L05_a_logout_and_a_link_that_was_used_are_saved_together_with_their_events()
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.SignedInAsync();
        await alice.Flow("default-invalidation-flow").ShowAsync();
        var id = await host.ReadAsync(db => db.Users.Where(u => u.Username == "alice").Select(u => u.Id).SingleAsync(Stop));
        var link = new Uri(await host.Links.CreateAsync(OneTimeLinks.Recovery, id, OneTimeLinks.DefaultLife, Stop));
        using var form = new FormUrlEncodedContent([new("password", Laid.NewPassword), new("password_repeat", Laid.NewPassword)]);
        using var answer = await alice.SendAsync(HttpMethod.Post, link.AbsolutePath, form);

        var happened = await host.ReadAsync(db => db.Events.AsNoTracking().OrderBy(e => e.Action).ToListAsync(Stop));
        Assert.Equal([EventActions.Login, EventActions.Login, EventActions.Logout, EventActions.PasswordSet], happened.Select(e => e.Action));
        Assert.All(happened, e => Assert.Equal(("alice", "127.0.0.1"), (e.Username, e.ClientIp)));
    }

    [Fact]
    public async Task A_key_made_on_the_page_can_be_seen_again_by_its_owner()
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.SignedInAsync();
        await UserPageTests.PostAsync(alice, "tokens/", ("description", "mine"), ("intent", "api"), ("days", "30"));

        var token = await host.ReadAsync(db => db.ApiTokens.AsNoTracking().SingleAsync(Stop));

        var kept = host.Services.GetRequiredService<ISecretBox>().Open(token.SealedKey, SecretPurposes.ApiTokenKey);
        Assert.Equal(token.KeyHash, TokenKey.HashOf(Encoding.UTF8.GetString(kept!))); // null fails
    }

    [Fact]
    public async Task Q47_a_key_that_outlives_the_session_takes_a_recent_sign_in()
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.SignedInAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(16));

        Assert.Equal(303, await UserPageTests.PostAsync(alice, "tokens/", ("description", "mine"), ("intent", "api"), ("days", "365")));

        Assert.Equal(0, await host.ReadAsync(db => db.ApiTokens.CountAsync(Stop)));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(99)]
    public async Task People_make_a_hundred_keys_and_no_more(int before)
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.SignedInAsync();
        await host.ChangeAsync(async db =>
        {
            var id = await db.Users.Where(u => u.Username == "alice").Select(u => u.Id).SingleAsync(Stop);
            db.ApiTokens.AddRange(Enumerable.Range(0, before).Select(i => new ApiToken { Id = Guid.CreateVersion7(), Identifier = $"t{i}", UserId = id, KeyHash = $"{i}" }));
        });

        await UserPageTests.PostAsync(alice, "tokens/", ("description", "mine"), ("intent", "api"), ("days", "30"));

        Assert.Equal(TokenKey.MostOfOne, await host.ReadAsync(db => db.ApiTokens.CountAsync(Stop)));
    }

    [Fact]
    public async Task L05_a_wrong_current_password_is_a_failure_that_counts_against_the_name()
    {
        await using var host = await SignInHost.StartAsync();
        using var alice = await host.SignedInAsync();
        var before = await ScoreAsync(host, "alice");

        await UserPageTests.PostAsync(alice, "password/", ("current", "wrong"), ("new", Laid.NewPassword), ("repeat", Laid.NewPassword));

        var failed = Assert.Single(host.Events.Of(EventActions.LoginFailed));
        Assert.Equal(("alice", "127.0.0.1"), (failed.Actor?.Username, failed.ClientIp));
        Assert.Equal(before - 1, await ScoreAsync(host, "alice"));
    }

    [Fact]
    public async Task L05_a_name_that_nobody_has_is_a_failure_where_the_page_says_so()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
            (await db.Stages.SingleAsync(s => s.Name == "default-authentication-flow 0", Stop)).SettingsJson = """{"pretend_user_exists":false}""");
        using var browser = host.Browser();

        Assert.Equal("invalid", (await browser.Flow("default-authentication-flow").AnswerAsync(("uid_field", "nobody"))).FaultCode("non_field_errors"));

        var failed = Assert.Single(host.Events.Of(EventActions.LoginFailed));
        Assert.Equal((null, "nobody", "127.0.0.1"), (failed.Actor, (string?)failed.Context["username"], failed.ClientIp));
        Assert.Equal(-1, await ScoreAsync(host, "nobody"));

        await browser.Flow("default-authentication-flow").AnswerAsync(("uid_field", "nobody-else"));
        Assert.Single(host.Events.Of(EventActions.LoginFailed)); // such a try is free
    }

    [Fact]
    public async Task L05_a_flow_that_writes_saves_its_events_with_the_user()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(db =>
        {
            SignInHost.Add(db, "change", "stage_configuration", "require_authenticated", "Change", (StageType.Prompt, Laid.Prompt(db, "password:password", "password_repeat:password")), (StageType.UserWrite, "{}"));
            return Task.CompletedTask;
        });
        using var alice = await host.SignedInAsync();
        await host.ChangeAsync(db => db.Events.ExecuteDeleteAsync(Stop));

        await alice.Flow("change").AnswerAsync(("component", "ak-stage-prompt"), ("password", Laid.NewPassword), ("password_repeat", Laid.NewPassword));

        var happened = await host.ReadAsync(db => db.Events.Select(e => e.Action + " " + e.Username).ToListAsync(Stop));
        Assert.Equal(["password_set alice", "user_write alice"], happened.OrderBy(t => t, StringComparer.Ordinal));
    }

    [Fact]
    public async Task L05_who_is_kept_out_of_a_flow_by_its_policies_leaves_an_event()
    {
        await using var host = await SignInHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            var flow = await db.Flows.SingleAsync(f => f.Slug == "default-invalidation-flow", Stop);
            db.PolicyBindings.Add(new Gatehouse.Model.Bindings.PolicyBinding { Id = Guid.CreateVersion7(), TargetId = flow.Id, UserId = (await db.Users.SingleAsync(u => u.Username == "bob", Stop)).Id, Order = 0 });
        });
        using var alice = await host.SignedInAsync();

        Assert.Equal("ak-stage-access-denied", (await alice.Flow("default-invalidation-flow").ShowAsync()).Component);

        var denied = Assert.Single(host.Events.Of(EventActions.PolicyExecution));
        Assert.Equal(("alice", "127.0.0.1", "flow"), (denied.Actor?.Username, denied.ClientIp, (string?)denied.Context["model"]!["model_name"])); // there by contract
    }

    private static async Task<int> ScoreAsync(SignInHost host, string name)
    {
        await host.Services.GetRequiredService<ReputationBook>().FlushAsync(Stop);
        return await host.ReadAsync(db => db.Reputations.Where(r => r.Identifier == name).Select(r => r.Score).SingleOrDefaultAsync(Stop));
    }

    private static async Task<int> ConsentAsync(SignInHost host)
    {
        await host.ChangeAsync(async db =>
        {
            var application = new ProviderApplication { Id = Guid.CreateVersion7(), Slug = "wiki", Name = "Wiki" };
            var id = await db.Users.Where(u => u.Username == "alice").Select(u => u.Id).SingleAsync(Stop);
            db.AddRange(application, new UserConsent { UserId = id, ApplicationId = application.Id, Scopes = ["openid"] });
        });
        return await host.ReadAsync(db => db.UserConsents.Select(c => c.Id).SingleAsync(Stop));
    }
}
