using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Management;
using Gatehouse.Management.Tokens;
using Gatehouse.Model.Brands;
using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Gatehouse.Store.Events;
using Gatehouse.Store.Queues;
using Gatehouse.Store.Secrets;
using Gatehouse.Store.Snapshots;
using Gatehouse.Tests.Fakes;
using Gatehouse.Web.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Management;

/// <summary>Both APIs on a real listener over a fresh database, with what every installation begins with.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    public const string Account = "0123456789abcdef0123456789abcdef";
    public const string AdminKey = "admin-key";
    public const string UserKey = "user-key";

    private static readonly (string Certificate, byte[] PrivateKey) Key = MakeKey();

    private readonly IDbContextFactory<GatehouseDb> database;
    private readonly TestStore? store;
    private readonly SecretBox box = new(RandomNumberGenerator.GetBytes(32));
    private readonly WebApplication app;

    private ApiHost(Action<IServiceCollection>? change, TestStore? store)
    {
        this.store = store;
        database = store?.Get<IDbContextFactory<GatehouseDb>>() ?? new TestDatabase();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(Clock).AddSingleton(Urls).AddSingleton<ISecretBox>(box);
        builder.Services.AddSingleton(database).AddScoped(_ => database.CreateDbContext());
        builder.Services.AddSingleton<IMailSender>(Mail);
        builder.Services.AddSingleton<ChangeFeed>().AddSingleton<IReloadable>(Reloads).AddSingleton<IReloadable>(Revocations).AddManagement();
        builder.Services.AddBindings();
        builder.Services.AddConnectionBook("here", isShared: true);
        builder.Services.AddSingleton<EventSignal>().AddSingleton(_ => new RowQueue<Event>(database)).AddSingleton<EventStore>();
        builder.Services.AddSingleton<IEventLog>(s => s.GetRequiredService<EventStore>()).AddSingleton<IEventRows>(s => s.GetRequiredService<EventStore>());
        builder.Services.AddSingleton<SystemSettingsReader>().AddSingleton<IReloadable>(s => s.GetRequiredService<SystemSettingsReader>());
        builder.Services.AddSingleton<ISnapshot<SystemSettings>>(s => s.GetRequiredService<SystemSettingsReader>());
        builder.Services.AddScoped<IApiAccessTokens>(_ => OAuth).AddScoped<IBrowserCallers>(_ => Browsers);
        builder.Services.RemoveAll<IHostedService>(); // tests run the loops' steps themselves
        change?.Invoke(builder.Services);
        app = builder.Build();
        app.MapAuthentikApi();
        app.MapCloudflareApi();
        Client = new HttpClient();
    }

    public FakeClock Clock { get; } = new();

    /// <summary>What stands behind OAuth access tokens.</summary>
    public FakeAccessTokens OAuth { get; } = new();

    /// <summary>What stands behind cookies.</summary>
    public FakeBrowsers Browsers { get; } = new();

    public FakeMail Mail { get; } = new();

    public static PublicUrls Urls { get; } = new("example.com", 8443);

    public CountingTable Reloads { get; } = new(Topic.Access);

    public CountingTable Revocations { get; } = new(Topic.Revocations);

    public HttpClient Client { get; }

    public IServiceProvider Services => app.Services;

    public ISecretBox Box => box;

    public int AdminId { get; private set; }

    public int UserId { get; private set; }

    public Guid Flow { get; private set; }

    public Guid KeyPair { get; private set; }

    public IReadOnlyList<RouteEndpoint> Endpoints => [.. app.Services.GetRequiredService<IEnumerable<EndpointDataSource>>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()];

    public static Task<ApiHost> StartAsync(Action<IServiceCollection>? change = null) => StartAsync(new ApiHost(change, store: null));

    /// <summary>On a database of this kind, for what they do differently.</summary>
    public static async Task<ApiHost> StartAsync(DatabaseKind kind, Action<IServiceCollection>? change = null)
    {
        var store = TestStore.Empty(kind);
        await using (var db = store.Open())
        {
            await db.Database.MigrateAsync(TestContext.Current.CancellationToken);
        }

        return await StartAsync(new ApiHost(change, store));
    }

    private static async Task<ApiHost> StartAsync(ApiHost host)
    {
        await host.SeedAsync();
        await host.Services.GetRequiredService<SystemSettingsReader>().ReloadAsync(TestContext.Current.CancellationToken);
        await host.app.StartAsync(TestContext.Current.CancellationToken);
        var address = host.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        host.Client.BaseAddress = new Uri(address);
        return host;
    }

    public GatehouseDb Open() => database.CreateDbContext();

    /// <summary>Calls authentik's API.</summary>
    public Task<ApiReply> AuthentikAsync(string method, string path, JsonNode? body = null, string? key = AdminKey) =>
        SendAsync(method, "/api/v3" + path, body?.ToJsonString(), key);

    /// <summary>Calls Cloudflare's API below our account.</summary>
    public Task<ApiReply> CloudflareAsync(string method, string path, JsonNode? body = null, string? key = AdminKey) =>
        SendAsync(method, $"/client/v4/accounts/{Account}{path}", body?.ToJsonString(), key);

    public async Task<ApiReply> SendAsync(string method, string path, string? body, string? key)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await ApiReply.ReadAsync(response);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
        box.Dispose();
        (database as TestDatabase)?.Dispose();
        if (store is not null)
        {
            await store.DisposeAsync();
        }
    }

    private async Task SeedAsync()
    {
        await using var db = Open();
        var now = Clock.GetUtcNow();
        var admins = new Group { Id = Guid.CreateVersion7(), Number = 1, Name = "authentik Admins", IsSuperuser = true };
        var admin = NewUser("akadmin");
        admin.Groups = [new GroupMember { GroupId = admins.Id, UserId = 0 }];
        var user = NewUser("bob");
        var flow = new Flow { Id = Guid.CreateVersion7(), Slug = "default-provider-authorization-implicit-consent", Name = "Authorize", Title = "Redirecting to %(app)s", Designation = "authorization" };
        var pair = NewPair("authentik Self-signed Certificate");
        db.AddRange(admins, admin, user, flow, pair);
        db.Brands.Add(new Brand { Id = Guid.CreateVersion7(), Domain = "authentik-default", IsDefault = true });
        db.Organizations.Add(new Organization { Id = Account, Name = "Gatehouse", CreatedAt = now, UpdatedAt = now });
        db.Settings.Add(new Setting { Name = SettingNames.InstallId, Value = "install" });
        db.ScopeMappings.Add(new ScopeMapping { Id = Guid.CreateVersion7(), Name = "authentik default OAuth Mapping: OpenID 'email'", ScopeName = "email", Managed = "goauthentik.io/providers/oauth2/scope-email" });
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        db.ApiTokens.AddRange(NewToken("admin", admin.Id, AdminKey), NewToken("user", user.Id, UserKey));
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        (AdminId, UserId, Flow, KeyPair) = (admin.Id, user.Id, flow.Id, pair.Id);

        User NewUser(string name) => new() { Uuid = Guid.CreateVersion7(), Username = name, UsernameKey = name, Email = name + "@example.com", CreatedAt = now, UpdatedAt = now };
    }

    /// <summary>A token row with this key.</summary>
    public static ApiToken NewToken(string identifier, int userId, string key) =>
        new() { Id = Guid.CreateVersion7(), Identifier = identifier, UserId = userId, KeyHash = FindCaller.HashOf(key) };

    private KeyPair NewPair(string name) => new()
    {
        Id = Guid.CreateVersion7(),
        Name = name,
        Kid = "kid-" + name,
        CertificatePem = Key.Certificate,
        SealedPrivateKey = box.Seal(Key.PrivateKey, SecretPurposes.KeyPairPrivateKey),
        CreatedAt = Clock.GetUtcNow(),
    };

    private static (string Certificate, byte[] PrivateKey) MakeKey()
    {
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=test", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return (certificate.ExportCertificatePem(), rsa.ExportPkcs8PrivateKey());
    }
}

