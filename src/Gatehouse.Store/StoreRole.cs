using Gatehouse.Model.Audit;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels;
using Gatehouse.Store.Approvals;
using Gatehouse.Store.Audit;
using Gatehouse.Store.Authenticators;
using Gatehouse.Store.Bindings;
using Gatehouse.Store.Cleaning;
using Gatehouse.Store.Connections;
using Gatehouse.Store.Events;
using Gatehouse.Store.Geo;
using Gatehouse.Store.LoginMethods;
using Gatehouse.Store.Machines;
using Gatehouse.Store.Queues;
using Gatehouse.Store.Secrets;
using Gatehouse.Store.Seeds;
using Gatehouse.Store.Sessions;
using Gatehouse.Store.Snapshots;
using Gatehouse.Store.Start;
using Gatehouse.Store.Tunnels;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store;

/// <summary>Wires the store. Needs <see cref="PublicUrls"/> from the host.</summary>
public static class StoreRole
{
    /// <summary>Adds the database and all that lives on it. Nothing is opened until <see cref="StoreStart.RunAsync"/>.</summary>
    /// <exception cref="StoreFaultException">The database URL can't be read.</exception>
    public static IServiceCollection AddStore(this IServiceCollection services, StoreOptions options)
    {
        var target = DatabaseTarget.Of(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(target);
        AddDatabase(services, target);

        services.AddSingleton<RootKey>();
        services.AddSingleton<ISecretBox, RootSecretBox>();

        services.AddSingleton<AccessTableReader>();
        services.AddSingleton<RevocationReader>();
        services.AddSingleton<ClientTableReader>();
        services.AddSingleton<ISnapshot<ClientTable>>(s => s.GetRequiredService<ClientTableReader>());
        services.AddSingleton<SystemSettingsReader>();
        services.AddSingleton<ISnapshot<SystemSettings>>(s => s.GetRequiredService<SystemSettingsReader>());
        services.AddSingleton<IReloadable>(s => s.GetRequiredService<SystemSettingsReader>());
        services.AddSingleton<ISnapshot<AccessTable>>(s => s.GetRequiredService<AccessTableReader>());
        services.AddSingleton<ISnapshot<RevocationTable>>(s => s.GetRequiredService<RevocationReader>());
        services.AddSingleton<IReloadable>(s => s.GetRequiredService<AccessTableReader>());
        services.AddSingleton<IReloadable>(s => s.GetRequiredService<RevocationReader>());
        services.AddSingleton<IReloadable>(s => s.GetRequiredService<ClientTableReader>());
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<ChangeSignal>();

        services.AddSingleton<IAccessSessions, AccessSessionStore>();
        services.AddSingleton<IApprovals, ApprovalStore>();
        services.AddSingleton<IAccessAuthenticators, AccessAuthenticatorStore>();
        services.AddSingleton<IOneTimePins, OneTimePinStore>();
        services.AddSingleton<RowQueue<DecisionRecord>>();
        services.AddSingleton<EventSignal>();
        services.AddSingleton(s => new RowQueue<Event>(s.GetRequiredService<IDbContextFactory<GatehouseDb>>()) { Written = s.GetRequiredService<EventSignal>().Set });
        services.AddSingleton(s => new DecisionStore(s.GetRequiredService<IDbContextFactory<GatehouseDb>>(), s.GetRequiredService<RowQueue<DecisionRecord>>()));
        services.AddSingleton<EventStore>();
        services.AddSingleton<IEventLog>(s => s.GetRequiredService<EventStore>());
        services.AddSingleton<IEventRows>(s => s.GetRequiredService<EventStore>());
        services.AddSingleton<ITunnelJournal, TunnelJournal>();
        services.AddConnectionBook(options.Node ?? $"{Environment.MachineName} {Path.GetFullPath(options.DataFolder)}", options.IsShared ?? target.IsPostgres);
        services.AddSingleton<IAuditSink>(s => s.GetRequiredService<DecisionStore>());

        if (options.PlacesFile is not null || options.NetworksFile is not null)
        {
            services.AddSingleton<IGeoReader>(_ => new MaxMindPlaces(options.PlacesFile, options.NetworksFile));
        }

        services.AddBindings();
        AddStart(services);
        AddLoops(services, target);
        return services;
    }

    /// <summary>Where nodes write down what is connected to them. <paramref name="node"/> names this one, in each run; <paramref name="isShared"/>: there may be others.</summary>
    public static IServiceCollection AddConnectionBook(this IServiceCollection services, string node, bool isShared) => services
        .AddSingleton(s => new ConnectionBook(s.GetRequiredService<IDbContextFactory<GatehouseDb>>(), node, s.GetRequiredService<TimeProvider>()) { IsShared = isShared })
        .AddSingleton<IConnectionBook>(s => s.GetRequiredService<ConnectionBook>())
        .AddSingleton<IReloadable>(s => s.GetRequiredService<ConnectionBook>());

    private static void AddDatabase(IServiceCollection services, DatabaseTarget target)
    {
        if (target.IsPostgres)
        {
            var text = new PostgresText();

            // Npgsql's own strategy would wrap a lost connection into an InvalidOperationException that advises to retry.
            services.AddPooledDbContextFactory<PostgresDb>(o => Quieten(
                o.UseNpgsql(target.ConnectionString, n => n.ExecutionStrategy(d => new NonRetryingExecutionStrategy(d))).AddInterceptors(text)));
            services.AddSingleton<IDbContextFactory<GatehouseDb>, DatabaseFactory<PostgresDb>>();
        }
        else
        {
            var pragmas = new SqlitePragmas();
            services.AddPooledDbContextFactory<SqliteDb>(o => Quieten(o.UseSqlite(target.ConnectionString).AddInterceptors(pragmas)));
            services.AddSingleton<IDbContextFactory<GatehouseDb>, DatabaseFactory<SqliteDb>>();
        }

        services.AddScoped(s => s.GetRequiredService<IDbContextFactory<GatehouseDb>>().CreateDbContext());
    }

    // A failed command or save comes out as an exception, and whoever catches it knows whether it is news: a lost race for a name is not.
    private static void Quieten(DbContextOptionsBuilder options) => options.ConfigureWarnings(w => w.Log(
        (RelationalEventId.CommandExecuted, LogLevel.Debug),
        (RelationalEventId.CommandError, LogLevel.Debug),
        (RelationalEventId.ConnectionError, LogLevel.Debug),
        (CoreEventId.SaveChangesFailed, LogLevel.Debug),
        (CoreEventId.OptimisticConcurrencyException, LogLevel.Debug)));

    private static void AddStart(IServiceCollection services)
    {
        services.AddSingleton<Schema>();
        services.AddSingleton<KeyCheck>();
        services.AddSingleton<FirstSeeds>();
        services.AddSingleton<GuideOnItself>();
        services.AddSingleton(s => new StoreStart(
            s.GetRequiredService<StoreOptions>(),
            s.GetRequiredService<Schema>(),
            s.GetRequiredService<KeyCheck>(),
            s.GetRequiredService<FirstSeeds>(),
            s.GetRequiredService<GuideOnItself>(),
            s.GetRequiredService<PublicUrls>(),
            s.GetServices<IReloadable>()));
    }

    private static void AddLoops(IServiceCollection services, DatabaseTarget target)
    {
        services.AddSingleton<GroupCommit>();
        services.AddHostedService(s => s.GetRequiredService<GroupCommit>());
        services.AddSingleton<ChangeWatcher>();
        services.AddHostedService(s => s.GetRequiredService<ChangeWatcher>());
        services.AddHostedService<RowWriter<DecisionRecord>>();
        services.AddHostedService<RowWriter<Event>>();
        services.AddHostedService<ReputationWriter>();
        services.AddSingleton<ServiceTokenUses>();
        services.AddSingleton<IServiceTokenUses>(s => s.GetRequiredService<ServiceTokenUses>());
        services.AddHostedService(s => s.GetRequiredService<ServiceTokenUses>());
        services.AddHostedService<QuickTunnelCleaner>();
        services.AddSingleton<Cleaner>();
        services.AddHostedService(s => s.GetRequiredService<Cleaner>());
        if (target.IsPostgres)
        {
            services.AddHostedService<PostgresListener>();
        }
    }
}
