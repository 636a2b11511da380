using Gatehouse.Identity.Mfa;
using Gatehouse.Identity.Oidc;
using Gatehouse.Identity.Pages;
using Gatehouse.Identity.Pages.Account;
using Gatehouse.Identity.SignIn.Flows;
using Gatehouse.Identity.SignIn.Mails;
using Gatehouse.Identity.SignIn.Prompts;
using Gatehouse.Identity.SignIn.Setup;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Identity.SignIn.Users;
using Gatehouse.Web.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Gatehouse.Identity.SignIn;

/// <summary>Wires sign-in: sessions, flows, set-up links and their pages.</summary>
internal static class SignInRole
{
    private static readonly string[] Reading = ["GET", "HEAD"];

    /// <summary>Adds the services.</summary>
    public static IServiceCollection AddSignIn(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.TryAddSingleton<Passwords>();
        services.TryAddSingleton<Guesses>();
        services.TryAddSingleton<OneTimeLinks>();
        services.TryAddSingleton<CrossSite>();
        services.TryAddScoped<SignInEvents>();
        services.TryAddScoped<BrowserSessions>();
        services.TryAddScoped<RememberedBrowsers>();
        services.TryAddScoped<FrontChannel>();
        services.TryAddScoped<IBrowserCallers, BrowserCallers>();
        services.TryAddScoped<IFlowRuns, FlowRuns>();
        services.TryAddScoped<UserLookup>();
        services.TryAddScoped<PasswordProof>();
        services.TryAddScoped<Superusers>();
        services.TryAddSingleton<Impersonators>();
        services.TryAddScoped<OwnRights>();
        services.TryAddScoped<WriteUser>();
        services.TryAddScoped<PromptJudge>();
        services.TryAddEnumerable(ServiceDescriptor.Scoped<IPromptCheck, PromptPolicies>());
        services.TryAddScoped<FlowLinks>();
        services.TryAddScoped<FlowPlaces>();
        services.TryAddSingleton<LinkPost>();
        services.AddHostedService(s => s.GetRequiredService<LinkPost>());
        services.TryAddScoped<FlowPlans>();
        services.AddHttpContextAccessor();
        services.TryAddScoped<FlowPolicies>();
        services.TryAddScoped<FlowAdmission>();
        services.TryAddScoped<LogoutEnd>();
        services.TryAddSingleton<LogoutMark>();
        services.TryAddScoped<FlowFinish>();
        services.TryAddScoped<FlowExecutor>();
        services.TryAddScoped<ExecutorEndpoint>();
        services.TryAddScoped<SetupEndpoints>();
        services.TryAddScoped<PageEndpoints>();
        services.TryAddScoped<BrandLooks>();
        services.TryAddScoped<DefaultFlows>();
        services.AddUserPages();
        services.TryAddScoped<HealthEndpoints>();
        services.TryAddScoped(Border);
        services.AddMfa();
        services.TryAddEnumerable(
        [
            ServiceDescriptor.Scoped<IStage, IdentificationStage>(),
            ServiceDescriptor.Scoped<IStage, PasswordStage>(),
            ServiceDescriptor.Scoped<IStage, UserLoginStage>(),
            ServiceDescriptor.Scoped<IStage, UserLogoutStage>(),
            ServiceDescriptor.Scoped<IStage, ConsentStage>(),
            ServiceDescriptor.Scoped<IStage, PromptStage>(),
            ServiceDescriptor.Scoped<IStage, UserWriteStage>(),
            ServiceDescriptor.Scoped<IStage, UserDeleteStage>(),
            ServiceDescriptor.Scoped<IStage, InvitationStage>(),
            ServiceDescriptor.Scoped<IStage, EmailStage>(),
            ServiceDescriptor.Scoped<IStage, DenyStage>(),
            ServiceDescriptor.Scoped<IStage, RedirectStage>(),
            ServiceDescriptor.Scoped<IStage, DummyStage>(),
        ]);
        return services;
    }

    /// <summary>Maps the routes of the Identity host that are about signing in.</summary>
    public static void MapSignIn(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/api/v3/flows/executor/{slug}/", Reading, (ExecutorEndpoint e, HttpContext c, string slug, CancellationToken t) => e.GetAsync(c, slug, t));
        endpoints.MapPost("/api/v3/flows/executor/{slug}/", (ExecutorEndpoint e, HttpContext c, string slug, CancellationToken t) => e.PostAsync(c, slug, t));

        endpoints.MapMethods("/", Reading, (PageEndpoints e, HttpRequest r, CancellationToken t) => e.HomeAsync(r, t));
        endpoints.MapMethods("/if/flow/{slug}/", Reading, (PageEndpoints e, HttpRequest r, string slug, CancellationToken t) => e.FlowAsync(r, slug, t));
        endpoints.MapUserPages();
        endpoints.MapMethods("/flows/-/default/{designation}/", Reading, (PageEndpoints e, HttpRequest r, string designation, CancellationToken t) => e.DefaultFlowAsync(r, designation, t));
        endpoints.MapMethods("/flows/-/cancel/", Reading, (PageEndpoints e, HttpRequest r, CancellationToken t) => e.CancelAsync(r, t));

        endpoints.MapMfa();
        endpoints.MapMethods("/setup", Reading, (SetupEndpoints e, HttpRequest r, CancellationToken t) => e.ExplainAsync(r, t));
        endpoints.MapMethods("/setup/{token}", Reading, (SetupEndpoints e, string token, CancellationToken t) => e.ShowAsync(token, t));
        endpoints.MapPost("/setup/{token}", (SetupEndpoints e, HttpContext c, string token, CancellationToken t) => e.PostAsync(c, token, t));

        foreach (var path in StaticFiles.ScriptPaths)
        {
            endpoints.MapMethods(path, Reading, StaticFiles.Script);
        }

        endpoints.MapMethods(BrandLooks.StylePath, Reading, (BrandLooks b, HttpRequest r, CancellationToken t) => b.StyleAsync(r, t));
        endpoints.MapMethods(StageAnswers.Avatar, Reading, StaticFiles.Person);
        endpoints.MapMethods("/-/health/live/", Reading, HealthEndpoints.Live);
        endpoints.MapMethods("/-/health/ready/", Reading, (HealthEndpoints e, CancellationToken t) => e.ReadyAsync(t));
    }

    // Asked for late: only authorization flows need OAuth.
    private static AuthorizationBorder Border(IServiceProvider services) => new(
        (http, query, browser, cancellationToken) => services.GetRequiredService<AuthorizationFlow>().ReadAsync(http, query, browser, cancellationToken),
        (http, query, browser, cancellationToken) => services.GetRequiredService<AuthorizationFlow>().FinishAsync(http, query, browser, cancellationToken),
        (query, browser, cancellationToken) => services.GetRequiredService<AuthorizationFlow>().IconAsync(query, browser, cancellationToken));
}
