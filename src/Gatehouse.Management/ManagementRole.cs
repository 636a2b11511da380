using Gatehouse.Management.AccessUsers;
using Gatehouse.Management.Applications;
using Gatehouse.Management.Apps;
using Gatehouse.Management.Authenticators;
using Gatehouse.Management.Blueprints;
using Gatehouse.Management.Brands;
using Gatehouse.Management.CustomPages;
using Gatehouse.Management.Decisions;
using Gatehouse.Management.Dns;
using Gatehouse.Management.Events;
using Gatehouse.Management.Flows;
using Gatehouse.Management.Groups;
using Gatehouse.Management.Hostnames;
using Gatehouse.Management.Http;
using Gatehouse.Management.IdentityPolicies;
using Gatehouse.Management.Invitations;
using Gatehouse.Management.Keys;
using Gatehouse.Management.Lists;
using Gatehouse.Management.LoginMethods;
using Gatehouse.Management.Machines;
using Gatehouse.Management.Notifications;
using Gatehouse.Management.Policies;
using Gatehouse.Management.Prompts;
using Gatehouse.Management.Providers;
using Gatehouse.Management.Sessions;
using Gatehouse.Management.Settings;
using Gatehouse.Management.Setup;
using Gatehouse.Management.Stages;
using Gatehouse.Management.Tags;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Tunnels;
using Gatehouse.Management.Users;
using Gatehouse.Management.Uses;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Tunnels;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Management;

/// <summary>The management role: the operations, and the two APIs that call them.</summary>
public static class ManagementRole
{
    /// <summary>Adds the operations and the handlers of both APIs.</summary>
    public static IServiceCollection AddManagement(this IServiceCollection services)
    {
        services.TryAddSingleton<ITunnelConnections, NoTunnels>();
        services.TryAddSingleton(new QuickTunnelSettings(IsOpen: false));
        services.AddSingleton<QuickTunnelLimit>();
        return services.AddTunnels().AddOperations();
    }

    private static IServiceCollection AddTunnels(this IServiceCollection services) => services
        .AddScoped<TunnelDirectory>().AddScoped<TunnelConnectors>().AddScoped<DropConnections>().AddScoped<SaveTunnel>().AddScoped<DeleteTunnel>().AddScoped<SaveTunnelConfiguration>().AddScoped<QuickTunnel>()
        .AddScoped<DnsDirectory>().AddScoped<SaveDnsRecord>()
        .AddScoped<CloudflareV4.Tunnels>().AddScoped<CloudflareV4.Zones>().AddScoped<CloudflareV4.QuickTunnels>();

