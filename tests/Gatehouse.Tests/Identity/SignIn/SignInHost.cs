using System.Collections.Concurrent;
using System.Net;
using Gatehouse.Identity.Oidc;
using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Setup;
using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Gatehouse.Store.Secrets;
using Gatehouse.Tests.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>Sign-in on a port of its own, with the shipped flows and a user <c>alice</c>. OAuth is one pending request that a test sets.</summary>
internal sealed class SignInHost : IAsyncDisposable
{
    public const string Password = "correct horse";
    public static readonly string PasswordKept = PasswordHash.Make(Password);

    private readonly WebApplication app;
    private readonly SecretBox box = new(new byte[32]);

    private SignInHost(IDbContextFactory<GatehouseDb>? databases)
    {
        Events = new FakeEvents(Clock);
        Settings = new FakeSnapshot<SystemSettings>(new SystemSettings { TokenDuration = "days=365" }, Clock);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(k => k.Listen(IPAddress.Loopback, 0));
        builder.Services
            .AddSingleton<TimeProvider>(Clock)
            .AddSingleton<ISecretBox>(box)
            .AddSingleton(Urls)
            .AddSingleton<IEventLog>(Events)
            .AddSingleton<IEventRows>(Events)
            .AddSingleton<IMailSender>(Mail)
            .AddSingleton<ISnapshot<SystemSettings>>(Settings)
            .AddSingleton(databases ?? Database)
            .AddScoped(s => s.GetRequiredService<IDbContextFactory<GatehouseDb>>().CreateDbContext())
            .AddScoped(_ => new AuthorizationBorder(
                (_, _, _, _) =>
                {
                    Reads++;
                    return Task.FromResult(Pending);
                },
                (_, query, browser, _) => Task.FromResult($"https://rp.test/cb?code={browser.User.Username}&query={Uri.EscapeDataString(query)}"),
                (_, _, _) => Task.FromResult(Pending?.Icon)))
            .AddSingleton(_ => new Passwords
            {
                Verify = (password, kept) =>
                {
                    Verified.Enqueue(kept);
                    return Verify(password, kept);
                },
            })
            .AddBindings()
            .AddSignIn();
        app = builder.Build();
        app.MapSignIn();
    }

    /// <summary>How often an authorization was judged.</summary>
    public int Reads { get; private set; }

    /// <summary>The kept passwords with which typed ones were compared.</summary>
    public ConcurrentQueue<string> Verified { get; } = new();

    /// <summary>How they are compared.</summary>
    public Func<string, string, bool> Verify { get; set; } = PasswordHash.Verify;

    public TestDatabase Database { get; } = new();

    public FakeClock Clock { get; } = new();

    public FakeMail Mail { get; } = new();

    public FakeSnapshot<SystemSettings> Settings { get; }

    public FakeEvents Events { get; }

    public PublicUrls Urls { get; } = new("gh.test", 443);

    public Uri Address => new(app.Urls.First());

    public IServiceProvider Services => app.Services;

    public OneTimeLinks Links => app.Services.GetRequiredService<OneTimeLinks>();

    /// <summary>What stands behind any query of an authorization flow; null means nothing.</summary>
    public PendingAuthorization? Pending { get; set; }

    public static async Task<SignInHost> StartAsync(IDbContextFactory<GatehouseDb>? databases = null)
    {
        var host = new SignInHost(databases);
        await SeedAsync(host.Database);
        await host.app.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    /// <summary>A browser that has never been here.</summary>
    public Browser Browser() => new(Address);

    /// <summary>A browser in which alice (or another) has signed in.</summary>
    public async Task<Browser> SignedInAsync(string user = "alice")
    {
        var browser = Browser();
        var login = browser.Flow("default-authentication-flow");
        await login.AnswerAsync(("uid_field", user));
        var end = await login.AnswerAsync(("component", "ak-stage-password"), ("password", Password));
        Assert.Equal("xak-flow-redirect", end.Component);
        return browser;
    }

    public async Task ChangeAsync(Func<GatehouseDb, Task> change)
    {
        await using var db = Database.CreateDbContext();
        await change(db);
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    public async Task<T> ReadAsync<T>(Func<GatehouseDb, Task<T>> read)
    {
        await using var db = Database.CreateDbContext();
        return await read(db);
    }

    public static User A(string username, UserType type = UserType.Internal, bool isActive = true, string email = "") => new()
    {
        Uuid = Guid.CreateVersion7(),
        Username = username,
        UsernameKey = UserNames.Lookup(username)!, // test names are sound
        Email = email,
        Type = type,
        IsActive = isActive,
        PasswordHash = PasswordKept,
    };

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        box.Dispose();
        Database.Dispose();
    }

    private static async Task SeedAsync(TestDatabase database)
    {
        await using var db = database.CreateDbContext();
        Add(db, "default-authentication-flow", "authentication", "none", "Welcome!",
            (StageType.Identification, """{"user_fields":["email","username"]}"""), (StageType.Password, "{}"), (StageType.UserLogin, "{}"));
        Add(db, "default-invalidation-flow", "invalidation", "none", "Goodbye", (StageType.UserLogout, "{}"));
        Add(db, "default-provider-authorization-implicit-consent", "authorization", "require_authenticated", "Redirecting to %(app)s");
        Add(db, "default-provider-authorization-explicit-consent", "authorization", "require_authenticated", "Redirecting to %(app)s",
            (StageType.Consent, """{"mode":"expiring","consent_expire_in":"weeks=4"}"""));
        db.Users.AddRange(A("alice", email: "alice@example.com"), A("bob"), A("gone", isActive: false), A("robot", UserType.ServiceAccount));
        db.Settings.Add(new Setting { Name = SettingNames.SetupDone, Value = "true" });
        db.Settings.Add(new Setting { Name = SettingNames.InstallId, Value = "install" });
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Adds a flow with its own stages.</summary>
    public static void Add(GatehouseDb db, string slug, string designation, string authentication, string title, params (StageType Type, string Settings)[] stages)
    {
        var flow = new Flow { Id = Guid.CreateVersion7(), Slug = slug, Name = slug, Title = title, Designation = designation, Authentication = authentication };
        db.Flows.Add(flow);
        for (var i = 0; i < stages.Length; i++)
        {
            var stage = new Stage { Id = Guid.CreateVersion7(), Name = $"{slug} {i}", Type = stages[i].Type, SettingsJson = stages[i].Settings };
            db.Stages.Add(stage);
            db.FlowStageBindings.Add(new FlowStageBinding { Id = Guid.CreateVersion7(), FlowId = flow.Id, StageId = stage.Id, Order = 10 * i });
        }
    }
}
