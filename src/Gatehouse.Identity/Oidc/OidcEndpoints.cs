using Gatehouse.Identity.Oidc.Authorize;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Device;
using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Identity.Oidc.Logout;
using Gatehouse.Identity.Oidc.Proofs;
using Gatehouse.Identity.Oidc.Registration;
using Gatehouse.Identity.Oidc.Tokens;
using Gatehouse.Identity.SignIn;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Tokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Identity.Oidc;

/// <summary>The routes of OAuth 2.0 and OpenID Connect under authentik's URLs, and their services.</summary>
internal static class OidcEndpoints
{
    public static IServiceCollection AddOidc(this IServiceCollection services)
    {
        services.TryAddScoped<SignInEvents>();
        services.TryAddScoped<Superusers>();
        services.TryAddSingleton<Impersonators>();
        services.TryAddScoped<BrowserSessions>();
        services.TryAddSingleton<Guesses>();
        services.TryAddEnumerable(ServiceDescriptor.Scoped<IStage, DeviceCodeStage>());
        services.AddHttpContextAccessor();
        services.TryAddScoped<FrontChannel>();
        return services
            .AddSingleton<ClientDirectory>()
            .AddSingleton<RedirectUris>()
            .AddSingleton<WarningLog>()
            .AddSingleton<SigningKeys>()
            .AddSingleton<InstallId>()
            .AddSingleton<ScopeClaims>()
            .AddSingleton<TokenIssuer>()
            .AddSingleton<TokenVerifier>()
            .AddSingleton<RoundMarkers>()
            .AddSingleton<IdTokenHints>()
            .AddSingleton<TokenQueries>()
            .AddSingleton<AuthorizeStanding>()
            .AddSingleton<UsedProofs>()
            .AddSingleton<DpopProofs>()
            .AddSingleton<ClientAssertions>()
            .AddSingleton<OAuthEvents>()
            .AddSingleton<DeviceThrottle>()
            .AddSingleton<RegistrationThrottle>()
            .AddSingleton<PushThrottle>()
            .AddScoped<ApplicationAccess>()
            .AddScoped<ClientAuthentication>()
            .AddScoped<AccessTokens>()
            .AddScoped<IApiAccessTokens, ApiAccessTokens>()
            .AddScoped<AuthorizeValidator>()
            .AddScoped<AuthorizationFlows>()
            .AddScoped<AuthorizationFlow>()
            .AddScoped<AuthorizationIssuer>()
            .AddScoped<PushedRequests>()
            .AddScoped<PushedRequestEndpoint>()
            .AddScoped<MachineAccounts>()
            .AddScoped<ClientCredentialsGrant>()
            .AddScoped<TokenExchangeGrant>()
            .AddScoped<DeviceRequests>()
            .AddScoped<DeviceCodeGrant>()
            .AddScoped<DeviceEndpoint>()
            .AddScoped<DevicePage>()
            .AddScoped<RegisterClient>()
            .AddScoped<RegistrationEndpoint>()
            .AddScoped<WebFingerEndpoint>()
            .AddScoped<AuthorizationCodeGrant>()
            .AddScoped<RefreshTokenGrant>()
            .AddScoped<DiscoveryEndpoint>()
            .AddScoped<AuthorizeEndpoint>()
            .AddScoped<TokenEndpoint>()
            .AddScoped<UserinfoEndpoint>()
            .AddScoped<TokenStatusEndpoints>()
            .AddSingleton<LogoutTokens>()
            .AddSingleton<LogoutConfirmations>()
            .AddSingleton<LogoutCourier>()
            .AddScoped<LogoutRequests>()
            .AddScoped<EndSessionEndpoint>();
    }

