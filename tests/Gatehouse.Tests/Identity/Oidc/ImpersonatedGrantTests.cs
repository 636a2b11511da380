using System.Net;
using System.Text.Json;
using Gatehouse.Identity.Oidc.Device;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Model.Events;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store.Cleaning;
using Gatehouse.Store.Sessions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Tests.Identity.Oidc;

/// <summary>What an administrator is granted as somebody else ends with the impersonation, and opens nothing that is the person's alone.</summary>
public class ImpersonatedGrantTests
{
    private const string TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    private const string Everything = "openid email offline_access " + ScopeNames.Api + " " + ScopeNames.Registration;

    [Fact]
    public async Task No_refresh_token_and_no_token_of_the_api_are_granted_while_impersonating()
    {
        await using var host = await HostAsync();

        var own = await host.TokensAsync(Everything);
        Assert.Equal(Everything, own.GetProperty("scope").GetString());
        Assert.True(own.TryGetProperty("refresh_token", out _));
        Assert.Equal(host.Seed.AdaId, (await ApiAsync(host, own))?.UserId);

        var acted = await ActedAsync(host, await ImpersonateAsync(host));
        Assert.Equal("openid email", acted.GetProperty("scope").GetString());
        Assert.False(acted.TryGetProperty("refresh_token", out _));
        Assert.Null(await ApiAsync(host, acted));
        var grant = Assert.Single(await BorrowedAsync(host));
        Assert.Equal((host.Seed.AdaId, host.Seed.BobId), (grant.UserId, grant.ImpersonatorId));
    }

    [Fact]
    public async Task Once_the_session_ran_out_and_was_cleaned_nothing_of_it_works()
    {
        await using var host = await HostAsync();
        await host.ConfigureAsync(p => p.AccessTokenValidity = "days=2");
        var tokens = await host.TokensAsync(Everything);
        var refresh = tokens.GetProperty("refresh_token").GetString()!;
        var access = tokens.GetProperty("access_token").GetString()!;

        // As if it had been granted with these scopes while bob acted as ada, by an earlier version or another way in.
        await host.ChangeAsync(async db =>
        {
            await db.AuthenticatedSessions.ExecuteUpdateAsync(
                s => s.SetProperty(x => x.UserId, host.Seed.BobId).SetProperty(x => x.ImpersonatedUserId, host.Seed.AdaId).SetProperty(x => x.ExpiresAt, host.Clock.GetUtcNow().AddHours(1)),
                OidcHost.Stop);
            await db.Grants.ExecuteUpdateAsync(g => g.SetProperty(x => x.ImpersonatorId, host.Seed.BobId), OidcHost.Stop);
        });
        Assert.True((await host.IntrospectAsync(access)).GetProperty("active").GetBoolean());
        Assert.Null(await ApiAsync(host, tokens));
        await RefusedAsync(host, refresh);

        host.Clock.Advance(TimeSpan.FromHours(1));
        Assert.False((await host.IntrospectAsync(access)).GetProperty("active").GetBoolean()); // before the cleaner has come

        host.Clock.Advance(TimeSpan.FromHours(2));
        using var cleaner = new Cleaner(host.Database, host.Clock, NullLogger<Cleaner>.Instance);
        await cleaner.CleanAsync(OidcHost.Stop);
        Assert.Equal(0, await CountAsync(host));
        await RefusedAsync(host, refresh);
        Assert.Null(await ApiAsync(host, tokens));
        Assert.False((await host.IntrospectAsync(access)).GetProperty("active").GetBoolean());
        using var info = await host.GetAsync("/application/o/userinfo/", bearer: access);
        Assert.Equal(HttpStatusCode.Unauthorized, info.StatusCode);
    }

    [Fact]
    public async Task Ending_the_impersonation_ends_its_tokens_though_the_session_goes_on()
    {
        await using var host = await HostAsync();
        var access = (await ActedAsync(host, await ImpersonateAsync(host))).GetProperty("access_token").GetString()!;
        Assert.True((await host.IntrospectAsync(access)).GetProperty("active").GetBoolean());

        await host.ChangeAsync(db => db.AuthenticatedSessions.ExecuteUpdateAsync(s => s.SetProperty(x => x.ImpersonatedUserId, (int?)null), OidcHost.Stop));

        Assert.False((await host.IntrospectAsync(access)).GetProperty("active").GetBoolean());
    }