    private static IServiceCollection AddOperations(this IServiceCollection services) => services
        .AddSingleton<WriteGate>().AddScoped<Actor>().AddScoped<WriteEvents>().AddScoped<Writer>()
        .AddScoped<FindCaller>().AddScoped<FindScopedCaller>().AddScoped<SaveScopedToken>()
        .AddScoped<ListDirectory>().AddScoped<SaveList>().AddScoped<TagDirectory>().AddScoped<SaveTag>().AddScoped<CustomPageDirectory>().AddScoped<SaveCustomPage>()
        .AddScoped<DecisionDirectory>().AddScoped<TestPolicies>().AddSingleton<LintPolicies>()
        .AddScoped<CloudflareV4.ZeroTrustLists>().AddScoped<CloudflareV4.AccessTags>().AddScoped<CloudflareV4.AccessCustomPages>().AddScoped<CloudflareV4.AccessLogs>()
        .AddScoped<CloudflareV4.PolicyTests>().AddScoped<CloudflareV4.AccountTokens>().AddScoped<IssueApiToken>()
        .AddScoped<TokenKeys>().AddScoped<TokenDirectory>().AddScoped<SaveToken>().AddScoped<GrantDirectory>()
        .AddSingleton<RotateExpired>().AddHostedService(s => s.GetRequiredService<RotateExpired>())
        .AddScoped<SessionDirectory>().AddScoped<EndSessions>().AddScoped<ConsentDirectory>()
        .AddScoped<Impersonate>().AddScoped<MakeServiceAccount>()
        .AddScoped<BrandDirectory>().AddScoped<SaveBrand>().AddScoped<SaveSystemSettings>()
        .AddScoped<EventDirectory>().AddScoped<SaveEvent>()
        .AddNotifications()
        .AddScoped<FindUses>()
        .AddScoped<FindFlowUses>()
        .AddSingleton<BlueprintFiles>().AddScoped<ApplyBlueprint>().AddScoped<SaveBlueprint>().AddSingleton<KeepBlueprints>().AddHostedService(s => s.GetRequiredService<KeepBlueprints>())
        .AddScoped<ExportFlow>()
        .AddScoped<SuperuserGroups>().AddScoped<UserDirectory>().AddScoped<EndUserSessions>()
        .AddScoped<SaveUser>().AddSingleton<IPasswordHashing, PasswordHashing>().AddScoped<PasswordsAhead>().AddScoped<SetPassword>().AddScoped<DeleteUser>()
        .AddScoped<GroupDirectory>().AddScoped<SaveGroup>().AddScoped<ChangeMembers>().AddScoped<DeleteGroup>()
        .AddScoped<ProviderDirectory>().AddScoped<SaveProvider>().AddScoped<DeleteProvider>().AddScoped<RegistrationRules>().AddScoped<ScopeMappingDirectory>()
        .AddScoped<ApplicationDirectory>().AddScoped<SaveApplication>().AddScoped<DeleteApplication>()
        .AddScoped<EntitlementDirectory>().AddScoped<SaveEntitlement>().AddScoped<DeleteEntitlement>().AddScoped<AuthentikV3.Entitlements>()
        .AddScoped<KeyPairDirectory>().AddScoped<GenerateKeyPair>().AddScoped<SaveKeyPair>()
        .AddScoped<DeviceDirectory>().AddScoped<ChangeDevice>().AddScoped<AuthentikV3.Authenticators>()
        .AddScoped<SaveScopeMapping>().AddScoped<DeleteScopeMapping>().AddScoped<PreviewClaims>().AddScoped<LayApplication>()
        .AddScoped<IdentityPolicyDirectory>().AddScoped<SaveIdentityPolicy>().AddScoped<DeleteIdentityPolicy>()
        .AddScoped<PolicyBindingDirectory>().AddScoped<SavePolicyBinding>().AddScoped<DeletePolicyBinding>().AddScoped<ReputationDirectory>().AddScoped<IBindingTarget, StoredTargets>()
        .AddScoped<AuthentikV3.IdentityPolicies>().AddScoped<AuthentikV3.PolicyBindings>()
        .AddScoped<FlowDirectory>().AddScoped<SaveFlow>().AddScoped<DeleteFlow>().AddScoped<BindingDirectory>().AddScoped<SaveBinding>().AddScoped<DeleteBinding>()
        .AddScoped<StageDirectory>().AddScoped<StageDraft>().AddScoped<SaveStage>().AddScoped<DeleteStage>()
        .AddScoped<PromptDirectory>().AddScoped<SavePrompt>().AddScoped<DeletePrompt>()
        .AddScoped<InvitationDirectory>().AddScoped<SaveInvitation>().AddScoped<SendInvitation>().AddScoped<DeleteInvitation>().AddScoped<RecoveryLinks>()
        .AddScoped<RuleUses>().AddScoped<PolicyDirectory>().AddScoped<SavePolicy>().AddScoped<DeletePolicy>()
        .AddScoped<RuleGroupDirectory>().AddScoped<SaveRuleGroup>().AddScoped<DeleteRuleGroup>()
        .AddScoped<AppDirectory>().AddScoped<AttachPolicies>().AddScoped<SaveApp>().AddScoped<DeleteApp>().AddScoped<SaveAppPolicy>()
        .AddScoped<LoginMethodDirectory>().AddScoped<SaveLoginMethod>().AddScoped<DeleteLoginMethod>()
        .AddScoped<HostnameDirectory>().AddScoped<SaveHostname>().AddScoped<DeleteHostname>()
        .AddScoped<SaveOrganization>()
        .AddScoped<ServiceTokenDirectory>().AddScoped<SaveServiceToken>().AddScoped<CloudflareV4.ServiceTokens>()
        .AddScoped<ClientAuthorityDirectory>().AddScoped<SaveClientAuthority>().AddScoped<CloudflareV4.ClientCertificates>()
        .AddScoped<AccessUserDirectory>().AddScoped<SaveAccessUser>().AddScoped<RemoveAuthenticator>().AddScoped<CloudflareV4.IdentityBody>().AddScoped<CloudflareV4.AccessUsers>()
        .AddScoped<AccessKeys>().AddScoped<CloudflareV4.SigningKeys>().AddSingleton<RotateAccessKeys>().AddHostedService(s => s.GetRequiredService<RotateAccessKeys>())
        .AddScoped<RevokeAppTokens>().AddScoped<RotateClientSecret>()
        .AddSingleton<Bootstrap>().AddSingleton<LayTunnel>().AddSingleton<LayDemo>()
        .AddSingleton<AuthentikV3.AuthentikRoutes>()
        .AddScoped<AuthentikV3.UserActions>().AddScoped<AuthentikV3.Tokens>().AddScoped<AuthentikV3.AuthenticatedSessions>().AddScoped<AuthentikV3.UserConsents>()
        .AddScoped<AuthentikV3.OAuthTokens>().AddScoped<AuthentikV3.Brands>().AddScoped<AuthentikV3.Admin>().AddScoped<AuthentikV3.Events>()
        .AddScoped<AuthentikV3.Notifications>().AddScoped<AuthentikV3.NotificationRules>().AddScoped<AuthentikV3.NotificationTransports>().AddScoped<AuthentikV3.NotificationMappings>().AddScoped<AuthentikV3.PropertyMappings>()
        .AddScoped<AuthentikV3.UsedBy>().AddScoped<AuthentikV3.Blueprints>().AddScoped<AuthentikV3.EmptyKinds>().AddScoped<AuthentikV3.Schema>()
        .AddScoped<AuthentikV3.Root>().AddScoped<AuthentikV3.Users>().AddScoped<AuthentikV3.Groups>().AddScoped<AuthentikV3.Providers>()
        .AddScoped<AuthentikV3.Registrations>().AddScoped<AuthentikV3.Applications>().AddScoped<AuthentikV3.Flows>().AddScoped<AuthentikV3.ScopeMappings>().AddScoped<AuthentikV3.KeyPairs>()
        .AddScoped<AuthentikV3.FlowBindings>().AddScoped<AuthentikV3.FlowInspections>().AddScoped<AuthentikV3.Stages>().AddScoped<AuthentikV3.Prompts>().AddScoped<AuthentikV3.Invitations>().AddScoped<AuthentikV3.UserRecovery>()
        .AddScoped<CloudflareV4.Accounts>().AddScoped<CloudflareV4.Organizations>().AddScoped<CloudflareV4.IdentityProviders>().AddScoped<CloudflareV4.AccessGroups>()
        .AddScoped<CloudflareV4.AccessPolicies>().AddScoped<CloudflareV4.AccessApps>().AddScoped<CloudflareV4.Bookmarks>().AddScoped<CloudflareV4.AppPolicies>().AddScoped<CloudflareV4.PublicHostnames>();

