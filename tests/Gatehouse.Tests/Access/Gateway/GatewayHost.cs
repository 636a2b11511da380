using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Audit;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Dns;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Origins;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tests.Fakes;
using Gatehouse.Tls;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>
/// The gateway on real ports before a raw origin. Unless a test says otherwise: <c>app.test</c> is for staff (example.com),
/// <c>app.test/public/*</c> is open to all.
/// </summary>
internal sealed class GatewayHost : IAsyncDisposable
{
    private static readonly Lazy<RSA> Key = new(() => RSA.Create(2048));
    private static readonly Lazy<SslStreamCertificateContext> Shown = new(() => SslStreamCertificateContext.Create(Certificate(), null, offline: true));
    private readonly List<App> apps = [];
    private readonly List<PublicHostname> hostnames = [];
    private WebApplication? web;

    private GatewayHost(RawOrigin origin)
    {
        Origin = origin;
        LoginMethods = [Sessions.LoginMethodId];
        Tables = new FakeSnapshot<AccessTable>(Build(), Clock);
        Revocations = new FakeSnapshot<RevocationTable>(RevocationTable.Empty, Clock);
    }

    public FakeClock Clock { get; } = new();

    public RawOrigin Origin { get; }

    public FakeSnapshot<AccessTable> Tables { get; }

    public FakeSnapshot<RevocationTable> Revocations { get; }

    public FakeSessions Sessions { get; } = new();

    /// <summary>The login methods that exist; at first the one that everybody signs in by.</summary>
    public List<Guid> LoginMethods { get; }

    /// <summary>What each login method is.</summary>
    public Func<Guid, Gatehouse.Model.LoginMethods.LoginMethod> Method { get; set; } = id => TestAccess.Method("Idp", id);

    public FakeAudit Audit { get; } = new();

    public FakeTokenUses TokenUses { get; } = new();

    /// <summary>Knows where addresses are; null means that nobody does.</summary>
    public IGeoReader? Geo { get; set; }

    /// <summary>The service tokens that exist.</summary>
    public List<ServiceToken> ServiceTokens { get; } = [];

    /// <summary>The authorities of client certificates.</summary>
    public List<ClientAuthority> Authorities { get; } = [];

    /// <summary>What hosts do with client certificates.</summary>
    public List<ClientCertificateSetting> CertificateSettings { get; } = [];

    /// <summary>The tunnels that exist.</summary>
    public List<TunnelEntry> Tunnels { get; } = [];

    /// <summary>Records that lead names to them.</summary>
    public List<DnsRecord> DnsRecords { get; } = [];

    /// <summary>What sends requests down tunnels; null when nothing does.</summary>
    public ITunnelSender? TunnelSender { get; set; }

    public Organization Organization { get; } = new() { Id = new string('a', 32), Name = "Test" };

    /// <summary>HTTP/1.1 without TLS.</summary>
    public int Port { get; private set; }

    /// <summary>HTTP/2 without TLS.</summary>
    public int Http2Port { get; private set; }

    /// <summary>Both, with TLS.</summary>
    public int TlsPort { get; private set; }

    public IServiceProvider Services => web!.Services;

    /// <summary>The usual pair of apps, running.</summary>
    public static async Task<GatewayHost> StartAsync(Action<GatewayHost>? arrange = null, RawOrigin? origin = null, Action<GatewayOptions>? options = null)
    {
        var host = new GatewayHost(origin ?? new RawOrigin());
        if (arrange is null)
        {
            host.WithUsualApps();
        }
        else
        {
            arrange(host);
        }

        host.Reload();
        await host.RunAsync(options ?? (_ => { }));
        return host;
    }

    /// <summary>The apps most rows speak of.</summary>
    public GatewayHost WithUsualApps()
    {
        AddApp("staff", "app.test", Allow(new Rule.EmailDomain("example.com")));
        AddApp("public", "app.test/public/*", Policy(PolicyAction.Bypass, new Rule.Everyone()));
        return Publish("app.test");
    }

    /// <summary>Adds an app; its AUD is its name repeated.</summary>
    public App AddApp(string name, string domain, params Policy[] policies)
    {
        var app = new App
        {
            Id = Guid.CreateVersion7(),
            Aud = AudOf(name),
            Name = name,
            Domains = [domain],
            Policies = [.. policies.Select((p, n) => new AppPolicy { PolicyId = p.Id, Policy = p, Precedence = n + 1 })],
        };
        apps.Add(app);
        return app;
    }