    [Theory]
    [InlineData("no superuser any more")]
    [InlineData("turned off")]
    [InlineData("deactivated")]
    public async Task A_right_that_is_taken_away_ends_what_was_got_with_it(string how)
    {
        await using var host = await HostAsync();
        await host.ConfigureAsync(p => p.GrantTypes = ["authorization_code", DeviceCodeGrant.GrantType]);
        var cookie = await ImpersonateAsync(host);
        var access = (await ActedAsync(host, cookie)).GetProperty("access_token").GetString()!;
        using var waiting = await host.GetAsync(OidcHost.Authorize(("scope", "openid")), cookie);
        var code = OidcHost.Field(waiting.Headers.Location!, "code")!;
        await host.ChangeAsync(async db => db.DeviceCodes.Add(new DeviceCode
        {
            Hash = Digest.Of("device"),
            UserCodeHash = Digest.Of("typed"),
            ProviderId = await db.Providers.Where(p => p.ClientId == Seed.ClientId).Select(p => p.Id).SingleAsync(OidcHost.Stop),
            Scopes = ["openid"],
            ExpiresAt = host.Clock.GetUtcNow().AddMinutes(1),
            Interval = 5,
            NextPollAt = host.Clock.GetUtcNow(),
            GrantId = (await db.Grants.OrderBy(g => g.Id).LastAsync(OidcHost.Stop)).Id,
        }));
        Assert.True((await host.IntrospectAsync(access)).GetProperty("active").GetBoolean());

        if (how == "turned off")
        {
            host.Settings.Swap(new SystemSettings { AllowsImpersonation = false });
        }

        await host.ChangeAsync(async db =>
        {
            if (how == "deactivated")
            {
                await db.Users.Where(u => u.Id == host.Seed.BobId).ExecuteUpdateAsync(u => u.SetProperty(x => x.IsActive, false), OidcHost.Stop);
            }
            else if (how == "no superuser any more")
            {
                await db.GroupMembers.Where(m => m.UserId == host.Seed.BobId).ExecuteDeleteAsync(OidcHost.Stop);
            }
        });

        Assert.False((await host.IntrospectAsync(access)).GetProperty("active").GetBoolean());
        using var redeemed = await host.RedeemAsync(code);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(redeemed));
        using var polled = await host.GrantAsync(DeviceCodeGrant.GrantType, ("device_code", "device"));
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(polled));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task S08_ending_the_administrators_sessions_ends_what_they_got_as_others(bool isPrepared)
    {
        await using var host = await HostAsync();
        await ActedAsync(host, await ImpersonateAsync(host));
        await host.ChangeAsync(async db =>
        {
            // The sessions' rows may be gone already: they ran out.
            await db.AuthenticatedSessions.ExecuteDeleteAsync(OidcHost.Stop);
            await (isPrepared
                ? SessionEnd.PrepareForUserAsync(db, host.Seed.BobId, null, host.Clock.GetUtcNow(), OidcHost.Stop)
                : SessionEnd.RunForUserAsync(db, host.Seed.BobId, null, host.Clock.GetUtcNow(), OidcHost.Stop));
        });

        Assert.NotNull(Assert.Single(await BorrowedAsync(host)).RevokedAt);
    }

    [Fact]
    public async Task A_token_got_as_somebody_else_proves_them_to_no_other_client()
    {
        await using var host = await HostAsync();
        var provider = await ProviderAsync(host);
        await host.ConfigureAsync(p => p.GrantTypes = ["authorization_code", TokenExchange]);
        await host.ConfigureAsync(p => (p.GrantTypes, p.FederatedProviderIds) = (["client_credentials"], [provider]), Seed.OtherClientId);
        var access = (await ActedAsync(host, await ImpersonateAsync(host))).GetProperty("access_token").GetString()!;
        var own = (await host.TokensAsync("openid")).GetProperty("access_token").GetString()!;

        foreach (var (assertion, status) in new[] { (own, HttpStatusCode.OK), (access, HttpStatusCode.BadRequest) })
        {
            using var answer = await host.GrantAsync(
                "client_credentials", ("client_id", Seed.OtherClientId), ("client_secret", null), ("client_assertion", assertion),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
            Assert.Equal(status, answer.StatusCode);
        }

        // Exchanged, it is still the administrator's.
        using var exchanged = await host.GrantAsync(
            TokenExchange, ("subject_token", access), ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"), ("scope", "openid"));
        Assert.Equal(HttpStatusCode.OK, exchanged.StatusCode);
        Assert.Equal([host.Seed.BobId, host.Seed.BobId], (await BorrowedAsync(host)).Select(g => g.ImpersonatorId));
    }

    [Fact]
    public async Task L05_the_event_of_the_authorization_names_the_administrator_and_on_whose_behalf()
    {
        await using var host = await HostAsync();

        await ActedAsync(host, await ImpersonateAsync(host));

        var granted = Assert.Single(host.Events.All, e => e.Action == EventActions.AuthorizeApplication);
        Assert.Equal(("bob", "ada"), (granted.Actor?.Username, granted.OnBehalfOf?.Username));
    }

    private static async Task<OidcHost> HostAsync()
    {
        var host = await OidcHost.StartAsync();
        await host.ChangeAsync(async db =>
        {
            foreach (var scope in (string[])[ScopeNames.Api, ScopeNames.Registration])
            {
                var mapping = new ScopeMapping { Id = Guid.CreateVersion7(), Name = scope, ScopeName = scope };
                db.ScopeMappings.Add(mapping);
                var provider = await db.Providers.SingleAsync(p => p.ClientId == Seed.ClientId, OidcHost.Stop);
                provider.ScopeMappingIds = [.. provider.ScopeMappingIds, mapping.Id];
            }

            var admins = Guid.CreateVersion7();
            db.Groups.Add(new Group { Id = admins, Number = 9, Name = "admins", IsSuperuser = true, Members = [new GroupMember { GroupId = admins, UserId = host.Seed.BobId }] });
        });
        return host;
    }

    // Bob's browser, in which he acts as ada.
    private static async Task<string> ImpersonateAsync(OidcHost host)
    {
        var cookie = await host.SignInAsync(host.Seed.BobId);
        await host.ChangeAsync(db => db.AuthenticatedSessions.Where(s => s.UserId == host.Seed.BobId)
            .ExecuteUpdateAsync(s => s.SetProperty(x => x.ImpersonatedUserId, host.Seed.AdaId), OidcHost.Stop));
        return cookie;
    }

    private static async Task<JsonElement> ActedAsync(OidcHost host, string cookie)
    {
        using var answer = await host.GetAsync(OidcHost.Authorize(("scope", Everything)), cookie);
        using var redeemed = await host.RedeemAsync(OidcHost.Field(answer.Headers.Location!, "code")!);
        return await OidcHost.JsonAsync(redeemed);
    }

    private static async Task<ApiAccess?> ApiAsync(OidcHost host, JsonElement tokens)
    {
        await using var scope = host.Scope();
        return await scope.ServiceProvider.GetRequiredService<IApiAccessTokens>().FindAsync(tokens.GetProperty("access_token").GetString()!, OidcHost.Stop);
    }

    private static async Task RefusedAsync(OidcHost host, string refresh)
    {
        using var answer = await host.RefreshAsync(refresh);
        Assert.Equal("invalid_grant", await OidcHost.ErrorAsync(answer));
    }

    // What was granted while impersonating.
    private static async Task<List<OAuthGrant>> BorrowedAsync(OidcHost host)
    {
        await using var db = host.Database.CreateDbContext();
        return await db.Grants.AsNoTracking().Where(g => g.ImpersonatorId != null).ToListAsync(OidcHost.Stop);
    }

    private static async Task<int> CountAsync(OidcHost host)
    {
        await using var db = host.Database.CreateDbContext();
        return await db.AuthenticatedSessions.CountAsync(OidcHost.Stop);
    }

    private static async Task<int> ProviderAsync(OidcHost host)
    {
        await using var db = host.Database.CreateDbContext();
        return await db.Providers.Where(p => p.ClientId == Seed.ClientId).Select(p => p.Id).SingleAsync(OidcHost.Stop);
    }
}
