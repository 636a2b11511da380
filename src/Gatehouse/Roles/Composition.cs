using Gatehouse.Demo;
using Gatehouse.Hosting;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Store;
using Gatehouse.Store.Secrets;
using Gatehouse.Web.Pages;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Roles;

/// <summary>Where the roles are bound together. The only file that knows them all.</summary>
internal static class Composition
{
    /// <summary>All roles.</summary>
    public static void AddRoles(IServiceCollection services, UpOptions options, BootstrapVariables bootstrap)
    {
        _ = bootstrap;
        AddStore(services, options.Data, options.Database);
    }

    /// <summary>The store alone, for verbs beside a running installation.</summary>
    public static void AddStore(IServiceCollection services, string data, string? database)
    {
        _ = database;
        services.AddPooledDbContextFactory<SqliteDb>(db => db.UseSqlite($"Data Source={Path.Combine(data, "gatehouse.db")}"));
        services.AddSingleton<IDbContextFactory<GatehouseDb>, Databases>();
        services.AddSingleton<ISecretBox>(_ =>
        {
            var file = Path.Combine(data, "root.key");
            if (!File.Exists(file))
            {
                File.WriteAllBytes(file, System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));
            }

            return new SecretBox(File.ReadAllBytes(file));
        });
    }

    /// <summary>Brings the database up to this version's shape.</summary>
    public static async Task OpenStoreAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await using var db = await services.GetRequiredService<IDbContextFactory<GatehouseDb>>().CreateDbContextAsync(cancellationToken);
        await db.Database.EnsureCreatedAsync(cancellationToken);
    }

    /// <summary>The guide performed on ourselves, what scripts asked for, the demo; then the tables are read.</summary>
    public static Task<Prepared> PrepareAsync(IServiceProvider services, BootstrapVariables bootstrap, Uri? demoOrigin, CancellationToken cancellationToken)
    {
        _ = (services, bootstrap, cancellationToken);
        return Task.FromResult(new Prepared
        {
            Demo = demoOrigin is null ? null : new DemoFacts { App = demoOrigin.ToString(), User = WhoamiOrigin.User, Password = null },
            DemoAud = demoOrigin is null ? null : new string('0', 64),
        });
    }

    /// <summary>A one-use link that signs <paramref name="user"/> in; null when there is no such active user.</summary>
    public static Task<string?> RecoveryLinkAsync(IServiceProvider services, PublicUrls urls, string user, CancellationToken cancellationToken)
    {
        _ = (services, urls, user, cancellationToken);
        return Task.FromResult<string?>(null);
    }

    /// <summary>Which names are published, as the listener asks.</summary>
    public static Func<string, bool> ServedNames(IServiceProvider services)
    {
        _ = services;
        return _ => false;
    }

    /// <summary>What comes before every branch.</summary>
    public static void UseHygiene(IApplicationBuilder app) => _ = app;

    /// <summary>The pipelines by host.</summary>
    public static HostBranches Branches(WebApplication app) => new()
    {
        Identity = Routed(app, endpoints => _ = endpoints),
        Access = Routed(app, endpoints => _ = endpoints),
        Api = Routed(app, endpoints => _ = endpoints),
        Gateway = context => Page.Message(StatusCodes.Status403Forbidden, "Nothing is published here", "No app answers for this name.").ExecuteAsync(context),
    };

    // A branch of its own routing world: an endpoint of one host can't be reached through another.
    private static RequestDelegate Routed(WebApplication app, Action<IEndpointRouteBuilder> map)
    {
        var branch = ((IApplicationBuilder)app).New();
        branch.UseRouting();
        branch.UseEndpoints(map);
        branch.Run(Page.Message(StatusCodes.Status404NotFound, "There is nothing here", "The address may be misspelt, or what it named is gone.").ExecuteAsync);
        return branch.Build();
    }

    private sealed class Databases(IDbContextFactory<SqliteDb> inner) : IDbContextFactory<GatehouseDb>
    {
        public GatehouseDb CreateDbContext() => inner.CreateDbContext();
    }
}
