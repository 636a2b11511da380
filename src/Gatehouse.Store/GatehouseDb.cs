using Gatehouse.Model.Apps;
using Gatehouse.Model.Audit;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Blueprints;
using Gatehouse.Model.Brands;
using Gatehouse.Model.Dns;
using Gatehouse.Model.Events;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Invitations;
using Gatehouse.Model.Keys;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Notifications;
using Gatehouse.Model.Origins;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Prompts;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Tunnels;
using Gatehouse.Model.Users;
using Gatehouse.Store.Maps;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Gatehouse.Store;

/// <summary>The database. One thin subclass per provider holds that provider's migrations.</summary>
public abstract class GatehouseDb(DbContextOptions options) : DbContext(options)
{
    public DbSet<User> Users => Set<User>();

    public DbSet<Group> Groups => Set<Group>();

    public DbSet<GroupMember> GroupMembers => Set<GroupMember>();

    public DbSet<GroupParent> GroupParents => Set<GroupParent>();

    public DbSet<KeyPair> KeyPairs => Set<KeyPair>();

    public DbSet<OAuth2Provider> Providers => Set<OAuth2Provider>();

    public DbSet<ProviderApplication> ProviderApplications => Set<ProviderApplication>();

    public DbSet<ApplicationEntitlement> ApplicationEntitlements => Set<ApplicationEntitlement>();

    public DbSet<RegistrationRule> RegistrationRules => Set<RegistrationRule>();

    public DbSet<ScopeMapping> ScopeMappings => Set<ScopeMapping>();

    public DbSet<Flow> Flows => Set<Flow>();

    public DbSet<Stage> Stages => Set<Stage>();

    public DbSet<FlowStageBinding> FlowStageBindings => Set<FlowStageBinding>();

    public DbSet<FlowPlan> FlowPlans => Set<FlowPlan>();

    public DbSet<FlowToken> FlowTokens => Set<FlowToken>();

    public DbSet<PromptField> PromptFields => Set<PromptField>();

    public DbSet<Invitation> Invitations => Set<Invitation>();

    public DbSet<AuthenticatedSession> AuthenticatedSessions => Set<AuthenticatedSession>();

    public DbSet<RememberedToken> RememberedTokens => Set<RememberedToken>();

    public DbSet<TotpDevice> TotpDevices => Set<TotpDevice>();

    public DbSet<StaticDevice> StaticDevices => Set<StaticDevice>();

    public DbSet<StaticCode> StaticCodes => Set<StaticCode>();

    public DbSet<WebAuthnDevice> WebAuthnDevices => Set<WebAuthnDevice>();

    public DbSet<AccessTotp> AccessTotps => Set<AccessTotp>();

    public DbSet<AccessCredential> AccessCredentials => Set<AccessCredential>();

    public DbSet<RememberedProof> RememberedProofs => Set<RememberedProof>();

    public DbSet<SpentChallenge> SpentChallenges => Set<SpentChallenge>();

    public DbSet<SessionClient> SessionClients => Set<SessionClient>();

    public DbSet<LogoutNotice> LogoutNotices => Set<LogoutNotice>();

    public DbSet<OAuthGrant> Grants => Set<OAuthGrant>();

    public DbSet<AuthorizationCode> AuthorizationCodes => Set<AuthorizationCode>();

    public DbSet<DeviceCode> DeviceCodes => Set<DeviceCode>();

    public DbSet<PushedRequest> PushedRequests => Set<PushedRequest>();

    public DbSet<UsedProof> UsedProofs => Set<UsedProof>();

    public DbSet<OAuthToken> OAuthTokens => Set<OAuthToken>();

    public DbSet<UserConsent> UserConsents => Set<UserConsent>();

    public DbSet<ApiToken> ApiTokens => Set<ApiToken>();

    public DbSet<OneTimeLink> OneTimeLinks => Set<OneTimeLink>();

    public DbSet<Organization> Organizations => Set<Organization>();

    public DbSet<App> Apps => Set<App>();

    public DbSet<AppPolicy> AppPolicies => Set<AppPolicy>();

    public DbSet<Policy> Policies => Set<Policy>();

    public DbSet<RuleGroup> RuleGroups => Set<RuleGroup>();

    public DbSet<AccessList> AccessLists => Set<AccessList>();

    public DbSet<ApprovalRequest> ApprovalRequests => Set<ApprovalRequest>();

    public DbSet<PolicyTest> PolicyTests => Set<PolicyTest>();

    public DbSet<AppTag> AppTags => Set<AppTag>();

    public DbSet<CustomPage> CustomPages => Set<CustomPage>();

    public DbSet<ScopedToken> ScopedTokens => Set<ScopedToken>();

    public DbSet<LoginMethod> LoginMethods => Set<LoginMethod>();

    public DbSet<OneTimePin> OneTimePins => Set<OneTimePin>();

