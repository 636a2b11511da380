using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Dns;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;
using Gatehouse.Model.Tunnels.Ingress;
using Gatehouse.Tests.Fakes;
using Gatehouse.Tls;
using Gatehouse.Tunnel;
using Gatehouse.Tunnel.Connector;
using Gatehouse.Tunnel.Edge;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tests.Tunnel;

/// <summary>An edge on a free port, tunnels in its table, connectors that dial it, and an origin behind them. All real but the table.</summary>
internal sealed class TunnelRig : IAsyncDisposable
{
    public const string Account = "0123456789abcdef0123456789abcdef";

    // Certificates are checked against the machine's clock.
    public static readonly DateTimeOffset Built = File.GetLastWriteTimeUtc(typeof(TunnelRig).Assembly.Location);

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60); // only a hang is meant

    private readonly List<TunnelEntry> tunnels = [];
    private readonly List<DnsRecord> records = [];
    private readonly List<ConnectorHost> connectors = [];
    private readonly Action<EdgeOptions>? change;
    private ServiceProvider? services;

    private TunnelRig(Action<EdgeOptions>? change, IConnectionBook? book)
    {
        this.change = change;
        Book = book ?? new FakeBook();
        Tables = new FakeSnapshot<AccessTable>(Build(), Clock);
        Loggers = LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.Debug).AddProvider(Log));
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public FakeClock Clock { get; } = new(new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero));

    public LogLines Log { get; } = new();

    public ILoggerFactory Loggers { get; }

    public FakeSnapshot<AccessTable> Tables { get; }

    public LocalAuthority Authority { get; } = LocalAuthority.Create(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public FakeJournal Journal { get; } = new();

    public IConnectionBook Book { get; }

    public TunnelOrigin Origin { get; } = new();

    public IServiceProvider Services => services!;

    public ITunnelSender Sender => Services.GetRequiredService<ITunnelSender>();

    public ConnectionRegistry Registry => Services.GetRequiredService<ConnectionRegistry>();

    public IPEndPoint Edge { get; private set; } = new(IPAddress.Loopback, 0);

    /// <summary>Names used by most tests lead to the origin.</summary>
    public string Ingress => $$"""
        {"ingress":[{"hostname":"app.test","service":"http://127.0.0.1:{{Origin.Port}}"},{"hostname":"*.wild.test","path":"^/in","service":"http_status:299"},
        {"hostname":"tcp.test","service":"tcp://127.0.0.1:{{Origin.TcpPort}}"},{"hostname":"dead.test","service":"http://127.0.0.1:1"},
        {"hostname":"lost.test","service":"http://nowhere.invalid"},{"hostname":"plain.test","service":"https://127.0.0.1:{{Origin.Port}}"},{"service":"http_status:404"}],
        "warp-routing":{"enabled":true} }
        """;

    public static async Task<TunnelRig> StartAsync(Action<EdgeOptions>? change = null, IConnectionBook? book = null)
    {
        var rig = new TunnelRig(change, book);
        await rig.Origin.StartAsync();
        await rig.StartEdgeAsync();
        return rig;
    }

    /// <summary>Starts the edge, on the port it had before.</summary>
    public async Task StartEdgeAsync()
    {
        var collection = new ServiceCollection();
        collection.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        collection.AddSingleton(Loggers).AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        collection.AddSingleton<TimeProvider>(Clock).AddSingleton<ISnapshot<AccessTable>>(Tables).AddSingleton<ITunnelJournal>(Journal).AddSingleton(Book);
        var leaf = Authority.Issue(EdgeCertificate.Names, Built);
        var context = SslStreamCertificateContext.Create(leaf, null, offline: true);
        collection.AddSingleton(new EdgeCertificate(() => context));
        collection.AddTunnelEdge(Edge);
        if (change is not null)
        {
            collection.Configure(change);
        }

        services = collection.BuildServiceProvider();
        foreach (var hosted in services.GetServices<IHostedService>())
        {
            await hosted.StartAsync(Token);
        }

        Edge = services.EdgeEndPoint();
    }

    /// <summary>Stops the edge; <paramref name="patience"/> is how long requests under way have.</summary>
    public async Task StopEdgeAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        foreach (var hosted in Services.GetServices<IHostedService>().Reverse())
        {
            await hosted.StopAsync(limit.Token);
        }

        await services!.DisposeAsync();
    }

    /// <summary>Makes a tunnel; managed here when it has a configuration.</summary>
    public TunnelCredentials AddTunnel(string name, string? configuration, bool isQuick = false)
    {
        var credentials = new TunnelCredentials { AccountTag = Account, TunnelId = Guid.CreateVersion7(), Secret = RandomNumberGenerator.GetBytes(32) };
        AddTunnel(credentials, name, configuration, isQuick);
        return credentials;
    }

    /// <summary>Makes a tunnel that another node has.</summary>
    public void AddTunnel(TunnelCredentials credentials, string name, string? configuration, bool isQuick = false)
    {
        var tunnel = new Gatehouse.Model.Tunnels.Tunnel { Id = credentials.TunnelId, Name = name, SealedSecret = [], IsRemotelyManaged = configuration is not null, IsQuick = isQuick, CreatedAt = Clock.GetUtcNow() };
        tunnels.Add(Entry(tunnel, credentials.Secret, configuration, 1));
        Reload();
    }

    /// <summary>Changes a tunnel's row.</summary>
    public void Change(Guid id, string? configuration = null, byte[]? secret = null, bool isDeleted = false)
    {
        var at = tunnels.FindIndex(t => t.Tunnel.Id == id);
        var old = tunnels[at];
        old.Tunnel.DeletedAt = isDeleted ? Clock.GetUtcNow() : null;
        tunnels[at] = new TunnelEntry
        {
            Tunnel = old.Tunnel,
            SecretHash = secret is null ? old.SecretHash : SHA256.HashData(secret),
            Configuration = configuration is null ? old.Configuration : new TunnelConfiguration { TunnelId = id, Number = (old.Configuration?.Number ?? 0) + 1, Json = configuration },
            Ingress = configuration is null ? old.Ingress : IngressReader.ReadKept(configuration),
        };
        Reload();
    }

    public void AddRecord(string name, Guid tunnel)
    {
        records.Add(new DnsRecord { Id = Guid.CreateVersion7(), Name = name, Type = "CNAME", Content = tunnel + DnsRecord.TunnelSuffix, IsProxied = true });
        Reload();
    }

    /// <summary>Starts a connector and waits until all its connections serve.</summary>
    public async Task<ConnectorHost> ConnectAsync(
        TunnelCredentials credentials, int connections = 1, string? own = null, IReadOnlyList<IPNetwork>? allowed = null, X509Certificate2Collection? trust = null, bool wait = true,
        string? other = null)
    {
        var connector = await ConnectorHost.StartAsync(
            new ConnectorOptions
            {
                Credentials = credentials,
                Edges = other is null ? [Edge.ToString()] : [Edge.ToString(), other],
                EdgeAuthorities = trust ?? [X509CertificateLoader.LoadCertificate(Authority.Certificate.RawData)],
                Connections = connections,
                LocalConfiguration = own,
                AllowedOrigins = allowed,
                Metrics = new IPEndPoint(IPAddress.Loopback, 0),
                GracePeriod = TimeSpan.FromSeconds(10),
            },
            Loggers, Clock, Token);
        connectors.Add(connector);
        if (wait)
        {
            await UntilAsync(() => connector.Ready == connections, "connected");
            if (own is null)
            {
                await connector.Configured.WaitAsync(LongestWait, Token);
            }
        }

        return connector;
    }

    /// <summary>A tunnel whose names lead to the origin, with a connector.</summary>
    public async Task<TunnelCredentials> UsualAsync(int connections = 1)
    {
        var credentials = AddTunnel("usual", Ingress);
        await ConnectAsync(credentials, connections);
        return credentials;
    }

    /// <summary>Sends a request as the gateway would.</summary>
    public Task<HttpResponseMessage> SendAsync(Guid tunnel, HttpMethod method, string pathAndQuery, string host = "app.test", HttpContent? body = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, new Uri("http://tunnel" + pathAndQuery, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })) { Content = body };
        request.Headers.Host = host;
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return Sender.SendAsync(tunnel, request, Token);
    }

    public Task<HttpResponseMessage> GetAsync(Guid tunnel, string pathAndQuery, string host = "app.test") => SendAsync(tunnel, HttpMethod.Get, pathAndQuery, host);

    /// <summary>Waits until something holds; fails when it does not in time.</summary>
    public static async Task UntilAsync(Func<bool> holds, string what)
    {
        using var limit = new CancellationTokenSource(LongestWait);
        while (!holds())
        {
            Assert.False(limit.IsCancellationRequested, $"not {what} in time");
            await Task.Delay(TimeSpan.FromMilliseconds(10), Token);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(connectors.Select(async c =>
        {
            await c.StopAsync();
            await c.DisposeAsync();
        }));
        await StopEdgeAsync(TimeSpan.FromMilliseconds(100));
        await Origin.DisposeAsync();
        Authority.Dispose();
        Loggers.Dispose();
    }

    private static TunnelEntry Entry(Gatehouse.Model.Tunnels.Tunnel tunnel, byte[] secret, string? configuration, int number) => new()
    {
        Tunnel = tunnel,
        SecretHash = SHA256.HashData(secret),
        Configuration = configuration is null ? null : new TunnelConfiguration { TunnelId = tunnel.Id, Number = number, Json = configuration },
        Ingress = configuration is null ? null : IngressReader.ReadKept(configuration) ?? throw new InvalidOperationException("the test's rules can't be read"),
    };

    private void Reload() => Tables.Swap(Build());

    private AccessTable Build() => AccessTableBuilder.Build(new AccessRows
    {
        Organization = new Organization { Id = Account, Name = "Test" },
        Apps = [],
        Groups = [],
        LoginMethods = [],
        Hostnames = [],
        Tunnels = [.. tunnels],
        DnsRecords = [.. records],
        Keys = [],
    });
}

