using System.Diagnostics;
using Gatehouse.Access;
using Gatehouse.Demo;
using Gatehouse.Hosting;
using Gatehouse.Identity;
using Gatehouse.Identity.SignIn.Setup;
using Gatehouse.Mails;
using Gatehouse.Management;
using Gatehouse.Management.Notifications;
using Gatehouse.Management.Setup;
using Gatehouse.Management.Tunnels;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Mail;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Start;
using Gatehouse.Tls;
using Gatehouse.Tunnel;
using Gatehouse.Tunnel.Edge;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Roles;

/// <summary>Where the roles are bound together. The only file that knows them all.</summary>
internal static class Composition
{
    /// <summary>All roles.</summary>
    public static void AddRoles(IServiceCollection services, UpOptions options)
    {
        AddStore(services, options.Data, options.Database, options.Places, options.Networks);
        services.AddIdentity();
        services.AddAccess();
        services.AddSingleton<EdgeCertificates>();
        services.AddSingleton(provider => new EdgeCertificate(provider.GetRequiredService<EdgeCertificates>().Current));
        services.AddTunnelEdge(options.Edge);
        services.AddSingleton(new QuickTunnelSettings(options.QuickTunnels));
        services.AddManagement();
        services.AddSingleton(new NotificationOptions { AllowsLocalTargets = options.AllowLocalWebhooks });
        services.AddSingleton<DemoPassword>();
        services.AddSingleton<DemoConnector>();
        services.AddHostedService(provider => provider.GetRequiredService<DemoConnector>()); // after the edge: it ends first
        services.AddSingleton<IMailSender>(provider => new HouseMail(options.Mail, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<HouseMail>>()));
    }

    /// <summary>The store alone, for verbs beside a running installation.</summary>
    public static void AddStore(IServiceCollection services, string data, string? database, string? places = null, string? networks = null) =>
        services.AddStore(new StoreOptions { DataFolder = data, Database = database, PlacesFile = places, NetworksFile = networks });

    /// <summary>Brings the database up to this version's shape, lays the seeds and reads the tables.</summary>
    public static Task OpenStoreAsync(IServiceProvider services, CancellationToken cancellationToken) =>
        services.GetRequiredService<StoreStart>().RunAsync(cancellationToken);

    /// <summary>What scripts asked for, and the demo; then what there is to tell.</summary>
    /// <exception cref="StoreFaultException">Something can't be laid; the message says why.</exception>
    public static async Task<Prepared> PrepareAsync(IServiceProvider services, BootstrapVariables bootstrap, Uri? demoOrigin, CancellationToken cancellationToken)
    {
        var asked = await services.GetRequiredService<Bootstrap>()
            .EnsureBootstrapAsync(bootstrap.Email, bootstrap.Password, bootstrap.Token, cancellationToken);
        var isSetUp = asked switch
        {
            BootstrapResult.Done done => done.IsSetUp,
            BootstrapResult.Refused refused => throw new StoreFaultException(refused.Reason),
            _ => throw new UnreachableException(),
        };
        var (facts, laid) = demoOrigin is null ? (null, null) : await LayDemoAsync(services, demoOrigin, cancellationToken);
        return new Prepared
        {
            SetupLink = isSetUp ? null : await SetupLinkAsync(services, cancellationToken),
            Demo = facts,
            DemoAud = laid?.Aud,
            DemoTunnel = laid?.Tunnel,
        };
    }

    /// <summary>A one-use link that signs <paramref name="user"/> in; null when there is no such active user.</summary>
    public static async Task<string?> RecoveryLinkAsync(IServiceProvider services, PublicUrls urls, string user, CancellationToken cancellationToken)
    {
        var databases = services.GetRequiredService<IDbContextFactory<GatehouseDb>>();
        return await UserIdAsync(databases, user, cancellationToken) is { } id
            ? await new OneTimeLinks(databases, urls, services.GetRequiredService<TimeProvider>())
                .CreateAsync(OneTimeLinks.Recovery, id, OneTimeLinks.DefaultLife, cancellationToken)
            : null;
    }

    /// <summary>Which names are published, as the listener asks.</summary>
    public static Func<string, bool> ServedNames(IServiceProvider services)
    {
        var table = services.GetRequiredService<ISnapshot<AccessTable>>();
        return host => table.Current.Serves(host);
    }

    /// <summary>Which names ask their clients for a certificate. Read at each handshake: the table exists once the data is open.</summary>
    public static Func<string, bool> AskingNames(IServiceProvider services) => host => services.GetRequiredService<ISnapshot<AccessTable>>().Current.ClientCertificates.Asks(host);

    /// <summary>What comes before every branch.</summary>
    public static void UseHygiene(IApplicationBuilder app) => app.UseMiddleware<RequestHygiene>();

    /// <summary>The pipelines by host.</summary>
    public static HostBranches Branches(WebApplication app)
    {
        var gateway = ((IApplicationBuilder)app).New();
        gateway.UseGateway();
        return new HostBranches
        {
            Identity = Routed(app, endpoints =>
            {
                endpoints.MapIdentity();
                endpoints.MapAuthentikApi();
            }),
            Access = Routed(app, endpoints => endpoints.MapAccess()),
            Api = Routed(app, endpoints => endpoints.MapCloudflareApi()),
            Gateway = gateway.Build(),
        };
    }

    // A branch of its own routing world: an endpoint of one host can't be reached through another.
    private static RequestDelegate Routed(WebApplication app, Action<IEndpointRouteBuilder> map)
    {
        var branch = ((IApplicationBuilder)app).New();
        branch.UseRouting();
        branch.UseEndpoints(map);
        branch.Run(Page.Message(StatusCodes.Status404NotFound, "There is nothing here", "The address may be misspelt, or what it named is gone.").ExecuteAsync);
        return branch.Build();
    }

    private static async Task<(DemoFacts Facts, DemoResult.Done Done)> LayDemoAsync(IServiceProvider services, Uri origin, CancellationToken cancellationToken)
    {
        var demo = services.GetRequiredService<LayDemo>();
        var passwords = services.GetRequiredService<DemoPassword>();
        var fresh = DemoPassword.Make();
        switch (await demo.EnsureAsync(origin, fresh, cancellationToken))
        {
            case DemoResult.Done done:
                if (done.IsNewUser)
                {
                    await passwords.KeepAsync(LayDemo.UserName, fresh, cancellationToken);
                }

                return (
                    new DemoFacts
                    {
                        App = services.GetRequiredService<PublicUrls>().UrlOf(demo.Host),
                        User = LayDemo.UserName,
                        Password = await passwords.RecallAsync(LayDemo.UserName, cancellationToken),
                    },
                    done);
            case DemoResult.Refused refused:
                throw new StoreFaultException("the demo can't be laid: " + refused.Reason);
            default:
                throw new UnreachableException();
        }
    }

    private static async Task<string?> SetupLinkAsync(IServiceProvider services, CancellationToken cancellationToken) =>
        await UserIdAsync(services.GetRequiredService<IDbContextFactory<GatehouseDb>>(), WellKnownUsers.Admin, cancellationToken) is { } id
            ? await services.GetRequiredService<OneTimeLinks>().CreateAsync(OneTimeLinks.Setup, id, OneTimeLinks.DefaultLife, cancellationToken)
            : null;

    private static async Task<int?> UserIdAsync(IDbContextFactory<GatehouseDb> databases, string user, CancellationToken cancellationToken)
    {
        var key = UserNames.Lookup(user);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Users.Where(u => u.UsernameKey == key && u.IsActive).Select(u => (int?)u.Id).SingleOrDefaultAsync(cancellationToken);
    }
}
