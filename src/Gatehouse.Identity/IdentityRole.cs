using Gatehouse.Identity.Oidc;
using Gatehouse.Identity.Oidc.Logout;
using Gatehouse.Identity.SignIn;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Identity;

/// <summary>The identity provider: signs people in, and tells applications who they are.</summary>
public static class IdentityRole
{
    /// <summary>Registers its services.</summary>
    public static IServiceCollection AddIdentity(this IServiceCollection services) => services.AddOidc().AddSignIn()
        .AddHostedService(s => s.GetRequiredService<LogoutCourier>());

    /// <summary>Maps its routes; the host serves them on Identity's name only.</summary>
    public static void MapIdentity(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapOidc();
        endpoints.MapSignIn();
    }
}