    public DbSet<PublicHostname> PublicHostnames => Set<PublicHostname>();

    public DbSet<Tunnel> Tunnels => Set<Tunnel>();

    public DbSet<TunnelConfiguration> TunnelConfigurations => Set<TunnelConfiguration>();

    public DbSet<EdgeNode> EdgeNodes => Set<EdgeNode>();

    public DbSet<HeldConnection> HeldConnections => Set<HeldConnection>();

    public DbSet<DnsRecord> DnsRecords => Set<DnsRecord>();

    public DbSet<ServiceToken> ServiceTokens => Set<ServiceToken>();

    public DbSet<ClientAuthority> ClientAuthorities => Set<ClientAuthority>();

    public DbSet<ClientCertificateSetting> ClientCertificateSettings => Set<ClientCertificateSetting>();

    public DbSet<AccessKey> AccessKeys => Set<AccessKey>();

    public DbSet<AccessUser> AccessUsers => Set<AccessUser>();

    public DbSet<AccessSession> AccessSessions => Set<AccessSession>();

    public DbSet<BurntCode> BurntCodes => Set<BurntCode>();

    public DbSet<DecisionRecord> Decisions => Set<DecisionRecord>();

    public DbSet<Event> Events => Set<Event>();

    public DbSet<Brand> Brands => Set<Brand>();

    public DbSet<IdentityPolicy> IdentityPolicies => Set<IdentityPolicy>();

    public DbSet<PolicyBinding> PolicyBindings => Set<PolicyBinding>();

    public DbSet<Reputation> Reputations => Set<Reputation>();

    public DbSet<PastPassword> PastPasswords => Set<PastPassword>();

    public DbSet<NotificationRule> NotificationRules => Set<NotificationRule>();

    public DbSet<NotificationTransport> NotificationTransports => Set<NotificationTransport>();

    public DbSet<WebhookMapping> WebhookMappings => Set<WebhookMapping>();

    public DbSet<Notification> Notifications => Set<Notification>();

    public DbSet<NotificationDelivery> NotificationDeliveries => Set<NotificationDelivery>();

    public DbSet<BlueprintInstance> Blueprints => Set<BlueprintInstance>();

    public DbSet<Setting> Settings => Set<Setting>();

    public DbSet<SealedSecret> SealedSecrets => Set<SealedSecret>();

    public DbSet<Revision> Revisions => Set<Revision>();

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        UserMaps.Apply(modelBuilder);
        ProviderMaps.Apply(modelBuilder);
        FlowMaps.Apply(modelBuilder);
        TokenMaps.Apply(modelBuilder);
        AuthenticatorMaps.Apply(modelBuilder);
        AuthenticatorMaps.ApplyAccess(modelBuilder);
        AccessMaps.Apply(modelBuilder);
        RuleMaps.Apply(modelBuilder);
        EventMaps.Apply(modelBuilder);
        BindingMaps.Apply(modelBuilder);
        NotificationMaps.Apply(modelBuilder);
        TunnelMaps.Apply(modelBuilder);
        SettingMaps.Apply(modelBuilder);

        // Ids are ours, except integers: EF would take a new row with an id, found through a navigation, for one that is there already.
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(t => t.FindPrimaryKey()?.Properties ?? []).Where(p => p.ClrType != typeof(int) && p.ClrType != typeof(long)))
        {
            property.ValueGenerated = ValueGenerated.Never;
        }
    }

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        // Unix milliseconds: EF's SQLite provider can't order DateTimeOffset.
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();
        configurationBuilder.Properties<TimeSpan>().HaveConversion<Milliseconds>();
        configurationBuilder.Properties<Enum>().HaveMaxLength(40);
        foreach (var kind in EnumNames.In(GetType()))
        {
            configurationBuilder.Properties(kind).HaveConversion(typeof(EnumNames<>).MakeGenericType(kind));
        }
    }

    /// <inheritdoc/>
    public override int SaveChanges(bool acceptAllChangesOnSuccess)
    {
        MoveVersionsOn();
        return base.SaveChanges(acceptAllChangesOnSuccess);
    }

    /// <inheritdoc/>
    public override Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        MoveVersionsOn();
        return base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
    }

    // The concurrency token moves on by itself, so no operation can forget it.
    private void MoveVersionsOn()
    {
        foreach (var entry in ChangeTracker.Entries())
        {
            if (entry.State == EntityState.Modified && entry.Metadata.FindProperty("Version") is { IsConcurrencyToken: true })
            {
                entry.Property("Version").CurrentValue = (int)entry.Property("Version").OriginalValue! + 1; // never null: an int column
            }
        }
    }
}

/// <summary>The database on SQLite.</summary>
public sealed class SqliteDb(DbContextOptions<SqliteDb> options) : GatehouseDb(options);

/// <summary>The database on PostgreSQL.</summary>
public sealed class PostgresDb(DbContextOptions<PostgresDb> options) : GatehouseDb(options);