    // What makes notifications of events, and sends them.
    private static IServiceCollection AddNotifications(this IServiceCollection services)
    {
        WebhookClient.AddTo(services);
        return services
            .AddScoped<NotificationDirectory>().AddScoped<SaveTransport>().AddScoped<SaveRule>().AddScoped<SaveWebhookMapping>().AddSingleton<WebhookMappings>()
            .AddSingleton<WebhookClients>().AddSingleton<SendNotification>().AddSingleton<LetterLimit>().AddSingleton<JudgeEvents>().AddSingleton<DeliverNotifications>()
            .AddSingleton<Notifier>().AddHostedService(s => s.GetRequiredService<Notifier>());
    }

    /// <summary>Maps authentik's REST API v3 under <c>/api/v3</c>; for Identity's host.</summary>
    public static void MapAuthentikApi(this IEndpointRouteBuilder endpoints)
    {
        var routes = endpoints.ServiceProvider.GetRequiredService<AuthentikV3.AuthentikRoutes>().Table;
        AuthentikV3.Root.Map(routes);
        AuthentikV3.Users.Map(routes);
        AuthentikV3.Groups.Map(routes);
        AuthentikV3.Providers.Map(routes);
        AuthentikV3.Registrations.Map(routes);
        AuthentikV3.Applications.Map(routes);
        AuthentikV3.Entitlements.Map(routes);
        AuthentikV3.Flows.Map(routes);
        AuthentikV3.FlowBindings.Map(routes);
        AuthentikV3.FlowInspections.Map(routes);
        AuthentikV3.Stages.Map(routes);
        AuthentikV3.Prompts.Map(routes);
        AuthentikV3.Invitations.Map(routes);
        AuthentikV3.UserRecovery.Map(routes);
        AuthentikV3.ScopeMappings.Map(routes);
        AuthentikV3.NotificationMappings.Map(routes);
        AuthentikV3.PropertyMappings.Map(routes);
        AuthentikV3.KeyPairs.Map(routes);
        AuthentikV3.Authenticators.Map(routes);
        AuthentikV3.IdentityPolicies.Map(routes);
        AuthentikV3.PolicyBindings.Map(routes);
        AuthentikV3.UserActions.Map(routes);
        AuthentikV3.Tokens.Map(routes);
        AuthentikV3.AuthenticatedSessions.Map(routes);
        AuthentikV3.UserConsents.Map(routes);
        AuthentikV3.OAuthTokens.Map(routes);
        AuthentikV3.Brands.Map(routes);
        AuthentikV3.Admin.Map(routes);
        AuthentikV3.Events.Map(routes);
        AuthentikV3.Notifications.Map(routes);
        AuthentikV3.NotificationRules.Map(routes);
        AuthentikV3.NotificationTransports.Map(routes);
        AuthentikV3.Blueprints.Map(routes);
        AuthentikV3.UsedBy.Map(routes);
        AuthentikV3.EmptyKinds.Map(routes);
        AuthentikV3.Schema.Map(routes);
        routes.Map(endpoints);
    }

