using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Gatehouse.Identity.Oidc;
using Gatehouse.Identity.Oidc.Logout;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tokens;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Gatehouse.Store.Queues;
using Gatehouse.Store.Secrets;
using Gatehouse.Store.Snapshots;
using Gatehouse.Tests.Fakes;
using Gatehouse.Tests.Identity.SignIn;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Identity.Oidc;

/// <summary>The OAuth endpoints on a local port over a fresh database, with a client, a person and a signed-in browser.</summary>
internal sealed class OidcHost : IAsyncDisposable
{
    private static readonly char[] AnswerStarts = ['?', '#'];

    private readonly WebApplication app;
    private readonly SocketsHttpHandler handler = new() { AllowAutoRedirect = false, UseCookies = false };
    private readonly HttpClient http;
    private readonly bool ownsDatabase;
    private readonly SecretBox box = new(new byte[32]);

    private OidcHost(OidcHost? first = null)
    {
        Database = first?.Database ?? new TestDatabase();
        Clock = first?.Clock ?? new FakeClock();
        ownsDatabase = first is null;
        Events = new FakeEvents(Clock);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore().AddRazorComponents();
        builder.Services.AddSingleton<TimeProvider>(Clock);
        builder.Services.AddSingleton(Urls);
        builder.Services.AddSingleton<ISecretBox>(box);
        builder.Services.AddSingleton<IDbContextFactory<GatehouseDb>>(Database);
        builder.Services.AddScoped(_ => Database.CreateDbContext());
        builder.Services.AddSingleton<IPolicyEngine>(Policies);
        builder.Services.AddSingleton<IEventLog>(Events).AddSingleton<IEventRows>(Events);
        builder.Services.AddSingleton<ClientTableReader>();
        builder.Services.AddSingleton<ISnapshot<ClientTable>>(s => s.GetRequiredService<ClientTableReader>());
        builder.Services.AddSingleton<IReloadable>(s => s.GetRequiredService<ClientTableReader>());
        builder.Services.AddSingleton<ChangeFeed>();
        builder.Services.AddSingleton<GroupCommit>();
        builder.Services.AddHostedService(s => s.GetRequiredService<GroupCommit>());
        builder.Services.AddSingleton<IMailSender>(new FakeMail());
        builder.Services.AddSingleton<ISnapshot<SystemSettings>>(Settings = new FakeSnapshot<SystemSettings>(new SystemSettings(), Clock));
        builder.Services.AddBindings().AddOidc().AddSignIn();
        builder.Services.AddHttpClient("upstream").ConfigurePrimaryHttpMessageHandler(() => Receiver);
        app = builder.Build();
        Policies.Engine = app.Services.GetRequiredService<PolicyEngine>();
        app.UseRouting();
        app.MapOidc();
        app.MapSignIn();
        http = new HttpClient(handler);
    }

    public FakeClock Clock { get; }

    public FakeSnapshot<SystemSettings> Settings { get; }

    public FakePolicies Policies { get; } = new();

    public FakeEvents Events { get; }

    public TestDatabase Database { get; }

    /// <summary>Every client's own server: what is posted to it, and what it answers.</summary>
    public FakeReceiver Receiver { get; } = new();

    /// <summary>Delivers the notices of logout that are due.</summary>
    public Task DeliverAsync() => app.Services.GetRequiredService<LogoutCourier>().DeliverDueAsync(Stop);

    public PublicUrls Urls { get; } = new("example.test", 443);

    public Seed Seed { get; private set; } = null!; // set by StartAsync

    public Uri Address => http.BaseAddress!; // set by StartAsync

    /// <summary>A browser that follows flows, with a session of ours.</summary>
    public Browser BrowserOf(string cookie)
    {
        var browser = new Browser(Address);
        browser.Cookies[BrowserSessions.Cookie] = cookie.Split('=')[1];
        return browser;
    }

    /// <summary>Cookie of ada's browser.</summary>
    public string Cookie { get; private set; } = "";

    public static async Task<OidcHost> StartAsync()
    {
        var host = new OidcHost();
        host.Seed = await Seed.InsertAsync(host.Database, host.box, host.Clock);
        await host.ReloadAsync();
        host.Cookie = await host.SignInAsync(host.Seed.AdaId);
        await host.app.StartAsync(Stop);
        host.http.BaseAddress = new Uri(host.app.Urls.Single());
        return host;
    }