    /// <summary>Adds a SaaS application; its client id is that of its name.</summary>
    public App AddClient(string name)
    {
        var app = new App
        {
            Id = Guid.CreateVersion7(),
            Aud = AudOf(name),
            Type = AppType.Saas,
            Name = name,
            Domains = [],
            SsoId = AudOf("client of " + name),
            Saas = new SaasSettings { Oidc = new SaasOidc { RedirectUris = ["https://client.test/"] } },
        };
        apps.Add(app);
        return app;
    }

    /// <summary>Publishes the origin under a name.</summary>
    public GatewayHost Publish(string hostname, string? service = null, Action<PublicHostname>? change = null)
    {
        var published = new PublicHostname { Id = Guid.CreateVersion7(), Hostname = hostname, Service = service ?? $"http://127.0.0.1:{Origin.Port}" };
        change?.Invoke(published);
        hostnames.Add(published);
        return this;
    }

    /// <summary>Takes an app away.</summary>
    public void Remove(App app) => apps.Remove(app);

    /// <summary>Takes a published name away.</summary>
    public void Unpublish(string hostname) => hostnames.RemoveAll(h => h.Hostname == hostname);

    /// <summary>Puts what was arranged in force.</summary>
    public void Reload() => Tables.Swap(Build());

    public static Policy Allow(params Rule[] include) => Policy(PolicyAction.Allow, include);

    public static Policy Policy(PolicyAction action, params Rule[] include) =>
        new() { Id = Guid.CreateVersion7(), Name = action.ToString(), Action = action, Include = [.. include] };

    public static string AudOf(string app) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(app)));

    /// <summary>Signs someone in at an app, on its first host unless told otherwise, and returns the token.</summary>
    public string SignIn(string app = "staff", string email = "ada@example.com", TimeSpan? duration = null, string? host = null)
    {
        var session = Sessions.Start(email, Clock.GetUtcNow());
        var entry = Tables.Current.AppsByAud[AudOf(app)];
        return Issuer().IssueApp(Tables.Current, entry, host ?? entry.App.Domains[0].Split('/')[0], session, duration ?? TimeSpan.FromHours(1));
    }

    public TokenIssuer Issuer() => new(new PublicUrls("test", 443), Clock);

    /// <summary>Ends the session of a token.</summary>
    public void Revoke(string token) =>
        Revocations.Swap(new RevocationTable(new[] { NonceOf(token) }.ToFrozenSet(StringComparer.Ordinal)));

    public static string NonceOf(string token) => new Microsoft.IdentityModel.JsonWebTokens.JsonWebToken(token).GetClaim("identity_nonce").Value;

    /// <summary>Sends a GET by hand.</summary>
    public Task<RawMessage> GetAsync(string target, string? token = null, string host = "app.test", string headers = "") =>
        RawStream.AskAsync(Port, Request("GET", target, token, host, headers));

    public static string Request(string method, string target, string? token = null, string host = "app.test", string headers = "") =>
        $"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{(token is null ? "" : $"Cookie: CF_Authorization={token}\r\n")}{headers}\r\n";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (web is not null)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
            await web.StopAsync(limit.Token);
            await web.DisposeAsync();
        }

        await Origin.DisposeAsync();
    }

    private AccessTable Build() => AccessTableBuilder.Build(new AccessRows
    {
        Organization = Organization,
        Apps = [.. apps],
        Groups = [],
        KnowsPlaces = Geo is not null,
        LoginMethods = [.. LoginMethods.Select(id => new LoginMethodEntry { Method = Method(id), ClientSecret = "s3cret" })],
        Hostnames = [.. hostnames],
        Tunnels = [.. Tunnels],
        DnsRecords = [.. DnsRecords],
        Keys = [new AccessSigningKey { Kid = new string('b', 64), CertificatePem = "", Rsa = Key.Value }],
        ServiceTokens = [.. ServiceTokens],
        ClientAuthorities = [.. Authorities],
        ClientCertificateSettings = [.. CertificateSettings],
    });

    private async Task RunAsync(Action<GatewayOptions> options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.Listen(IPAddress.Loopback, 0, l => l.Protocols = HttpProtocols.Http1);
            k.Listen(IPAddress.Loopback, 0, l => l.Protocols = HttpProtocols.Http2);
            k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(Handshakes.Options(_ => Shown.Value, name => Tables.Current.ClientCertificates.Asks(name))));
        });
        builder.Services.AddSingleton<TimeProvider>(Clock);
        builder.Services.AddSingleton(new PublicUrls("test", 443));
        builder.Services.AddSingleton<ISnapshot<AccessTable>>(Tables);
        builder.Services.AddSingleton<ISnapshot<RevocationTable>>(Revocations);
        builder.Services.AddSingleton<IAccessSessions>(Sessions);
        builder.Services.AddSingleton<IAuditSink>(Audit);
        builder.Services.AddSingleton<IServiceTokenUses>(TokenUses);
        if (Geo is not null)
        {
            builder.Services.AddSingleton(Geo);
        }

        builder.Services.AddSingleton(StandIns());
        if (TunnelSender is not null)
        {
            builder.Services.AddSingleton(TunnelSender);
        }

        builder.Services.AddGateway();
        builder.Services.Configure(options);
        web = builder.Build();
        web.UseRequestHygiene();
        web.Run(web.Services.GetRequiredService<GatewayPipeline>().InvokeAsync);
        await web.StartAsync();
        var ports = web.Urls.Select(u => new Uri(u).Port).ToArray();
        (Port, Http2Port, TlsPort) = (ports[0], ports[1], ports[2]);
    }

    // Signing in is another component's; its answers are told apart by their status and one header.
    private static GatewayAnswers StandIns() => new(
        (context, _, app, host) =>
        {
            context.Response.StatusCode = StatusCodes.Status302Found;
            context.Response.Headers.Location = $"https://access.test/cdn-cgi/access/login/{host}?kid={app.App.Aud}";
        },
        (context, _, _, path) =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            context.Response.Headers["X-Answer"] = "own " + path.Plain;
            return Task.CompletedTask;
        },
        (context, _, app, visitor, status) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers["X-Answer"] = $"denied {app.App.Name} {visitor.Identity?.Email ?? "nobody"}";
            return Task.CompletedTask;
        },
        (context, app, _) =>
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers["X-Answer"] = "not signed in at " + app.App.Name;
            return Task.CompletedTask;
        });

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=public.test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("public.test");
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }
}