/// <summary>Remembers what was written down.</summary>
internal sealed class FakeJournal : ITunnelJournal
{
    public ConcurrentQueue<(Guid Tunnel, bool IsActive)> Notes { get; } = new();

    public Task RecordAsync(Guid tunnel, bool isActive, DateTimeOffset at, CancellationToken cancellationToken)
    {
        Notes.Enqueue((tunnel, isActive));
        return Task.CompletedTask;
    }
}

/// <summary>Remembers what was written down, as if another node might read it.</summary>
internal sealed class FakeBook : IConnectionBook
{
    private readonly List<Action<IReadOnlyCollection<Guid>>> listeners = [];

    public bool IsShared { get; init; }

    public Guid Node { get; } = Guid.CreateVersion7();

    public ConcurrentDictionary<Guid, HeldConnection> Rows { get; } = new();

    public ConcurrentQueue<int> Writes { get; } = new();

    public HashSet<Guid> Elsewhere { get; } = [];

    public bool IsAway { get; set; }

    /// <summary>How many calls found it away.</summary>
    public int Vain { get; private set; }

    /// <summary>Writes, and then it is away: the answer is lost.</summary>
    public bool LosesAnswers { get; set; }

    /// <summary>After so many writes it is away.</summary>
    public int WritesLeft { get; set; } = int.MaxValue;