    /// <summary>A second node over the same database.</summary>
    public static async Task<OidcHost> StartAsync(OidcHost first)
    {
        var host = new OidcHost(first) { Seed = first.Seed, Cookie = first.Cookie };
        await host.ReloadAsync();
        await host.app.StartAsync(Stop);
        host.http.BaseAddress = new Uri(host.app.Urls.Single());
        return host;
    }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A session as the login stage would make it; returns the cookie.</summary>
    public async Task<string> SignInAsync(int userId)
    {
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        await using var db = Database.CreateDbContext();
        db.AuthenticatedSessions.Add(new AuthenticatedSession
        {
            Id = Hash(token),
            Uuid = Guid.CreateVersion7(),
            UserId = userId,
            AuthenticatedAt = Clock.GetUtcNow(),
            Amr = ["pwd"],
            LastAddress = "127.0.0.1",
            LastUserAgent = "test",
            LastUsedAt = Clock.GetUtcNow(),
            ExpiresAt = Clock.GetUtcNow().AddDays(365),
        });
        await db.SaveChangesAsync(Stop);
        return $"{BrowserSessions.Cookie}={token}";
    }

    public async Task<SignedInBrowser> BrowserAsync(string cookie)
    {
        await using var db = Database.CreateDbContext();
        var id = Hash(cookie.Split('=')[1]);
        var session = await db.AuthenticatedSessions.SingleAsync(s => s.Id == id, Stop);
        return new SignedInBrowser(await db.Users.SingleAsync(u => u.Id == session.UserId, Stop), session);
    }