/// <summary>Sessions in memory; counts the look-ups and can be out of order.</summary>
internal sealed class FakeSessions : IAccessSessions
{
    private readonly ConcurrentDictionary<string, AccessSession> byNonce = new(StringComparer.Ordinal);
    private int lookUps;

    /// <summary>How often someone was looked up.</summary>
    public int LookUps => lookUps;

    /// <summary>What each look-up throws; null means it works.</summary>
    public Exception? Fault { get; set; }

    /// <summary>The login method of sessions started from now on.</summary>
    public Guid LoginMethodId { get; set; } = Guid.CreateVersion7();

    /// <summary>The claims of sessions started from now on.</summary>
    public string Claims { get; set; } = """{"groups":["staff"]}""";

    public AccessSession Start(string email, DateTimeOffset now)
    {
        var session = new AccessSession
        {
            Nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(11)),
            UserId = new Guid(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(email)).AsSpan(0, 16)),
            Email = email,
            Subject = email,
            LoginMethodId = LoginMethodId,
            ClaimsJson = Claims,
            Address = "127.0.0.1",
            CreatedAt = now,
            ExpiresAt = now.AddHours(24),
        };
        byNonce[session.Nonce] = session;
        return session;
    }

    public void Forget() => byNonce.Clear();

    public void Change(string nonce, Action<AccessSession> change) => change(byNonce[nonce]);

    public Task<AccessSession?> FindAsync(string nonce, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref lookUps);
        return Fault is null ? Task.FromResult(byNonce.GetValueOrDefault(nonce)) : Task.FromException<AccessSession?>(Fault);
    }

    public Task<AccessSession?> FindBegunByAsync(string roundTrip, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<AccessSession> StartAsync(NewAccessSession facts, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<AccessSession?> StartUnderAsync(string parent, NewAccessSession facts, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task ReplaceAsync(string nonce, string successor, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<int?> RevokeOnceAsync(ProviderLogout logout, string id, DateTimeOffset expiresAt, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task RevokeAsync(string nonce, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task PassAsync(string nonce, string prefix, IReadOnlyList<string> passed, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> TryBurnAsync(string id, DateTimeOffset expiresAt, CancellationToken cancellationToken) => throw new NotSupportedException();
}

/// <summary>Decisions in memory.</summary>
internal sealed class FakeAudit : IAuditSink
{
    /// <summary>All of them, in order.</summary>
    public ConcurrentQueue<DecisionRecord> Records { get; } = new();

    public Task RecordAsync(DecisionRecord record, CancellationToken cancellationToken)
    {
        Records.Enqueue(record);
        return Task.CompletedTask;
    }

    public void Enqueue(DecisionRecord record) => Records.Enqueue(record);
}