    /// <summary>Takes these in no case.</summary>
    public ConcurrentDictionary<Guid, byte> Refuses { get; } = new();

    public Task<IReadOnlyCollection<Guid>> RenewAsync(CancellationToken cancellationToken)
    {
        ThrowIfAway(IsAway);
        return Task.FromResult<IReadOnlyCollection<Guid>>([.. Rows.Keys]);
    }

    public Task<IReadOnlyDictionary<Guid, Exception>> WriteAsync(IReadOnlyCollection<HeldConnection> changed, CancellationToken cancellationToken)
    {
        ThrowIfAway(IsAway || WritesLeft-- == 0);
        Writes.Enqueue(changed.Count);
        foreach (var connection in changed.Where(c => !Refuses.ContainsKey(c.Id)))
        {
            Rows[connection.Id] = connection;
        }

        ThrowIfAway(LosesAnswers);
        return Task.FromResult<IReadOnlyDictionary<Guid, Exception>>(
            changed.Where(c => Refuses.ContainsKey(c.Id)).ToDictionary(c => c.Id, Exception (c) => new InvalidDataException($"no {c.Id}")));
    }

    public Task RemoveAsync(IReadOnlyCollection<Guid> gone, CancellationToken cancellationToken)
    {
        ThrowIfAway(IsAway);
        Writes.Enqueue(gone.Count);
        foreach (var id in gone)
        {
            Rows.TryRemove(id, out _);
        }

        return Task.CompletedTask;
    }

    public Task LeaveAsync(CancellationToken cancellationToken)
    {
        Rows.Clear();
        return Task.CompletedTask;
    }

    public Task<IReadOnlyCollection<Guid>> ElsewhereAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyCollection<Guid>>(Elsewhere);

    public IDisposable OnClosing(Action<IReadOnlyCollection<Guid>> action)
    {
        listeners.Add(action);
        return new MemoryStream();
    }

    private void ThrowIfAway(bool isAway)
    {
        if (isAway)
        {
            Vain++;
            throw new IOException("the store is away");
        }
    }
}
