using Gatehouse.Management.Applications;
using Gatehouse.Management.Flows;
using Gatehouse.Management.Groups;
using Gatehouse.Management.Http;
using Gatehouse.Management.Keys;
using Gatehouse.Management.Providers;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Users;
using Gatehouse.Management.Writes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Management;

/// <summary>The management role: the operations, and the two APIs that call them.</summary>
public static class ManagementRole
{
    /// <summary>Adds the operations and the handlers of both APIs.</summary>
    public static IServiceCollection AddManagement(this IServiceCollection services) => services
        .AddSingleton<WriteGate>().AddScoped<Writer>()
        .AddScoped<FindCaller>()
        .AddScoped<SuperuserGroups>().AddScoped<UserDirectory>().AddScoped<EndUserSessions>()
        .AddScoped<SaveUser>().AddScoped<SetPassword>().AddScoped<DeleteUser>()
        .AddScoped<GroupDirectory>().AddScoped<SaveGroup>().AddScoped<ChangeMembers>().AddScoped<DeleteGroup>()
        .AddScoped<ProviderDirectory>().AddScoped<SaveProvider>().AddScoped<DeleteProvider>().AddScoped<ScopeMappingDirectory>()
        .AddScoped<ApplicationDirectory>().AddScoped<SaveApplication>().AddScoped<DeleteApplication>()
        .AddScoped<KeyPairDirectory>().AddScoped<GenerateKeyPair>()
        .AddScoped<FlowDirectory>()
        .AddScoped<AuthentikV3.Root>().AddScoped<AuthentikV3.Users>().AddScoped<AuthentikV3.Groups>().AddScoped<AuthentikV3.Providers>()
        .AddScoped<AuthentikV3.Applications>().AddScoped<AuthentikV3.Flows>().AddScoped<AuthentikV3.ScopeMappings>().AddScoped<AuthentikV3.KeyPairs>();

    /// <summary>Maps authentik's REST API v3 under <c>/api/v3</c>; for Identity's host.</summary>
    public static void MapAuthentikApi(this IEndpointRouteBuilder endpoints)
    {
        var routes = new ApiRoutes("/api/v3", new AuthentikV3.AuthentikDialect(), Logger(endpoints, "AuthentikV3"));
        AuthentikV3.Root.Map(routes);
        AuthentikV3.Users.Map(routes);
        AuthentikV3.Groups.Map(routes);
        AuthentikV3.Providers.Map(routes);
        AuthentikV3.Applications.Map(routes);
        AuthentikV3.Flows.Map(routes);
        AuthentikV3.ScopeMappings.Map(routes);
        AuthentikV3.KeyPairs.Map(routes);
        routes.Map(endpoints);
    }

    private static ILogger Logger(IEndpointRouteBuilder endpoints, string dialect) =>
        endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("Gatehouse.Management." + dialect);
}
