using System.Net;
using System.Net.Sockets;
using Gatehouse.Hosting;
using Gatehouse.Management.Setup;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Tunnels.Ingress;
using Gatehouse.Store;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Demo;

/// <summary>The demo's app: a web server of its own on loopback that knows nothing of Gatehouse but its public URLs.</summary>
internal static class WhoamiOrigin
{
    /// <summary>First label of its host.</summary>
    public const string Label = "whoami";

    /// <summary>The user who may open it.</summary>
    public const string User = "ada";

    /// <summary>A free port: the one of the last start when nobody took it meanwhile.</summary>
    public static async Task<Uri> ChoosePortAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await using var db = await services.GetRequiredService<IDbContextFactory<GatehouseDb>>().CreateDbContextAsync(cancellationToken);
        var last = await (
            from tunnel in db.Tunnels
            join configuration in db.TunnelConfigurations on tunnel.Id equals configuration.TunnelId
            where tunnel.Name == LayDemo.TunnelName && tunnel.DeletedAt == null
            select configuration.Json).SingleOrDefaultAsync(cancellationToken);
        var port = last is not null && IngressReader.ReadKept(last)?.Rules is [{ Target: ServiceTarget.Web known }, ..]
            && ListenProbe.Fault(new IPEndPoint(IPAddress.Loopback, known.Port)) is null
            ? known.Port
            : FreePort();
        return new Uri($"http://127.0.0.1:{port}");
    }

    /// <summary>Starts it; dispose to stop. <paramref name="aud"/> is the audience its tokens must have.</summary>
    public static async Task<WebApplication> StartAsync(Uri address, string aud, IServiceProvider gatehouse, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = Label, EnvironmentName = Environments.Production, ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton(gatehouse.GetRequiredService<ILoggerFactory>());
        var clock = gatehouse.GetRequiredService<TimeProvider>();
        var team = gatehouse.GetRequiredService<PublicUrls>().Access;
        builder.Services.AddSingleton(_ => new AssertionCheck(gatehouse.GetRequiredService<IHttpClientFactory>(), team, aud, clock));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        StaticPages.AddTo(builder.Services);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, address.Port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(new WhoamiEndpoints(app.Services.GetRequiredService<AssertionCheck>(), clock).AnswerAsync);
        await app.StartAsync(cancellationToken);
        return app;
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port; // bound, so it has one
    }

    // Signals are the outer host's business.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
