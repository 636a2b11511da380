using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Tunnel.Connector.Origins;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Tunnel.Connector;

/// <summary>A connector: a web server that answers on connections it dialed itself.</summary>
public sealed class ConnectorHost : IAsyncDisposable
{
    private const int StreamWindow = 1024 * 1024;
    private const int ConnectionWindow = 64 * 1024 * 1024; // so that no stream stands in the way of others
    private const int LargestHeaders = 256 * 1024;

    private static readonly TimeSpan PingEvery = TimeSpan.FromSeconds(10);

    private readonly WebApplication app;
    private readonly ConnectorState state;
    private readonly TimeProvider clock;

    private ConnectorHost(WebApplication app, ConnectorState state, TimeProvider clock)
    {
        this.app = app;
        this.state = state;
        this.clock = clock;
    }

    /// <summary>Random for each process.</summary>
    public Guid Id => state.Id;

    /// <summary>How many connections are registered now.</summary>
    public int Ready => state.Ready;

    /// <summary>Where it answers monitors; null when nowhere.</summary>
    public Uri? Metrics => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses
        .Select(a => Uri.TryCreate(a, UriKind.Absolute, out var uri) ? uri : null).FirstOrDefault(u => u is { Scheme: "http", Port: > 0 } && System.Net.IPAddress.TryParse(u.Host.Trim('[', ']'), out _));

    /// <summary>Completes when it is connected for the first time.</summary>
    public Task Connected => state.FirstRegistered.Task;

    /// <summary>Completes when the edge has pushed rules for the first time.</summary>
    public Task Configured => state.Configured.Task;

    /// <summary>Starts it. It dials for ever until it is stopped; nothing but wrong options keeps it from starting.</summary>
    /// <exception cref="InvalidDataException">Its own rules can't be read.</exception>
    public static async Task<ConnectorHost> StartAsync(ConnectorOptions options, ILoggerFactory loggers, TimeProvider clock, CancellationToken cancellationToken)
    {
        var state = StateOf(options, loggers);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "connector", EnvironmentName = Environments.Production, ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(clock);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(state);
        builder.Services.AddSingleton(new AddressGuard(options.AllowedOrigins));
        builder.Services.AddSingleton<OriginClients>().AddSingleton<KeyFetcher>().AddSingleton<AccessCheck>().AddSingleton<HttpProxy>().AddSingleton<StreamProxy>();
        builder.Services.AddSingleton<ControlCall>().AddSingleton<RequestRouter>().AddSingleton<EdgeDialer>();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore();
        builder.Services.AddSingleton<IConnectionListenerFactory, EdgeListenerFactory>(); // after the sockets: the last one that can bind does
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, state));
        var app = builder.Build();
        var router = app.Services.GetRequiredService<RequestRouter>();
        app.Run(context => context.Features.Get<EdgeLink>() is { } link ? router.RunAsync(context, link) : MetricsPages.AnswerAsync(context, state));
        await app.StartAsync(cancellationToken);
        return new ConnectorHost(app, state, clock);
    }

    /// <summary>Unregisters, lets requests under way finish, and ends.</summary>
    public async Task StopAsync()
    {
        await state.LeaveAsync();
        var began = clock.GetTimestamp();
        while (state.Ready > 0 && clock.GetElapsedTime(began) < state.Options.GracePeriod)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), clock, CancellationToken.None); // the edge closes when all is done
        }

        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(1), clock);
        await app.StopAsync(late.Token);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        state.Dispose();
    }

    private static ConnectorState StateOf(ConnectorOptions options, ILoggerFactory loggers)
    {
        var links = new LinkPace[options.Connections];
        for (var n = 0; n < links.Length; n++)
        {
            var index = n;
            links[n] = new LinkPace(index, () => links.Any(l => l.Index != index && l.IsServing), RandomNumberGenerator.GetInt32);
        }

        return new ConnectorState(options, loggers.CreateLogger<ConnectorState>()) { Links = links };
    }

    private static void Configure(KestrelServerOptions kestrel, ConnectorState state)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowAlternateSchemes = true;
        kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.KeepAliveTimeout = Timeout.InfiniteTimeSpan;
        kestrel.Limits.MaxRequestHeadersTotalSize = LargestHeaders;
        kestrel.Limits.MaxRequestHeaderCount = 1000;
        kestrel.Limits.Http2.MaxStreamsPerConnection = 10_000;
        kestrel.Limits.Http2.MaxRequestHeaderFieldSize = LargestHeaders;
        kestrel.Limits.Http2.InitialStreamWindowSize = StreamWindow;
        kestrel.Limits.Http2.InitialConnectionWindowSize = ConnectionWindow;
        kestrel.Limits.Http2.KeepAlivePingDelay = PingEvery;
        kestrel.Limits.Http2.KeepAlivePingTimeout = PingEvery;
        foreach (var link in state.Links)
        {
            kestrel.Listen(new LinkEndPoint(link), listen => listen.Protocols = HttpProtocols.Http2);
        }

        if (state.Options.Metrics is { } metrics)
        {
            kestrel.Listen(metrics, listen => listen.Protocols = HttpProtocols.Http1);
        }
    }

    // Signals are somebody else's business.
    [SuppressMessage("Performance", "CA1812", Justification = "Made by the container.")]
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