    /// <summary>Maps Cloudflare's API v4 under <c>/client/v4</c>; for the API's host.</summary>
    public static void MapCloudflareApi(this IEndpointRouteBuilder endpoints)
    {
        var routes = new ApiRoutes(CloudflareV4.CloudflareDialect.Prefix, new CloudflareV4.CloudflareDialect(), Logger(endpoints, "CloudflareV4"));
        CloudflareV4.Accounts.Map(routes);
        CloudflareV4.Organizations.Map(routes);
        CloudflareV4.IdentityProviders.Map(routes);
        CloudflareV4.AccessGroups.Map(routes);
        CloudflareV4.AccessPolicies.Map(routes);
        CloudflareV4.AccessApps.Map(routes);
        CloudflareV4.AppPolicies.Map(routes);
        CloudflareV4.ZeroTrustLists.Map(routes);
        CloudflareV4.AccessTags.Map(routes);
        CloudflareV4.AccessCustomPages.Map(routes);
        CloudflareV4.AccessLogs.Map(routes);
        CloudflareV4.PolicyTests.Map(routes);
        CloudflareV4.AccountTokens.Map(routes);
        CloudflareV4.PublicHostnames.Map(routes);
        CloudflareV4.ServiceTokens.Map(routes);
        CloudflareV4.ClientCertificates.Map(routes);
        CloudflareV4.AccessUsers.Map(routes);
        CloudflareV4.SigningKeys.Map(routes);
        CloudflareV4.Tunnels.Map(routes);
        CloudflareV4.Zones.Map(routes);
        CloudflareV4.Bookmarks.Map(routes);
        CloudflareV4.ZoneRoutes.Map(routes);
        CloudflareV4.QuickTunnels.Map(endpoints);
        routes.Map(endpoints);
    }

    private static ILogger Logger(IEndpointRouteBuilder endpoints, string dialect) =>
        endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("Gatehouse.Management." + dialect);
}