    public Task<HttpResponseMessage> GetAsync(string url, string? cookie = null, string? bearer = null, string? origin = null) =>
        SendAsync(HttpMethod.Get, url, null, cookie, bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer), origin);

    public Task<HttpResponseMessage> PostAsync(string url, IEnumerable<(string, string)> form, AuthenticationHeaderValue? authorization = null, string? cookie = null, string? origin = null) =>
        SendAsync(HttpMethod.Post, url, FormOf(form), cookie, authorization, origin);

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => http.SendAsync(request, Stop);

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string url, HttpContent? content, string? cookie = null, AuthenticationHeaderValue? authorization = null, string? origin = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(url, UriKind.RelativeOrAbsolute)) { Content = content };
        request.Headers.Authorization = authorization;
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        return await http.SendAsync(request, Stop);
    }

    /// <summary>A request from this machine, for what is asked without going over the wire.</summary>
    public static HttpContext Http() => new DefaultHttpContext { Connection = { RemoteIpAddress = System.Net.IPAddress.Loopback } };

    /// <summary>An authorization request that is fine, with changes: a null value leaves the parameter out.</summary>
    public static string Authorize(params (string Name, string? Value)[] changes)
    {
        List<(string Name, string? Value)> all =
        [
            ("client_id", Seed.ClientId), ("redirect_uri", Seed.RedirectUri), ("response_type", "code"), ("scope", "openid email profile"),
            ("state", "s 1&2"), ("nonce", "n-1"), ("code_challenge", Challenge), ("code_challenge_method", "S256"),
        ];
        foreach (var (name, value) in changes)
        {
            all.RemoveAll(p => p.Name == name);
            all.Add((name, value));
        }

        return "/application/o/authorize/?" + string.Join('&', all.Where(p => p.Value is not null).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}"));
    }

    public const string Verifier = "abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ._~0123456789";

    public static string Challenge { get; } = WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    /// <summary>A code for ada.</summary>
    public async Task<string> CodeAsync(params (string Name, string? Value)[] changes)
    {
        using var answer = await GetAsync(Authorize(changes), Cookie);
        Assert.Equal(System.Net.HttpStatusCode.Found, answer.StatusCode);
        return Field(answer.Headers.Location!, "code") ?? throw new InvalidOperationException(answer.Headers.Location!.OriginalString);
    }

    public Task<HttpResponseMessage> RedeemAsync(string code, params (string Name, string? Value)[] changes) => TokenAsync(
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", Seed.RedirectUri), ("code_verifier", Verifier), ("client_id", Seed.ClientId), ("client_secret", Seed.ClientSecret)],
        changes);

    public Task<HttpResponseMessage> RefreshAsync(string token, params (string Name, string? Value)[] changes) => TokenAsync(
        [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", Seed.ClientId), ("client_secret", Seed.ClientSecret)], changes);

    /// <summary>The whole walk: code, then tokens.</summary>
    public async Task<JsonElement> TokensAsync(string scope = "openid email profile offline_access")
    {
        using var answer = await RedeemAsync(await CodeAsync(("scope", scope)));
        return await JsonAsync(answer);
    }

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage answer)
    {
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop));
        return document.RootElement.Clone();
    }

    public static async Task<string> ErrorAsync(HttpResponseMessage answer) => (await JsonAsync(answer)).GetProperty("error").GetString()!;

    public static string? Field(Uri location, string name) =>
        QueryHelpers.ParseQuery(location.OriginalString.Split(AnswerStarts, 2)[^1]).TryGetValue(name, out var value) ? value.ToString() : null;

    public static AuthenticationHeaderValue Basic(string id, string secret) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{secret}")));

    /// <summary>Changes rows behind the server's back, as the API does.</summary>
    public async Task ChangeAsync(Func<GatehouseDb, Task> change)
    {
        await using var db = Database.CreateDbContext();
        await change(db);
        await db.SaveChangesAsync(Stop);
        await ReloadAsync();
    }

    /// <summary>Changes the client of most tests.</summary>
    public Task ConfigureAsync(Action<OAuth2Provider> change, string clientId = Seed.ClientId) =>
        ChangeAsync(async db => change(await db.Providers.SingleAsync(p => p.ClientId == clientId, Stop)));

    /// <summary>What the change feed does on every node.</summary>
    public Task ReloadAsync() => app.Services.GetRequiredService<ClientTableReader>().ReloadAsync(Stop);

    /// <summary>Keeps a key pair with a self-signed certificate; its id.</summary>
    public async Task<Guid> AddKeyAsync(string kid, AsymmetricAlgorithm key)
    {
        var request = key is ECDsa ec
            ? new CertificateRequest("CN=test", ec, HashAlgorithmName.SHA256)
            : new CertificateRequest("CN=test", (RSA)key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2036, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var pair = new KeyPair
        {
            Id = Guid.CreateVersion7(),
            Name = kid,
            Kid = kid,
            CertificatePem = made.ExportCertificatePem(),
            SealedPrivateKey = box.Seal(key.ExportPkcs8PrivateKey(), SecretPurposes.KeyPairPrivateKey),
            CreatedAt = Clock.GetUtcNow(),
        };
        await ChangeAsync(db =>
        {
            db.KeyPairs.Add(pair);
            return Task.CompletedTask;
        });
        return pair.Id;
    }

    /// <summary>A token request of client a, with its secret unless changed.</summary>
    public Task<HttpResponseMessage> GrantAsync(string type, params (string Name, string? Value)[] changes) =>
        TokenAsync([("grant_type", type), ("client_id", Seed.ClientId), ("client_secret", Seed.ClientSecret)], changes);

    /// <summary>Introspection by client a.</summary>
    public async Task<JsonElement> IntrospectAsync(string token, string clientId = Seed.ClientId, string secret = Seed.ClientSecret)
    {
        using var answer = await PostAsync("/application/o/introspect/", [("token", token), ("client_id", clientId), ("client_secret", secret)]);
        return await JsonAsync(answer);
    }

    /// <summary>Gives a user an app password; <paramref name="key"/> is it.</summary>
    public Task AddAppPasswordAsync(int userId, string key, DateTimeOffset? expiresAt = null, TokenIntent intent = TokenIntent.AppPassword) => ChangeAsync(db =>
    {
        db.ApiTokens.Add(new ApiToken { Id = Guid.CreateVersion7(), Identifier = key, UserId = userId, Intent = intent, KeyHash = Hash(key), ExpiresAt = expiresAt });
        return Task.CompletedTask;
    });

    public AsyncServiceScope Scope() => app.Services.CreateAsyncScope();

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        handler.Dispose();
        Receiver.Dispose();
        await app.DisposeAsync();
        box.Dispose();
        if (ownsDatabase)
        {
            Database.Dispose();
        }
    }

    private Task<HttpResponseMessage> TokenAsync(List<(string Name, string Value)> form, (string Name, string? Value)[] changes)
    {
        foreach (var (name, value) in changes)
        {
            form.RemoveAll(p => p.Name == name);
            if (value is not null)
            {
                form.Add((name, value));
            }
        }

        return PostAsync("/application/o/token/", form);
    }

    private static FormUrlEncodedContent FormOf(IEnumerable<(string, string)> form) => new(form.Select(p => new KeyValuePair<string, string>(p.Item1, p.Item2)));

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
