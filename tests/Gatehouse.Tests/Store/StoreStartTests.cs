using Gatehouse.Model.Flows;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Stages;
using Gatehouse.Store;
using Gatehouse.Store.Secrets;
using Gatehouse.Store.Start;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Store;

public class StoreStartTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task The_shipped_password_rule_is_named_by_the_stage_that_changes_passwords(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();

        var rule = await db.IdentityPolicies.SingleAsync(p => p.Name == "default-password-change-password-policy", Cancel);
        var stage = await db.Stages.SingleAsync(s => s.Name == "default-password-change-prompt", Cancel);
        Assert.Equal([rule.Id], stage.Setting(PromptSettings.Policies));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Lays_what_every_installation_begins_with(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();

        var organization = await db.Organizations.SingleAsync(Cancel);
        Assert.Matches("^[0-9a-f]{32}$", organization.Id);
        Assert.True(organization.DenyUnmatchedRequests);
        Assert.Matches("^[0-9a-f]{64}$", (await db.AccessKeys.SingleAsync(Cancel)).Kid);
        Assert.Equal("authentik Self-signed Certificate", (await db.KeyPairs.SingleAsync(Cancel)).Name);
        Assert.Equal(6, await db.ScopeMappings.CountAsync(m => m.Managed!.StartsWith("goauthentik.io/providers/oauth2/scope-"), Cancel));
        Assert.NotEmpty((await db.Settings.SingleAsync(s => s.Name == SettingNames.InstallId, Cancel)).Value);

        var admin = await db.Users.Include(u => u.Groups).ThenInclude(m => m.Group).SingleAsync(Cancel);
        Assert.Equal("akadmin", admin.Username);
        Assert.Equal("root@example.com", admin.Email);
        Assert.Null(admin.PasswordHash);
        Assert.Equal(("authentik Admins", true), admin.Groups.Select(m => (m.Group!.Name, m.Group.IsSuperuser)).Single());
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Lays_the_flows_that_guides_name(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var flows = await db.Flows.Include(f => f.Bindings).ThenInclude(b => b.Stage).ToDictionaryAsync(f => f.Slug, Cancel);

        Assert.Equal(16, flows.Count);
        Assert.Equal(
            [(10, StageType.Identification), (20, StageType.Password), (30, StageType.AuthenticatorValidate), (100, StageType.UserLogin)],
            flows["default-authentication-flow"].Bindings.OrderBy(b => b.Order).Select(b => (b.Order, b.Stage!.Type)));
        Assert.Empty(flows["default-provider-authorization-implicit-consent"].Bindings);
        Assert.Equal("require_authenticated", flows["default-provider-authorization-implicit-consent"].Authentication);
        Assert.Equal(StageType.Consent, flows["default-provider-authorization-explicit-consent"].Bindings.Single().Stage!.Type);
        Assert.All(flows.Values.SelectMany(f => f.Bindings), b => System.Text.Json.JsonDocument.Parse(b.Stage!.SettingsJson).Dispose());
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Performs_the_guide_on_itself(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var application = await db.ProviderApplications.SingleAsync(a => a.Slug == "cloudflare", Cancel);
        var provider = await db.Providers.SingleAsync(p => p.Id == application.ProviderId, Cancel);
        var method = store.Get<ISnapshot<AccessTable>>().Current.LoginMethods.Single();

        Assert.Matches("^[A-Za-z0-9]{40}$", provider.ClientId);
        Assert.NotNull(provider.SigningKeyId);
        Assert.Null(provider.EncryptionKeyId);
        Assert.Equal([new RedirectUri(MatchingMode.Strict, "https://access.localhost:8443/cdn-cgi/access/callback", RedirectUriType.Authorization)], provider.RedirectUris);
        var scopes = await db.ScopeMappings.Where(m => provider.ScopeMappingIds.Contains(m.Id)).Select(m => m.ScopeName).ToListAsync(Cancel);
        Assert.Equal(["email", "openid", "profile"], scopes.Order());

        var secret = System.Text.Encoding.UTF8.GetString(store.Box.Open(provider.SealedClientSecret, SecretPurposes.OAuth2ProviderClientSecret)!);
        Assert.Matches("^[A-Za-z0-9]{128}$", secret);
        Assert.Equal(secret, method.ClientSecret);
        Assert.Equal("Authentik", method.Method.Name);
        Assert.Equal(provider.ClientId, method.Method.ClientId);
        Assert.Equal("https://auth.localhost:8443/application/o/authorize/", method.Method.AuthUrl);
        Assert.Equal("https://auth.localhost:8443/application/o/token/", method.Method.TokenUrl);
        Assert.Equal("https://auth.localhost:8443/application/o/cloudflare/jwks/", method.Method.CertsUrl);
        Assert.Equal(["groups"], method.Method.Claims);
        Assert.True(method.Method.PkceEnabled);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_second_start_changes_nothing(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var before = await FactsAsync(store);
        await store.RestartAsync();
        await store.Get<StoreStart>().RunAsync(Cancel);

        Assert.Equal(before, await FactsAsync(store));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task What_an_administrator_deleted_stays_deleted(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using (var db = store.Open())
        {
            await db.LoginMethods.ExecuteDeleteAsync(Cancel);
            await db.Users.ExecuteDeleteAsync(Cancel);
        }

        await store.RestartAsync(new PublicUrls("example.com", 443));
        await store.Get<StoreStart>().RunAsync(Cancel);

        await using var after = store.Open();
        Assert.False(await after.LoginMethods.AnyAsync(Cancel));
        Assert.False(await after.Users.AnyAsync(Cancel));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_new_domain_moves_the_urls_that_nobody_edited(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using (var db = store.Open())
        {
            var method = await db.LoginMethods.SingleAsync(Cancel);
            method.TokenUrl = "https://edited.example.net/token";
            var provider = await db.Providers.SingleAsync(Cancel);
            provider.RedirectUris = [.. provider.RedirectUris, new RedirectUri(MatchingMode.Strict, "https://edited.example.net/cb", RedirectUriType.Authorization)];
            await db.SaveChangesAsync(Cancel);
        }

        await store.RestartAsync(new PublicUrls("example.com", 443));
        await store.Get<StoreStart>().RunAsync(Cancel);

        await using var after = store.Open();
        var moved = await after.LoginMethods.SingleAsync(Cancel);
        Assert.Equal("https://auth.example.com/application/o/authorize/", moved.AuthUrl);
        Assert.Equal("https://auth.example.com/application/o/cloudflare/jwks/", moved.CertsUrl);
        Assert.Equal("https://edited.example.net/token", moved.TokenUrl);
        Assert.Equal(
            ["https://access.example.com/cdn-cgi/access/callback", "https://edited.example.net/cb"],
            (await after.Providers.SingleAsync(Cancel)).RedirectUris.Select(u => u.Url));
    }

    [Theory, MemberData(nameof(Databases.Postgres), MemberType = typeof(Databases))]
    public async Task Two_nodes_that_start_at_once_lay_one_set_of_seeds(DatabaseKind kind)
    {
        await using var first = TestStore.Empty(kind);
        first.Get<RootKey>().Create();

        var starts = await Task.WhenAll(Task.Run(() => first.StartNodeAsync(), Cancel), Task.Run(() => first.StartNodeAsync(), Cancel), Task.Run(() => first.StartNodeAsync(), Cancel));

        await using var db = first.Open();
        Assert.Equal(1, await db.Organizations.CountAsync(Cancel));
        Assert.Equal(1, await db.Providers.CountAsync(Cancel));
        Assert.Equal(1, await db.LoginMethods.CountAsync(Cancel));
        foreach (var node in starts)
        {
            await node.DisposeAsync();
        }
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_command_beside_the_process_refuses_what_was_never_started(DatabaseKind kind)
    {
        await using var store = TestStore.Empty(kind);
        await Assert.ThrowsAsync<StoreFaultException>(() => store.Get<StoreStart>().CheckAsync(Cancel));
        await store.Get<StoreStart>().RunAsync(Cancel);
        await store.Get<StoreStart>().CheckAsync(Cancel);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_alone()
    {
        await using var store = TestStore.Empty(DatabaseKind.Sqlite);
        var file = Path.Combine(store.Folder, "gatehouse.db");
        await File.WriteAllTextAsync(file, new string('x', 5000), Cancel);

        var fault = await Assert.ThrowsAsync<StoreFaultException>(() => store.Get<StoreStart>().RunAsync(Cancel));

        Assert.Contains(file, fault.Message, StringComparison.Ordinal);
        Assert.Equal(new string('x', 5000), await File.ReadAllTextAsync(file, Cancel));
    }

    [Fact]
    public async Task A_data_folder_that_is_none_is_refused()
    {
        await using var store = TestStore.Empty(DatabaseKind.Sqlite);
        var file = Path.Combine(store.Folder, "file");
        await File.WriteAllTextAsync(file, "", Cancel);
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(new PublicUrls("localhost", 8443))
            .AddStore(new StoreOptions { DataFolder = file })
            .BuildServiceProvider();

        var fault = await Assert.ThrowsAsync<StoreFaultException>(() => services.GetRequiredService<StoreStart>().RunAsync(Cancel));

        Assert.Contains("--data", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_named_without_the_password()
    {
        await using var store = TestStore.Empty(DatabaseKind.Sqlite);
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(new PublicUrls("localhost", 8443))
            .AddStore(new StoreOptions { DataFolder = store.Folder, Database = "postgres://ada:hunter2@127.0.0.1:1/gate" })
            .BuildServiceProvider();

        var fault = await Assert.ThrowsAsync<StoreFaultException>(() => services.GetRequiredService<StoreStart>().RunAsync(Cancel));

        Assert.Contains("gate at 127.0.0.1:1", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault.ToString(), StringComparison.Ordinal);
    }

    private static async Task<string> FactsAsync(TestStore store)
    {
        await using var db = store.Open();
        var facts = new
        {
            Organization = await db.Organizations.Select(o => o.Id).SingleAsync(Cancel),
            Keys = await db.AccessKeys.Select(k => k.Kid).ToListAsync(Cancel),
            Provider = await db.Providers.Select(p => p.ClientId).SingleAsync(Cancel),
            Flows = await db.Flows.OrderBy(f => f.Slug).Select(f => f.Id).ToListAsync(Cancel),
            Settings = await db.Settings.OrderBy(s => s.Name).ToListAsync(Cancel),
            Revisions = await db.Revisions.OrderBy(r => r.Topic).ToListAsync(Cancel),
        };
        return System.Text.Json.JsonSerializer.Serialize(facts);
    }
}
