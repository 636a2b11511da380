using Gatehouse.Logging;
using Gatehouse.Model.Hosts;
using Gatehouse.Roles;
using Gatehouse.Tls;
using Gatehouse.Verbs;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gatehouse.Hosting;

/// <summary>Puts the web server together: services, limits, pipeline.</summary>
internal static class Server
{
    /// <summary>How long stopping may take after SIGTERM.</summary>
    public static readonly TimeSpan Drain = TimeSpan.FromSeconds(30);

    /// <summary>How much of it requests under way get to finish; the rest is for connectors, and for rows that wait to be written.</summary>
    public static readonly TimeSpan RequestDrain = TimeSpan.FromSeconds(20);

    /// <summary>Builds it, without its pipeline. Nothing is opened or bound yet.</summary>
    public static WebApplication Build(UpOptions options, LogSettings logs, BootstrapVariables bootstrap, Shell shell)
    {
        // Empty: the slim builder's configuration files, environment prefix and metrics would be start-up time for nothing.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = "gatehouse",
            EnvironmentName = Environments.Production,
            ContentRootPath = AppContext.BaseDirectory,
        });
        logs.Apply(builder.Logging, shell);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Drain);
        builder.Services.AddSingleton(shell.Clock);
        builder.Services.AddSingleton(new PublicUrls(options.Domain, options.Listen.Port));
        builder.Services.AddRouting();
        builder.Services.AddSingleton<FaultBarrier>();
        AddTls(builder.Services, options);
        UpstreamClient.AddTo(builder.Services);
        Composition.AddRoles(builder.Services, options);

        builder.WebHost.UseKestrelCore();
        HurriedServer.Wrap(builder.Services, RequestDrain);
        builder.WebHost.ConfigureKestrel((_, kestrel) => Limit(kestrel));
        StaticPages.AddTo(builder.Services); // after the roles: each of them adds the renderer with its key ring again
        // The certificates are asked for at each handshake: they exist once the data is open, the listener's options before.
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IServiceProvider>((kestrel, services) => kestrel.Listen(
            options.Listen,
            listen => listen.UseHttps(Handshakes.Options(
                name => services.GetService<GivenCertificate>()?.Context ?? services.GetRequiredService<HostCertificates>().For(name),
                Composition.AskingNames(services)))));

        builder.Services.AddHostedService<MemoryKeeper>();
        return builder.Build();
    }

    private static void AddTls(IServiceCollection services, UpOptions options)
    {
        services.AddSingleton<AuthorityKeeper>();
        services.AddSingleton(provider => provider.GetRequiredService<AuthorityKeeper>().Opened);
        services.AddSingleton(provider => new HostCertificates(
            provider.GetRequiredService<LocalAuthority>(),
            provider.GetRequiredService<PublicUrls>(),
            Composition.ServedNames(provider),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new UpstreamTrust(
            provider.GetRequiredService<PublicUrls>(), options.Listen, provider.GetRequiredService<LocalAuthority>(), provider.GetService<GivenCertificate>()));
        if (options.Tls is var (certificate, key))
        {
            services.AddSingleton(provider => new GivenCertificate(
                certificate, key, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<GivenCertificate>>()));
            services.AddHostedService(provider => provider.GetRequiredService<GivenCertificate>());
        }
    }

    private static void Limit(KestrelServerOptions kestrel)
    {
        kestrel.Limits.MaxRequestBodySize = null; // streams have no end; endpoints that read a body bound it themselves
        kestrel.Limits.MaxRequestLineSize = 16 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15); // how headers are read and written, the gateway's role says
    }

    /// <summary>What a request goes through; reads nothing from the store.</summary>
    public static void UsePipeline(WebApplication app)
    {
        var faults = app.Services.GetRequiredService<FaultBarrier>();
        app.Use(next => context => faults.InvokeAsync(context, next));
        Composition.UseHygiene(app);
        var dispatch = new HostDispatch(app.Services.GetRequiredService<PublicUrls>(), Composition.Branches(app));
        app.Run(dispatch.InvokeAsync);
    }
}
