using Gatehouse.Identity.Oidc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Identity;

/// <summary>The identity provider: signs people in, and tells applications who they are.</summary>
public static class IdentityRole
{
    /// <summary>Registers its services.</summary>
    public static IServiceCollection AddIdentity(this IServiceCollection services) => services.AddOidc();

    /// <summary>Maps its routes; the host serves them on Identity's name only.</summary>
    public static IEndpointRouteBuilder MapIdentity(this IEndpointRouteBuilder endpoints) => endpoints.MapOidc();
}