    public static IEndpointRouteBuilder MapOidc(this IEndpointRouteBuilder endpoints)
    {
        var root = endpoints.MapGroup("/application/o");
        root.MapGet("/authorize/", (HttpContext context, AuthorizeEndpoint endpoint, CancellationToken cancellationToken) => endpoint.HandleAsync(context, cancellationToken));
        root.MapPost("/authorize/", (HttpContext context, CancellationToken cancellationToken) => AuthorizeEndpoint.HandlePostAsync(context, cancellationToken));
        Close(root, "/authorize/", "GET, POST");

        root.MapPost("/token/", (HttpContext context, TokenEndpoint endpoint, CancellationToken cancellationToken) => endpoint.HandleAsync(context, cancellationToken));
        Preflight(root, "/token/", "POST, OPTIONS");
        Close(root, "/token/", "POST, OPTIONS");

        root.MapMethods("/userinfo/", ["GET", "POST"], (HttpContext context, UserinfoEndpoint endpoint, CancellationToken cancellationToken) => endpoint.HandleAsync(context, cancellationToken));
        Preflight(root, "/userinfo/", "GET, POST, OPTIONS");
        Close(root, "/userinfo/", "GET, POST, OPTIONS");

        root.MapPost("/introspect/", (HttpContext context, TokenStatusEndpoints endpoint, CancellationToken cancellationToken) => endpoint.IntrospectAsync(context, cancellationToken));
        Close(root, "/introspect/", "POST");
        root.MapPost("/revoke/", (HttpContext context, TokenStatusEndpoints endpoint, CancellationToken cancellationToken) => endpoint.RevokeAsync(context, cancellationToken));
        Close(root, "/revoke/", "POST");

        root.MapPost("/device/", (HttpContext context, DeviceEndpoint endpoint, CancellationToken cancellationToken) => endpoint.HandleAsync(context, cancellationToken));
        Preflight(root, "/device/", "POST, OPTIONS");
        Close(root, "/device/", "POST, OPTIONS");
        root.MapPost("/par/", (HttpContext context, PushedRequestEndpoint endpoint, CancellationToken cancellationToken) => endpoint.HandleAsync(context, cancellationToken));
        Preflight(root, "/par/", "POST, OPTIONS");
        Close(root, "/par/", "POST, OPTIONS");
        endpoints.MapGet(DevicePage.Path, (HttpContext context, DevicePage page, CancellationToken cancellationToken) => page.HandleAsync(context, cancellationToken));

        MapDocuments(endpoints, root);
        root.MapPost(
            "/{slug}/register/",
            (HttpContext context, string slug, RegistrationEndpoint endpoint, CancellationToken cancellationToken) => endpoint.HandleAsync(context, slug, cancellationToken));
        root.MapMethods(
            "/{slug}/end-session/",
            ["GET", "POST"],
            (HttpContext context, string slug, EndSessionEndpoint endpoint, CancellationToken cancellationToken) => endpoint.HandleAsync(context, slug, cancellationToken));
        return endpoints;
    }

    private static void MapDocuments(IEndpointRouteBuilder endpoints, RouteGroupBuilder root)
    {
        endpoints.MapGet(
            "/.well-known/webfinger", (HttpContext context, WebFingerEndpoint endpoint, CancellationToken cancellationToken) => endpoint.HandleAsync(context, cancellationToken));
        root.MapGet("/{slug}/", (string slug, DiscoveryEndpoint endpoint) => endpoint.Issuer(slug));
        root.MapGet(
            "/{slug}/jwks/",
            (HttpContext context, string slug, DiscoveryEndpoint endpoint, CancellationToken cancellationToken) => endpoint.KeySetAsync(context, slug, cancellationToken));
        root.MapGet(
            "/{slug}/.well-known/openid-configuration",
            (HttpContext context, string slug, DiscoveryEndpoint endpoint, CancellationToken cancellationToken) => endpoint.DocumentAsync(context, slug, cancellationToken));
        endpoints.MapGet(
            "/.well-known/oauth-authorization-server/application/o/{slug}/",
            (HttpContext context, string slug, DiscoveryEndpoint endpoint, CancellationToken cancellationToken) => endpoint.DocumentAsync(context, slug, cancellationToken));
    }

    private static void Preflight(RouteGroupBuilder root, string path, string methods) =>
        root.MapMethods(path, ["OPTIONS"], (HttpContext context) => Cors.Preflight(context, methods));

    // All other methods: without this, /application/o/{slug}/ would take a GET of a reserved word for a slug.
    private static void Close(RouteGroupBuilder root, string path, string methods) =>
        root.Map(path, (HttpContext context) =>
        {
            context.Response.Headers.Allow = methods;
            return TypedResults.StatusCode(StatusCodes.Status405MethodNotAllowed);
        });
}
