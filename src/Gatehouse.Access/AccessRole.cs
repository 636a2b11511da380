using Gatehouse.Access.Agents;
using Gatehouse.Access.Certs;
using Gatehouse.Access.Gateway;
using Gatehouse.Access.Saas;
using Gatehouse.Access.Saas.Saml;
using Gatehouse.Access.SignIn;
using Gatehouse.Access.SignIn.Approvals;
using Gatehouse.Access.SignIn.Evaluation;
using Gatehouse.Access.SignIn.Launcher;
using Gatehouse.Access.SignIn.Mfa;
using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Access.SignIn.Pins;
using Gatehouse.Access.SignIn.Saml;
using Gatehouse.Access.SignIn.Testing;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Access;

/// <summary>The Access role: sign-in on the team domain, sessions, and the gateway in front of apps.</summary>
public static class AccessRole
{
    private static readonly string[] GetAndHead = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Adds the role's parts. The ports it needs (snapshots, sessions, audit, secret box, clock, <c>upstream</c> client) are the host's to add.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddRazorComponents();
        return services
            .AddSingleton<TokenIssuer>()
            .AddSingleton<TokenVerifier>()
            .AddSingleton<SealedStates>()
            .AddSingleton<OrgSessions>()
            .AddSingleton<RequestTokens>()
            .AddSingleton<SignInDecision>()
            .AddSingleton<HandOff>()
            .AddSingleton<EagerRounds>()
            .AddSingleton<UpstreamCall>()
            .AddSingleton<ProviderKeys>()
            .AddSingleton<ProviderRedirect>()
            .AddSingleton<AnswerIssuer>()
            .AddSingleton<CodeExchange>()
            .AddSingleton<SignedTokens>()
            .AddSingleton<IdTokenVerifier>()
            .AddSingleton<LogoutTokenVerifier>()
            .AddSingleton<ApprovalDesk>()
            .AddSingleton<MfaStates>()
            .AddSingleton<MfaMemory>()
            .AddSingleton<MfaChanges>()
            .AddSingleton<MfaTries>()
            .AddSingleton<MfaEvents>()
            .AddSingleton<MfaProof>()
            .AddSingleton<MfaEnrolment>()
            .AddSingleton<MfaPages>()
            .AddSingleton<MfaGate>()
            .AddSingleton<MfaEndpoint>()
            .AddSingleton<MfaDevicesEndpoint>()
            .AddSingleton<Entrance>()
            .AddSingleton<ApproveEndpoint>()
            .AddSingleton<EvaluationCall>()
            .AddSingleton<ExternalEvaluations>()
            .AddSingleton<LoginTargets>()
            .AddSingleton<LoginRedirect>()
            .AddSingleton<DenialPage>()
            .AddSingleton<LoginEndpoint>()
            .AddSingleton<LauncherTiles>()
            .AddSingleton<LauncherEndpoint>()
            .AddSingleton<DiscoveryCheck>()
            .AddSingleton<TestEndpoint>()
            .AddSingleton<GitHubAccounts>()
            .AddSingleton<ProviderIdentities>()
            .AddSingleton<SignInCompletion>()
            .AddSingleton<SamlRequests>()
            .AddSingleton<SamlResponses>()
            .AddSingleton<SamlIdentities>()
            .AddSingleton<SamlMetadata>()
            .AddSingleton<SignInTurns>()
            .AddSingleton<CallbackEndpoint>()
            .AddSingleton<PostedCallback>()
            .AddSingleton<PinPages>()
            .AddSingleton<PinEndpoint>()
            .AddSingleton<PinCourier>()
            .AddHostedService(s => s.GetRequiredService<PinCourier>())
            .AddSingleton<AuthorizedEndpoint>()
            .AddSingleton<IdentityEndpoint>()
            .AddSingleton<RefreshIdentityEndpoint>()
            .AddSingleton<LogoutEndpoint>()
            .AddSingleton<BackchannelLogoutEndpoint>()
            .AddSingleton<CertsEndpoint>()
            .AddSingleton<ProtectedResource>()
            .AddSingleton<AgentStates>()
            .AddSingleton<AgentRegistration>()
            .AddSingleton<AgentAuthorization>()
            .AddSingleton<AgentTokens>()
            .AddSingleton<CommandLineLogin>()
            .AddSingleton<SaasStates>()
            .AddSingleton<SaasTokens>()
            .AddSingleton<SaasVerifier>()
            .AddSingleton<SaasEntrance>()
            .AddSingleton<SaasAuthorization>()
            .AddSingleton<SaasTokenEndpoint>()
            .AddSingleton<SaasMetadata>()
            .AddSingleton<SamlAnswers>()
            .AddSingleton<SamlSignOn>()
            .AddSingleton<SamlProviderMetadata>()
            .AddSingleton<AppHostEndpoints>()
            .AddSingleton(Answers)
            .AddGateway();
    }

    /// <summary>Ends a pipeline with the gateway: for every host that is not Gatehouse's own.</summary>
    public static void UseGateway(this IApplicationBuilder app) =>
        app.Run(app.ApplicationServices.GetRequiredService<GatewayPipeline>().InvokeAsync);

    /// <summary>Maps the team domain.</summary>
    public static void MapAccess(this IEndpointRouteBuilder endpoints)
    {
        var access = endpoints.MapGroup("/cdn-cgi/access");
        access.MapMethods("/login", GetAndHead, (HttpContext context, LoginEndpoint login) => login.Begin(context));
        access.MapMethods("/login/{host}", GetAndHead, (HttpContext context, string host, LoginEndpoint login) => login.HandleAsync(context, host));
        access.MapGet("/callback", (HttpContext context, CallbackEndpoint callback) => callback.HandleAsync(context));
        access.MapGet("/test-idp/{id}", (HttpContext context, string id, TestEndpoint test) => test.ShowAsync(context, id));
        access.MapPost("/callback", (HttpContext context, PostedCallback posted) => posted.HandleAsync(context));
        access.MapMethods("/saml-metadata", GetAndHead, (HttpContext context, SamlMetadata metadata, ISnapshot<AccessTable> tables) => metadata.Handle(context, tables.Current));
        access.MapPost("/verify-code/{host}", (HttpContext context, string host, PinEndpoint pins) => pins.SendAsync(context, host));
        access.MapGet("/verify-code/{host}", (HttpContext context, PinEndpoint pins) => pins.Show(context));
        access.MapGet("/resend-code", (HttpContext context, PinEndpoint pins) => pins.Resend(context));
        access.MapMethods("/certs", GetAndHead, (HttpContext context, CertsEndpoint certs, ISnapshot<AccessTable> tables) => certs.Handle(context, tables.Current));
        access.MapPost("/purpose", (HttpContext context, Entrance entrance, OrgSessions orgSessions, ISnapshot<AccessTable> tables) => entrance.AnswerAsync(context, tables.Current, orgSessions));
        access.MapGet("/approve", (HttpContext context, ApproveEndpoint approve, ISnapshot<AccessTable> tables) => approve.ShowAsync(context, tables.Current));
        access.MapPost("/approve", (HttpContext context, ApproveEndpoint approve, ISnapshot<AccessTable> tables) => approve.AnswerAsync(context, tables.Current));
        MapMfa(endpoints, access);
        access.MapGet("/get-identity", (HttpContext context, IdentityEndpoint identity, ISnapshot<AccessTable> tables) => identity.HandleAsync(context, tables.Current, null));
        access.MapGet("/refresh-identity", (HttpContext context, RefreshIdentityEndpoint refresh) => refresh.HandleAsync(context));
        access.MapGet("/logout", (HttpContext context, LogoutEndpoint logout, ISnapshot<AccessTable> tables) => logout.HandleAsync(context, tables.Current, null));
        access.MapPost("/backchannel-logout/{id}", (HttpContext context, string id, BackchannelLogoutEndpoint logout) => logout.HandleAsync(context, id));
        MapAgents(endpoints, access.MapGroup("/oauth"));
        MapSaas(access.MapGroup("/sso/oidc/{client}"));
        MapSaml(access.MapGroup("/sso/saml/{id}"));
        endpoints.MapGet(OrganizationLook.StylePath, (HttpContext context, ISnapshot<AccessTable> tables) => OrganizationLook.Style(context, tables.Current));
        access.MapGet("/launcher.css", (HttpContext context, LauncherEndpoint launcher) => launcher.Style(context));
        endpoints.MapGet("/", (HttpContext context, LauncherEndpoint launcher) => launcher.HandleAsync(context));
        endpoints.MapFallback("{*path}", (ISnapshot<AccessTable> tables) => SignInPages.NotFound(tables.Current));
    }

    private static void MapMfa(IEndpointRouteBuilder endpoints, RouteGroupBuilder access)
    {
        access.MapPost("/mfa", (HttpContext context, MfaEndpoint mfa) => mfa.AnswerAsync(context));
        access.MapGet("/mfa-devices", (HttpContext context, MfaDevicesEndpoint devices) => devices.ShowAsync(context));
        access.MapPost("/mfa-devices", (HttpContext context, MfaDevicesEndpoint devices) => devices.RemoveAsync(context));
        endpoints.MapMethods(MfaScripts.Path, GetAndHead, MfaScripts.Page);
        endpoints.MapMethods(MfaScripts.WebAuthnPath, GetAndHead, MfaScripts.Import);
        endpoints.MapGet("/AddMfaDevice", () => Results.Redirect(MfaPages.AddPath)); // the address that Cloudflare's administrators hand out
    }

    private static void MapAgents(IEndpointRouteBuilder endpoints, RouteGroupBuilder oauth)
    {
        oauth.MapGet("/authorization", (HttpContext context, AgentAuthorization agents) => agents.Begin(context));
        oauth.MapGet("/consent", (HttpContext context, AgentAuthorization agents) => agents.ShowAsync(context));
        oauth.MapPost("/consent", (HttpContext context, AgentAuthorization agents) => agents.AnswerAsync(context));
        oauth.MapPost("/token", (HttpContext context, AgentTokens tokens) => tokens.TokenAsync(context));
        oauth.MapPost("/revoke", (HttpContext context, AgentTokens tokens) => tokens.RevokeAsync(context));
        oauth.MapPost("/registration", (HttpContext context, AgentRegistration registration, ISnapshot<AccessTable> tables) => registration.HandleAsync(context, tables.Current));
        endpoints.MapGet(AgentAnswers.ServerPath, (PublicUrls urls) => AgentAnswers.Server(urls));
    }

    private static void MapSaas(RouteGroupBuilder sso)
    {
        sso.MapGet("/.well-known/openid-configuration", (HttpContext context, string client, SaasMetadata metadata) => metadata.Discover(context, client));
        sso.MapGet("/jwks", (HttpContext context, string client, SaasMetadata metadata) => metadata.Keys(context, client));
        sso.MapGet("/authorization", (HttpContext context, string client, SaasAuthorization authorization) => authorization.HandleAsync(context, client));
        sso.MapPost("/authorization", (HttpContext context, string client, SaasAuthorization authorization) => authorization.PostAsync(context, client));
        sso.MapPost("/token", (HttpContext context, string client, SaasTokenEndpoint tokens) => tokens.HandleAsync(context, client));
        sso.MapMethods("/userinfo", ["GET", "POST"], (HttpContext context, string client, SaasMetadata metadata) => metadata.UserAsync(context, client));
        sso.MapMethods("/{endpoint}", ["OPTIONS"], (HttpContext context, string client, ISnapshot<AccessTable> tables) => SaasCors.Preflight(context, tables.Current, client));
    }

    private static void MapSaml(RouteGroupBuilder sso)
    {
        sso.MapGet("", (HttpContext context, string id, SamlSignOn signOn) => signOn.HandleAsync(context, id));
        sso.MapPost("", (HttpContext context, string id, SamlSignOn signOn) => signOn.PostAsync(context, id));
        foreach (var name in (string[])["/saml-metadata", "/metadata"])
        {
            sso.MapMethods(name, GetAndHead, (HttpContext context, string id, SamlProviderMetadata metadata) => metadata.Handle(context, id));
        }
    }

    // What the gateway answers with when signing in is the answer.
    private static GatewayAnswers Answers(IServiceProvider services) => new(
        services.GetRequiredService<LoginRedirect>().Write,
        services.GetRequiredService<AppHostEndpoints>().HandleAsync,
        services.GetRequiredService<DenialPage>().WriteAsync,
        services.GetRequiredService<LoginRedirect>().ChallengeAsync);
}