/// <summary>One host for tests that change nothing.</summary>
public sealed class SharedApiHost : IAsyncLifetime
{
    private ApiHost? host;

    internal ApiHost Host => host ?? throw new InvalidOperationException("not started");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => host = await ApiHost.StartAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Host.DisposeAsync();
}

/// <summary>An answer, read whole.</summary>
internal sealed record ApiReply(int Status, JsonNode? Body, HttpResponseHeaders Headers)
{
    /// <summary>The <c>result</c> of Cloudflare's envelope.</summary>
    public JsonNode Result => Body!["result"]!;

    public static async Task<ApiReply> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new ApiReply((int)response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text), response.Headers);
    }

    /// <summary>Fails with the body when the status is another.</summary>
    public ApiReply Expect(int status)
    {
        Assert.True(Status == status, $"expected {status}, got {Status}: {Body?.ToJsonString()}");
        return this;
    }

    /// <summary>The text at a path such as <c>config.client_id</c>.</summary>
    public string? Text(string path)
    {
        JsonNode? at = Body;
        foreach (var part in path.Split('.'))
        {
            at = int.TryParse(part, out var index) ? at?[index] : at?[part];
        }

        return at is JsonValue value && value.TryGetValue<string>(out var text) ? text : at?.ToJsonString();
    }
}

/// <summary>Counts reloads, so that tests see what was announced.</summary>
internal sealed class CountingTable(string topic) : IReloadable
{
    public string Topic => topic;

    public int Count { get; private set; }

    public Task ReloadAsync(CancellationToken cancellationToken)
    {
        Count++;
        return Task.CompletedTask;
    }
}
