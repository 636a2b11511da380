using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Gatehouse.Store.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "access_keys",
                columns: table => new
                {
                    Kid = table.Column<string>(type: "TEXT", nullable: false),
                    CertificatePem = table.Column<string>(type: "TEXT", nullable: false),
                    SealedPrivateKey = table.Column<byte[]>(type: "BLOB", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_access_keys", x => x.Kid);
                });

            migrationBuilder.CreateTable(
                name: "access_lists",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Description = table.Column<string>(type: "TEXT", nullable: false),
                    Kind = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    Items = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_access_lists", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "access_sessions",
                columns: table => new
                {
                    Nonce = table.Column<string>(type: "TEXT", nullable: false),
                    UserId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Email = table.Column<string>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Subject = table.Column<string>(type: "TEXT", nullable: false),
                    ProviderSession = table.Column<string>(type: "TEXT", nullable: false),
                    LoginMethodId = table.Column<Guid>(type: "TEXT", nullable: false),
                    ClaimsJson = table.Column<string>(type: "TEXT", nullable: false),
                    GroupsJson = table.Column<string>(type: "TEXT", nullable: false),
                    Amr = table.Column<string>(type: "TEXT", nullable: false),
                    Passed = table.Column<string>(type: "TEXT", nullable: false),
                    BegunBy = table.Column<string>(type: "TEXT", nullable: true),
                    ParentNonce = table.Column<string>(type: "TEXT", nullable: true),
                    Address = table.Column<string>(type: "TEXT", nullable: false),
                    AuthenticatedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ForgetAt = table.Column<long>(type: "INTEGER", nullable: false),
                    RevokedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_access_sessions", x => x.Nonce);
                });

            migrationBuilder.CreateTable(
                name: "access_users",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Email = table.Column<string>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    HasSeat = table.Column<bool>(type: "INTEGER", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    LastLoginAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_access_users", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "app_tags",
                columns: table => new
                {
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_app_tags", x => x.Name);
                });

            migrationBuilder.CreateTable(
                name: "apps",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Aud = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    Type = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Domains = table.Column<string>(type: "TEXT", nullable: false),
                    Saas = table.Column<string>(type: "TEXT", nullable: true),
                    SsoId = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    ClientSecretHash = table.Column<byte[]>(type: "BLOB", nullable: true),
                    PreviousClientSecretHash = table.Column<byte[]>(type: "BLOB", nullable: true),
                    PreviousClientSecretExpiresAt = table.Column<long>(type: "INTEGER", nullable: true),
                    BookmarkUrl = table.Column<string>(type: "TEXT", nullable: true),
                    Launcher = table.Column<string>(type: "TEXT", nullable: true),
                    LogoUrl = table.Column<string>(type: "TEXT", nullable: true),
                    SessionDuration = table.Column<long>(type: "INTEGER", nullable: false),
                    AllowedLoginMethods = table.Column<string>(type: "TEXT", nullable: false),
                    AutoRedirectToIdentity = table.Column<bool>(type: "INTEGER", nullable: false),
                    AppLauncherVisible = table.Column<bool>(type: "INTEGER", nullable: false),
                    HttpOnlyCookie = table.Column<bool>(type: "INTEGER", nullable: false),
                    SameSiteCookie = table.Column<string>(type: "TEXT", maxLength: 40, nullable: true),
                    PathCookie = table.Column<bool>(type: "INTEGER", nullable: false),
                    OptionsPreflightBypass = table.Column<bool>(type: "INTEGER", nullable: false),
                    Cors = table.Column<string>(type: "TEXT", nullable: true),
                    BindingCookie = table.Column<bool>(type: "INTEGER", nullable: false),
                    ServiceAuth401 = table.Column<bool>(type: "INTEGER", nullable: false),
                    ServiceTokenHeader = table.Column<string>(type: "TEXT", nullable: true),
                    SkipInterstitial = table.Column<bool>(type: "INTEGER", nullable: false),
                    EagerRedirect = table.Column<bool>(type: "INTEGER", nullable: false),
                    Agents = table.Column<string>(type: "TEXT", nullable: true),
                    Mfa = table.Column<string>(type: "TEXT", nullable: true),
                    TokenEpoch = table.Column<int>(type: "INTEGER", nullable: false),
                    CustomDenyMessage = table.Column<string>(type: "TEXT", nullable: true),
                    CustomDenyUrl = table.Column<string>(type: "TEXT", nullable: true),
                    CustomNonIdentityDenyUrl = table.Column<string>(type: "TEXT", nullable: true),
                    Tags = table.Column<string>(type: "TEXT", nullable: false),
                    CustomPages = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_apps", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "blueprints",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Path = table.Column<string>(type: "TEXT", nullable: false),
                    Content = table.Column<string>(type: "TEXT", nullable: false),
                    ContextJson = table.Column<string>(type: "TEXT", nullable: false),
                    IsEnabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    LastAppliedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    LastAppliedHash = table.Column<string>(type: "TEXT", nullable: false),
                    Status = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_blueprints", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "brands",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Domain = table.Column<string>(type: "TEXT", nullable: false),
                    IsDefault = table.Column<bool>(type: "INTEGER", nullable: false),
                    Title = table.Column<string>(type: "TEXT", nullable: false),
                    Logo = table.Column<string>(type: "TEXT", nullable: false),
                    Favicon = table.Column<string>(type: "TEXT", nullable: false),
                    CustomCss = table.Column<string>(type: "TEXT", nullable: false),
                    Background = table.Column<string>(type: "TEXT", nullable: false),
                    AuthenticationFlowId = table.Column<Guid>(type: "TEXT", nullable: true),
                    InvalidationFlowId = table.Column<Guid>(type: "TEXT", nullable: true),
                    RecoveryFlowId = table.Column<Guid>(type: "TEXT", nullable: true),
                    UnenrollmentFlowId = table.Column<Guid>(type: "TEXT", nullable: true),
                    UserSettingsFlowId = table.Column<Guid>(type: "TEXT", nullable: true),
                    DeviceCodeFlowId = table.Column<Guid>(type: "TEXT", nullable: true),
                    DefaultApplicationId = table.Column<Guid>(type: "TEXT", nullable: true),
                    WebCertificateId = table.Column<Guid>(type: "TEXT", nullable: true),
                    AttributesJson = table.Column<string>(type: "TEXT", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_brands", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "burnt_codes",
                columns: table => new
                {
                    Id = table.Column<string>(type: "TEXT", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_burnt_codes", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "client_authorities",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    CertificatePem = table.Column<string>(type: "TEXT", nullable: false),
                    Fingerprint = table.Column<string>(type: "TEXT", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Hostnames = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_client_authorities", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "client_certificate_settings",
                columns: table => new
                {
                    Hostname = table.Column<string>(type: "TEXT", nullable: false),
                    IsForwarded = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_client_certificate_settings", x => x.Hostname);
                });

            migrationBuilder.CreateTable(
                name: "custom_pages",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Kind = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    Html = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_custom_pages", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "decisions",
                columns: table => new
                {
                    Id = table.Column<string>(type: "TEXT", nullable: false),
                    At = table.Column<long>(type: "INTEGER", nullable: false),
                    AppId = table.Column<Guid>(type: "TEXT", nullable: true),
                    AppName = table.Column<string>(type: "TEXT", nullable: false),
                    Allowed = table.Column<bool>(type: "INTEGER", nullable: false),
                    Action = table.Column<string>(type: "TEXT", nullable: false),
                    Email = table.Column<string>(type: "TEXT", nullable: true),
                    LoginMethodId = table.Column<Guid>(type: "TEXT", nullable: true),
                    Address = table.Column<string>(type: "TEXT", nullable: false),
                    Method = table.Column<string>(type: "TEXT", nullable: false),
                    Host = table.Column<string>(type: "TEXT", nullable: false),
                    Path = table.Column<string>(type: "TEXT", nullable: false),
                    Country = table.Column<string>(type: "TEXT", nullable: true),
                    Purpose = table.Column<string>(type: "TEXT", nullable: true),
                    Approvers = table.Column<string>(type: "TEXT", nullable: true),
                    FactsJson = table.Column<string>(type: "TEXT", nullable: true),
                    TreeJson = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_decisions", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "dns_records",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    Type = table.Column<string>(type: "TEXT", maxLength: 10, nullable: false),
                    Content = table.Column<string>(type: "TEXT", nullable: false),
                    Ttl = table.Column<int>(type: "INTEGER", nullable: false),
                    IsProxied = table.Column<bool>(type: "INTEGER", nullable: false),
                    Comment = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_dns_records", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "edge_nodes",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    RenewedAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_edge_nodes", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "events",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Action = table.Column<string>(type: "TEXT", nullable: false),
                    App = table.Column<string>(type: "TEXT", nullable: false),
                    UserId = table.Column<int>(type: "INTEGER", nullable: true),
                    Username = table.Column<string>(type: "TEXT", nullable: false),
                    Email = table.Column<string>(type: "TEXT", nullable: false),
                    ClientIp = table.Column<string>(type: "TEXT", nullable: true),
                    OnBehalfOfJson = table.Column<string>(type: "TEXT", nullable: true),
                    ContextJson = table.Column<string>(type: "TEXT", nullable: false),
                    TargetApp = table.Column<string>(type: "TEXT", nullable: true),
                    TargetModel = table.Column<string>(type: "TEXT", nullable: true),
                    TargetKey = table.Column<string>(type: "TEXT", nullable: true),
                    AuthorizedKey = table.Column<string>(type: "TEXT", nullable: true),
                    IsJudged = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_events", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "flow_plans",
                columns: table => new
                {
                    Id = table.Column<string>(type: "TEXT", nullable: false),
                    StateJson = table.Column<string>(type: "TEXT", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_flow_plans", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "flows",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Slug = table.Column<string>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Title = table.Column<string>(type: "TEXT", nullable: false),
                    Designation = table.Column<string>(type: "TEXT", nullable: false),
                    Authentication = table.Column<string>(type: "TEXT", nullable: false),
                    DeniedAction = table.Column<string>(type: "TEXT", nullable: false),
                    Layout = table.Column<string>(type: "TEXT", nullable: false),
                    Background = table.Column<string>(type: "TEXT", nullable: false),
                    PolicyEngineMode = table.Column<string>(type: "TEXT", nullable: false),
                    CompatibilityMode = table.Column<bool>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_flows", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "groups",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Number = table.Column<int>(type: "INTEGER", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    IsSuperuser = table.Column<bool>(type: "INTEGER", nullable: false),
                    AttributesJson = table.Column<string>(type: "TEXT", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_groups", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "identity_policies",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Kind = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    SettingsJson = table.Column<string>(type: "TEXT", nullable: false),
                    LogsRuns = table.Column<bool>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_identity_policies", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "key_pairs",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Managed = table.Column<string>(type: "TEXT", nullable: true),
                    Kid = table.Column<string>(type: "TEXT", nullable: false),
                    CertificatePem = table.Column<string>(type: "TEXT", nullable: false),
                    SealedPrivateKey = table.Column<byte[]>(type: "BLOB", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_key_pairs", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "login_methods",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Type = table.Column<string>(type: "TEXT", nullable: false),
                    ClientId = table.Column<string>(type: "TEXT", nullable: false),
                    SealedClientSecret = table.Column<byte[]>(type: "BLOB", nullable: false),
                    AuthUrl = table.Column<string>(type: "TEXT", nullable: false),
                    TokenUrl = table.Column<string>(type: "TEXT", nullable: false),
                    CertsUrl = table.Column<string>(type: "TEXT", nullable: false),
                    Issuer = table.Column<string>(type: "TEXT", nullable: false),
                    Scopes = table.Column<string>(type: "TEXT", nullable: false),
                    Claims = table.Column<string>(type: "TEXT", nullable: false),
                    EmailClaimName = table.Column<string>(type: "TEXT", nullable: false),
                    PkceEnabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    AcceptsUnverifiedEmail = table.Column<bool>(type: "INTEGER", nullable: false),
                    PresetJson = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_login_methods", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "one_time_pins",
                columns: table => new
                {
                    Id = table.Column<string>(type: "TEXT", nullable: false),
                    Email = table.Column<string>(type: "TEXT", nullable: false),
                    Network = table.Column<string>(type: "TEXT", nullable: false),
                    Hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Guesses = table.Column<int>(type: "INTEGER", nullable: false),
                    UsedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_one_time_pins", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "organizations",
                columns: table => new
                {
                    Id = table.Column<string>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    SessionDuration = table.Column<long>(type: "INTEGER", nullable: false),
                    DenyUnmatchedRequests = table.Column<bool>(type: "INTEGER", nullable: false),
                    StrictServiceTokens = table.Column<bool>(type: "INTEGER", nullable: false),
                    KeyRotationDays = table.Column<int>(type: "INTEGER", nullable: false),
                    AutoRedirectToIdentity = table.Column<bool>(type: "INTEGER", nullable: false),
                    DecisionRetention = table.Column<long>(type: "INTEGER", nullable: false),
                    IdentityDeniedPage = table.Column<Guid>(type: "TEXT", nullable: true),
                    ForbiddenPage = table.Column<Guid>(type: "TEXT", nullable: true),
                    LoginHeader = table.Column<string>(type: "TEXT", nullable: false),
                    LoginFooter = table.Column<string>(type: "TEXT", nullable: false),
                    LoginBackground = table.Column<string>(type: "TEXT", nullable: true),
                    LoginTextColor = table.Column<string>(type: "TEXT", nullable: true),
                    LoginLogo = table.Column<string>(type: "TEXT", nullable: true),
                    Mfa = table.Column<string>(type: "TEXT", nullable: true),
                    MfaRequiredForAllApps = table.Column<bool>(type: "INTEGER", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_organizations", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "policies",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Action = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    Include = table.Column<string>(type: "TEXT", nullable: false),
                    Exclude = table.Column<string>(type: "TEXT", nullable: false),
                    Require = table.Column<string>(type: "TEXT", nullable: false),
                    SessionDuration = table.Column<long>(type: "INTEGER", nullable: true),
                    PurposeRequired = table.Column<bool>(type: "INTEGER", nullable: false),
                    PurposePrompt = table.Column<string>(type: "TEXT", nullable: false),
                    ApprovalRequired = table.Column<bool>(type: "INTEGER", nullable: false),
                    ApprovalGroups = table.Column<string>(type: "TEXT", nullable: false),
                    Mfa = table.Column<string>(type: "TEXT", nullable: true),
                    IsReusable = table.Column<bool>(type: "INTEGER", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_policies", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "policy_tests",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    People = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_policy_tests", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "prompt_fields",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    FieldKey = table.Column<string>(type: "TEXT", nullable: false),
                    Label = table.Column<string>(type: "TEXT", nullable: false),
                    Type = table.Column<string>(type: "TEXT", nullable: false),
                    IsRequired = table.Column<bool>(type: "INTEGER", nullable: false),
                    Placeholder = table.Column<string>(type: "TEXT", nullable: false),
                    PlaceholderIsExpression = table.Column<bool>(type: "INTEGER", nullable: false),
                    InitialValue = table.Column<string>(type: "TEXT", nullable: false),
                    InitialValueIsExpression = table.Column<bool>(type: "INTEGER", nullable: false),
                    Order = table.Column<int>(type: "INTEGER", nullable: false),
                    SubText = table.Column<string>(type: "TEXT", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_prompt_fields", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "public_hostnames",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Hostname = table.Column<string>(type: "TEXT", maxLength: 253, nullable: false),
                    Service = table.Column<string>(type: "TEXT", nullable: false),
                    NoTlsVerify = table.Column<bool>(type: "INTEGER", nullable: false),
                    HttpHostHeader = table.Column<string>(type: "TEXT", nullable: true),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_public_hostnames", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "reputations",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Identifier = table.Column<string>(type: "TEXT", maxLength: 150, nullable: false),
                    Ip = table.Column<string>(type: "TEXT", maxLength: 45, nullable: false),
                    Score = table.Column<int>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_reputations", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "revisions",
                columns: table => new
                {
                    Topic = table.Column<string>(type: "TEXT", nullable: false),
                    Value = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_revisions", x => x.Topic);
                });

            migrationBuilder.CreateTable(
                name: "rule_groups",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Include = table.Column<string>(type: "TEXT", nullable: false),
                    Exclude = table.Column<string>(type: "TEXT", nullable: false),
                    Require = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_rule_groups", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "scope_mappings",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    ScopeName = table.Column<string>(type: "TEXT", nullable: false),
                    Managed = table.Column<string>(type: "TEXT", nullable: true),
                    Description = table.Column<string>(type: "TEXT", nullable: false),
                    Expression = table.Column<string>(type: "TEXT", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_scope_mappings", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "sealed_secrets",
                columns: table => new
                {
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Sealed = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sealed_secrets", x => x.Name);
                });

            migrationBuilder.CreateTable(
                name: "service_tokens",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    ClientId = table.Column<string>(type: "TEXT", nullable: false),
                    SecretHash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    PreviousSecretHash = table.Column<byte[]>(type: "BLOB", nullable: true),
                    PreviousSecretExpiresAt = table.Column<long>(type: "INTEGER", nullable: true),
                    SecretVersion = table.Column<int>(type: "INTEGER", nullable: false),
                    Duration = table.Column<long>(type: "INTEGER", nullable: true),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: true),
                    IsEnabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    LastSeenAt = table.Column<long>(type: "INTEGER", nullable: true),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_service_tokens", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "settings",
                columns: table => new
                {
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Value = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_settings", x => x.Name);
                });

            migrationBuilder.CreateTable(
                name: "spent_challenges",
                columns: table => new
                {
                    Id = table.Column<string>(type: "TEXT", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_spent_challenges", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "stages",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Type = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    SettingsJson = table.Column<string>(type: "TEXT", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_stages", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "tunnels",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    SealedSecret = table.Column<byte[]>(type: "BLOB", nullable: false),
                    IsRemotelyManaged = table.Column<bool>(type: "INTEGER", nullable: false),
                    IsQuick = table.Column<bool>(type: "INTEGER", nullable: false),
                    DeletedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    ActiveAt = table.Column<long>(type: "INTEGER", nullable: true),
                    InactiveAt = table.Column<long>(type: "INTEGER", nullable: true),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_tunnels", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "used_proofs",
                columns: table => new
                {
                    Hash = table.Column<string>(type: "TEXT", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_used_proofs", x => x.Hash);
                });

            migrationBuilder.CreateTable(
                name: "users",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Uuid = table.Column<Guid>(type: "TEXT", nullable: false),
                    Username = table.Column<string>(type: "TEXT", maxLength: 150, nullable: false),
                    UsernameKey = table.Column<string>(type: "TEXT", maxLength: 150, nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Email = table.Column<string>(type: "TEXT", nullable: false),
                    IsEmailUnproven = table.Column<bool>(type: "INTEGER", nullable: false),
                    IsActive = table.Column<bool>(type: "INTEGER", nullable: false),
                    Path = table.Column<string>(type: "TEXT", nullable: false),
                    Type = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    AttributesJson = table.Column<string>(type: "TEXT", nullable: false),
                    PasswordHash = table.Column<string>(type: "TEXT", nullable: true),
                    PasswordChangedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    MfaEpoch = table.Column<int>(type: "INTEGER", nullable: false),
                    LastLoginAt = table.Column<long>(type: "INTEGER", nullable: true),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_users", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "webhook_mappings",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    SealedExpression = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_webhook_mappings", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "access_credentials",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    IsBiometric = table.Column<bool>(type: "INTEGER", nullable: false),
                    CredentialId = table.Column<string>(type: "TEXT", maxLength: 1364, nullable: false),
                    PublicKey = table.Column<byte[]>(type: "BLOB", nullable: false),
                    SignCount = table.Column<long>(type: "INTEGER", nullable: false),
                    Transports = table.Column<string>(type: "TEXT", nullable: false),
                    Aaguid = table.Column<Guid>(type: "TEXT", nullable: false),
                    IsBackupEligible = table.Column<bool>(type: "INTEGER", nullable: false),
                    IsBackedUp = table.Column<bool>(type: "INTEGER", nullable: false),
                    RpId = table.Column<string>(type: "TEXT", nullable: false),
                    UserId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    LastUsedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_access_credentials", x => x.Id);
                    table.ForeignKey(
                        name: "FK_access_credentials_access_users_UserId",
                        column: x => x.UserId,
                        principalTable: "access_users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "access_totps",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    SealedSecret = table.Column<byte[]>(type: "BLOB", nullable: false),
                    LastStep = table.Column<long>(type: "INTEGER", nullable: false),
                    Failures = table.Column<int>(type: "INTEGER", nullable: false),
                    NextTryAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UserId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    LastUsedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_access_totps", x => x.Id);
                    table.ForeignKey(
                        name: "FK_access_totps_access_users_UserId",
                        column: x => x.UserId,
                        principalTable: "access_users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "remembered_proofs",
                columns: table => new
                {
                    DeviceHash = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    UserId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Method = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    AuthenticatorId = table.Column<Guid>(type: "TEXT", nullable: false),
                    At = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_remembered_proofs", x => new { x.DeviceHash, x.UserId, x.Method });
                    table.ForeignKey(
                        name: "FK_remembered_proofs_access_users_UserId",
                        column: x => x.UserId,
                        principalTable: "access_users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "held_connections",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    NodeId = table.Column<Guid>(type: "TEXT", nullable: false),
                    TunnelId = table.Column<Guid>(type: "TEXT", nullable: false),
                    ConnectorId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Index = table.Column<int>(type: "INTEGER", nullable: false),
                    OpenedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    OriginIp = table.Column<string>(type: "TEXT", nullable: false),
                    Location = table.Column<string>(type: "TEXT", nullable: false),
                    ConnectorVersion = table.Column<string>(type: "TEXT", nullable: false),
                    Arch = table.Column<string>(type: "TEXT", nullable: false),
                    Features = table.Column<string>(type: "TEXT", nullable: false),
                    IsDraining = table.Column<bool>(type: "INTEGER", nullable: false),
                    ConfigurationNumber = table.Column<int>(type: "INTEGER", nullable: true),
                    ConfigurationFault = table.Column<string>(type: "TEXT", nullable: true),
                    LocalConfiguration = table.Column<string>(type: "TEXT", nullable: true),
                    ClosingAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_held_connections", x => x.Id);
                    table.ForeignKey(
                        name: "FK_held_connections_edge_nodes_NodeId",
                        column: x => x.NodeId,
                        principalTable: "edge_nodes",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "group_parents",
                columns: table => new
                {
                    ChildId = table.Column<Guid>(type: "TEXT", nullable: false),
                    ParentId = table.Column<Guid>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_group_parents", x => new { x.ChildId, x.ParentId });
                    table.ForeignKey(
                        name: "FK_group_parents_groups_ChildId",
                        column: x => x.ChildId,
                        principalTable: "groups",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_group_parents_groups_ParentId",
                        column: x => x.ParentId,
                        principalTable: "groups",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "notification_rules",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    TransportIds = table.Column<string>(type: "TEXT", nullable: false),
                    Severity = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    GroupId = table.Column<Guid>(type: "TEXT", nullable: true),
                    TellsEventUser = table.Column<bool>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_notification_rules", x => x.Id);
                    table.ForeignKey(
                        name: "FK_notification_rules_groups_GroupId",
                        column: x => x.GroupId,
                        principalTable: "groups",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.SetNull);
                });

            migrationBuilder.CreateTable(
                name: "oauth2_providers",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    ClientType = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    ClientId = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    SealedClientSecret = table.Column<byte[]>(type: "BLOB", nullable: false),
                    GrantTypes = table.Column<string>(type: "TEXT", nullable: false),
                    RedirectUris = table.Column<string>(type: "TEXT", nullable: false),
                    AccessCodeValidity = table.Column<string>(type: "TEXT", nullable: false),
                    AccessTokenValidity = table.Column<string>(type: "TEXT", nullable: false),
                    RefreshTokenValidity = table.Column<string>(type: "TEXT", nullable: false),
                    RefreshTokenThreshold = table.Column<string>(type: "TEXT", nullable: false),
                    IncludeClaimsInIdToken = table.Column<bool>(type: "INTEGER", nullable: false),
                    SigningKeyId = table.Column<Guid>(type: "TEXT", nullable: true),
                    EncryptionKeyId = table.Column<Guid>(type: "TEXT", nullable: true),
                    FormerKeys = table.Column<string>(type: "TEXT", nullable: false),
                    AuthMethod = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    Jwks = table.Column<string>(type: "TEXT", nullable: false),
                    FederatedProviderIds = table.Column<string>(type: "TEXT", nullable: false),
                    RequiresPushedRequests = table.Column<bool>(type: "INTEGER", nullable: false),
                    RequiresDpop = table.Column<bool>(type: "INTEGER", nullable: false),
                    RegisteredThroughId = table.Column<int>(type: "INTEGER", nullable: true),
                    RegisteredById = table.Column<int>(type: "INTEGER", nullable: true),
                    MetadataJson = table.Column<string>(type: "TEXT", nullable: false),
                    SubMode = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    IssuerMode = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    LogoutUri = table.Column<string>(type: "TEXT", nullable: false),
                    LogoutMethod = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    AuthenticationFlowId = table.Column<Guid>(type: "TEXT", nullable: true),
                    AuthorizationFlowId = table.Column<Guid>(type: "TEXT", nullable: false),
                    InvalidationFlowId = table.Column<Guid>(type: "TEXT", nullable: false),
                    ScopeMappingIds = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_oauth2_providers", x => x.Id);
                    table.ForeignKey(
                        name: "FK_oauth2_providers_key_pairs_EncryptionKeyId",
                        column: x => x.EncryptionKeyId,
                        principalTable: "key_pairs",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_oauth2_providers_key_pairs_SigningKeyId",
                        column: x => x.SigningKeyId,
                        principalTable: "key_pairs",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "app_policies",
                columns: table => new
                {
                    AppId = table.Column<Guid>(type: "TEXT", nullable: false),
                    PolicyId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Precedence = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_app_policies", x => new { x.AppId, x.PolicyId });
                    table.ForeignKey(
                        name: "FK_app_policies_apps_AppId",
                        column: x => x.AppId,
                        principalTable: "apps",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_app_policies_policies_PolicyId",
                        column: x => x.PolicyId,
                        principalTable: "policies",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "approval_requests",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    AppId = table.Column<Guid>(type: "TEXT", nullable: false),
                    PolicyId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Email = table.Column<string>(type: "TEXT", nullable: false),
                    Purpose = table.Column<string>(type: "TEXT", nullable: false),
                    Approvals = table.Column<string>(type: "TEXT", nullable: false),
                    RefusedBy = table.Column<string>(type: "TEXT", nullable: true),
                    ApprovedUntil = table.Column<long>(type: "INTEGER", nullable: true),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_approval_requests", x => x.Id);
                    table.ForeignKey(
                        name: "FK_approval_requests_apps_AppId",
                        column: x => x.AppId,
                        principalTable: "apps",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_approval_requests_policies_PolicyId",
                        column: x => x.PolicyId,
                        principalTable: "policies",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "flow_stage_bindings",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    FlowId = table.Column<Guid>(type: "TEXT", nullable: false),
                    StageId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Order = table.Column<int>(type: "INTEGER", nullable: false),
                    EvaluateOnPlan = table.Column<bool>(type: "INTEGER", nullable: false),
                    ReEvaluatePolicies = table.Column<bool>(type: "INTEGER", nullable: false),
                    PolicyEngineMode = table.Column<string>(type: "TEXT", nullable: false),
                    InvalidResponseAction = table.Column<string>(type: "TEXT", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_flow_stage_bindings", x => x.Id);
                    table.ForeignKey(
                        name: "FK_flow_stage_bindings_flows_FlowId",
                        column: x => x.FlowId,
                        principalTable: "flows",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_flow_stage_bindings_stages_StageId",
                        column: x => x.StageId,
                        principalTable: "stages",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "tunnel_configurations",
                columns: table => new
                {
                    TunnelId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Number = table.Column<int>(type: "INTEGER", nullable: false),
                    Json = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_tunnel_configurations", x => x.TunnelId);
                    table.ForeignKey(
                        name: "FK_tunnel_configurations_tunnels_TunnelId",
                        column: x => x.TunnelId,
                        principalTable: "tunnels",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "api_tokens",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Identifier = table.Column<string>(type: "TEXT", nullable: false),
                    UserId = table.Column<int>(type: "INTEGER", nullable: false),
                    Intent = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    KeyHash = table.Column<string>(type: "TEXT", nullable: false),
                    SealedKey = table.Column<byte[]>(type: "BLOB", nullable: true),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Description = table.Column<string>(type: "TEXT", nullable: false),
                    Managed = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_api_tokens", x => x.Id);
                    table.ForeignKey(
                        name: "FK_api_tokens_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "authenticated_sessions",
                columns: table => new
                {
                    Id = table.Column<string>(type: "TEXT", nullable: false),
                    Uuid = table.Column<Guid>(type: "TEXT", nullable: false),
                    UserId = table.Column<int>(type: "INTEGER", nullable: false),
                    AuthenticatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Amr = table.Column<string>(type: "TEXT", nullable: false),
                    LastAddress = table.Column<string>(type: "TEXT", nullable: false),
                    LastUserAgent = table.Column<string>(type: "TEXT", nullable: false),
                    LastUsedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    IsSliding = table.Column<bool>(type: "INTEGER", nullable: false),
                    IsRemembered = table.Column<bool>(type: "INTEGER", nullable: false),
                    ImpersonatedUserId = table.Column<int>(type: "INTEGER", nullable: true),
                    BoundTo = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_authenticated_sessions", x => x.Id);
                    table.ForeignKey(
                        name: "FK_authenticated_sessions_users_ImpersonatedUserId",
                        column: x => x.ImpersonatedUserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.SetNull);
                    table.ForeignKey(
                        name: "FK_authenticated_sessions_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "flow_tokens",
                columns: table => new
                {
                    Hash = table.Column<string>(type: "TEXT", nullable: false),
                    FlowId = table.Column<Guid>(type: "TEXT", nullable: false),
                    UserId = table.Column<int>(type: "INTEGER", nullable: false),
                    StateJson = table.Column<string>(type: "TEXT", nullable: true),
                    PasswordMark = table.Column<string>(type: "TEXT", nullable: false),
                    Address = table.Column<string>(type: "TEXT", nullable: true),
                    Activates = table.Column<bool>(type: "INTEGER", nullable: false),
                    Slot = table.Column<string>(type: "TEXT", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UsedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_flow_tokens", x => x.Hash);
                    table.ForeignKey(
                        name: "FK_flow_tokens_flows_FlowId",
                        column: x => x.FlowId,
                        principalTable: "flows",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_flow_tokens_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "group_members",
                columns: table => new
                {
                    GroupId = table.Column<Guid>(type: "TEXT", nullable: false),
                    UserId = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_group_members", x => new { x.GroupId, x.UserId });
                    table.ForeignKey(
                        name: "FK_group_members_groups_GroupId",
                        column: x => x.GroupId,
                        principalTable: "groups",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_group_members_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "invitations",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: true),
                    FixedDataJson = table.Column<string>(type: "TEXT", nullable: false),
                    IsSingleUse = table.Column<bool>(type: "INTEGER", nullable: false),
                    FlowId = table.Column<Guid>(type: "TEXT", nullable: true),
                    CreatedById = table.Column<int>(type: "INTEGER", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_invitations", x => x.Id);
                    table.ForeignKey(
                        name: "FK_invitations_flows_FlowId",
                        column: x => x.FlowId,
                        principalTable: "flows",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_invitations_users_CreatedById",
                        column: x => x.CreatedById,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "notifications",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    UserId = table.Column<int>(type: "INTEGER", nullable: false),
                    Severity = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    Body = table.Column<string>(type: "TEXT", nullable: false),
                    Hyperlink = table.Column<string>(type: "TEXT", nullable: true),
                    HyperlinkLabel = table.Column<string>(type: "TEXT", nullable: true),
                    EventId = table.Column<Guid>(type: "TEXT", nullable: true),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    IsSeen = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_notifications", x => x.Id);
                    table.ForeignKey(
                        name: "FK_notifications_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "one_time_links",
                columns: table => new
                {
                    Hash = table.Column<string>(type: "TEXT", nullable: false),
                    Purpose = table.Column<string>(type: "TEXT", nullable: false),
                    UserId = table.Column<int>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UsedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_one_time_links", x => x.Hash);
                    table.ForeignKey(
                        name: "FK_one_time_links_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "past_passwords",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    UserId = table.Column<int>(type: "INTEGER", nullable: false),
                    Hash = table.Column<string>(type: "TEXT", nullable: false),
                    ReplacedAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_past_passwords", x => x.Id);
                    table.ForeignKey(
                        name: "FK_past_passwords_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "policy_bindings",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    TargetId = table.Column<Guid>(type: "TEXT", nullable: false),
                    PolicyId = table.Column<Guid>(type: "TEXT", nullable: true),
                    GroupId = table.Column<Guid>(type: "TEXT", nullable: true),
                    UserId = table.Column<int>(type: "INTEGER", nullable: true),
                    Order = table.Column<int>(type: "INTEGER", nullable: false),
                    IsEnabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    IsNegated = table.Column<bool>(type: "INTEGER", nullable: false),
                    Timeout = table.Column<int>(type: "INTEGER", nullable: false),
                    FailureResult = table.Column<bool>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_policy_bindings", x => x.Id);
                    table.ForeignKey(
                        name: "FK_policy_bindings_groups_GroupId",
                        column: x => x.GroupId,
                        principalTable: "groups",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.SetNull);
                    table.ForeignKey(
                        name: "FK_policy_bindings_identity_policies_PolicyId",
                        column: x => x.PolicyId,
                        principalTable: "identity_policies",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.SetNull);
                    table.ForeignKey(
                        name: "FK_policy_bindings_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.SetNull);
                });

            migrationBuilder.CreateTable(
                name: "scoped_tokens",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    UserId = table.Column<int>(type: "INTEGER", nullable: false),
                    KeyHash = table.Column<string>(type: "TEXT", nullable: false),
                    Grants = table.Column<string>(type: "TEXT", nullable: false),
                    AllowedAddresses = table.Column<string>(type: "TEXT", nullable: false),
                    RefusedAddresses = table.Column<string>(type: "TEXT", nullable: false),
                    IsDisabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    NotBefore = table.Column<long>(type: "INTEGER", nullable: true),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: true),
                    LastUsedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_scoped_tokens", x => x.Id);
                    table.ForeignKey(
                        name: "FK_scoped_tokens_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "static_devices",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    UserId = table.Column<int>(type: "INTEGER", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    LastUsedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Version = table.Column<int>(type: "INTEGER", nullable: false),
                    EnrolmentId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Failures = table.Column<int>(type: "INTEGER", nullable: false),
                    NextTryAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_static_devices", x => x.Id);
                    table.ForeignKey(
                        name: "FK_static_devices_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "totp_devices",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    SealedSecret = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Digits = table.Column<int>(type: "INTEGER", nullable: false),
                    LastStep = table.Column<long>(type: "INTEGER", nullable: false),
                    UserId = table.Column<int>(type: "INTEGER", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    LastUsedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Version = table.Column<int>(type: "INTEGER", nullable: false),
                    EnrolmentId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Failures = table.Column<int>(type: "INTEGER", nullable: false),
                    NextTryAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_totp_devices", x => x.Id);
                    table.ForeignKey(
                        name: "FK_totp_devices_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "webauthn_devices",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    CredentialId = table.Column<string>(type: "TEXT", maxLength: 1364, nullable: false),
                    PublicKey = table.Column<byte[]>(type: "BLOB", nullable: false),
                    SignCount = table.Column<long>(type: "INTEGER", nullable: false),
                    Transports = table.Column<string>(type: "TEXT", nullable: false),
                    Aaguid = table.Column<Guid>(type: "TEXT", nullable: false),
                    IsBackupEligible = table.Column<bool>(type: "INTEGER", nullable: false),
                    IsBackedUp = table.Column<bool>(type: "INTEGER", nullable: false),
                    RpId = table.Column<string>(type: "TEXT", nullable: false),
                    UserId = table.Column<int>(type: "INTEGER", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    LastUsedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_webauthn_devices", x => x.Id);
                    table.ForeignKey(
                        name: "FK_webauthn_devices_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "notification_transports",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Mode = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    SealedUrl = table.Column<byte[]>(type: "BLOB", nullable: false),
                    AuthorityId = table.Column<Guid>(type: "TEXT", nullable: true),
                    BodyMappingId = table.Column<Guid>(type: "TEXT", nullable: true),
                    HeaderMappingId = table.Column<Guid>(type: "TEXT", nullable: true),
                    SubjectPrefix = table.Column<string>(type: "TEXT", nullable: false),
                    EmailTemplate = table.Column<string>(type: "TEXT", nullable: false),
                    SendsOnce = table.Column<bool>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_notification_transports", x => x.Id);
                    table.ForeignKey(
                        name: "FK_notification_transports_key_pairs_AuthorityId",
                        column: x => x.AuthorityId,
                        principalTable: "key_pairs",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_notification_transports_webhook_mappings_BodyMappingId",
                        column: x => x.BodyMappingId,
                        principalTable: "webhook_mappings",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_notification_transports_webhook_mappings_HeaderMappingId",
                        column: x => x.HeaderMappingId,
                        principalTable: "webhook_mappings",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "logout_notices",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    ProviderId = table.Column<int>(type: "INTEGER", nullable: false),
                    Subject = table.Column<string>(type: "TEXT", nullable: false),
                    Sid = table.Column<string>(type: "TEXT", nullable: false),
                    NextAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Attempts = table.Column<int>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_logout_notices", x => x.Id);
                    table.ForeignKey(
                        name: "FK_logout_notices_oauth2_providers_ProviderId",
                        column: x => x.ProviderId,
                        principalTable: "oauth2_providers",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "oauth_grants",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    ProviderId = table.Column<int>(type: "INTEGER", nullable: false),
                    UserId = table.Column<int>(type: "INTEGER", nullable: false),
                    ImpersonatorId = table.Column<int>(type: "INTEGER", nullable: true),
                    SessionId = table.Column<string>(type: "TEXT", nullable: true),
                    SessionUuid = table.Column<Guid>(type: "TEXT", nullable: true),
                    Scopes = table.Column<string>(type: "TEXT", nullable: false),
                    Nonce = table.Column<string>(type: "TEXT", nullable: true),
                    AuthenticatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Amr = table.Column<string>(type: "TEXT", nullable: false),
                    KeyThumbprint = table.Column<string>(type: "TEXT", nullable: true),
                    ConsentId = table.Column<int>(type: "INTEGER", nullable: true),
                    Actor = table.Column<string>(type: "TEXT", nullable: true),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    RevokedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_oauth_grants", x => x.Id);
                    table.ForeignKey(
                        name: "FK_oauth_grants_oauth2_providers_ProviderId",
                        column: x => x.ProviderId,
                        principalTable: "oauth2_providers",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_oauth_grants_users_ImpersonatorId",
                        column: x => x.ImpersonatorId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_oauth_grants_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "provider_applications",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    Slug = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    ProviderId = table.Column<int>(type: "INTEGER", nullable: true),
                    GroupLabel = table.Column<string>(type: "TEXT", nullable: false),
                    PolicyEngineMode = table.Column<string>(type: "TEXT", nullable: false),
                    LaunchUrl = table.Column<string>(type: "TEXT", nullable: false),
                    OpenInNewTab = table.Column<bool>(type: "INTEGER", nullable: false),
                    Icon = table.Column<string>(type: "TEXT", nullable: false),
                    Description = table.Column<string>(type: "TEXT", nullable: false),
                    Publisher = table.Column<string>(type: "TEXT", nullable: false),
                    IsHidden = table.Column<bool>(type: "INTEGER", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_provider_applications", x => x.Id);
                    table.ForeignKey(
                        name: "FK_provider_applications_oauth2_providers_ProviderId",
                        column: x => x.ProviderId,
                        principalTable: "oauth2_providers",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.SetNull);
                });

            migrationBuilder.CreateTable(
                name: "pushed_requests",
                columns: table => new
                {
                    Hash = table.Column<string>(type: "TEXT", nullable: false),
                    ProviderId = table.Column<int>(type: "INTEGER", nullable: false),
                    Query = table.Column<string>(type: "TEXT", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    OpenedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    UsedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_pushed_requests", x => x.Hash);
                    table.ForeignKey(
                        name: "FK_pushed_requests_oauth2_providers_ProviderId",
                        column: x => x.ProviderId,
                        principalTable: "oauth2_providers",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "registration_rules",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    ProviderId = table.Column<int>(type: "INTEGER", nullable: false),
                    ApplicationGroup = table.Column<string>(type: "TEXT", nullable: false),
                    AuthorizationFlowId = table.Column<Guid>(type: "TEXT", nullable: true),
                    InvalidationFlowId = table.Column<Guid>(type: "TEXT", nullable: true),
                    ScopeMappingIds = table.Column<string>(type: "TEXT", nullable: false),
                    AccessTokenValidity = table.Column<string>(type: "TEXT", nullable: false),
                    RefreshTokenValidity = table.Column<string>(type: "TEXT", nullable: false),
                    AllowedGrantTypes = table.Column<string>(type: "TEXT", nullable: false),
                    PolicyEngineMode = table.Column<string>(type: "TEXT", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_registration_rules", x => x.Id);
                    table.ForeignKey(
                        name: "FK_registration_rules_oauth2_providers_ProviderId",
                        column: x => x.ProviderId,
                        principalTable: "oauth2_providers",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "session_clients",
                columns: table => new
                {
                    SessionUuid = table.Column<Guid>(type: "TEXT", nullable: false),
                    ProviderId = table.Column<int>(type: "INTEGER", nullable: false),
                    UserId = table.Column<int>(type: "INTEGER", nullable: false),
                    KeptUntil = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_session_clients", x => new { x.SessionUuid, x.ProviderId, x.UserId });
                    table.ForeignKey(
                        name: "FK_session_clients_oauth2_providers_ProviderId",
                        column: x => x.ProviderId,
                        principalTable: "oauth2_providers",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_session_clients_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "remembered_tokens",
                columns: table => new
                {
                    Hash = table.Column<string>(type: "TEXT", nullable: false),
                    SessionId = table.Column<string>(type: "TEXT", nullable: false),
                    FirstUsedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    ReplacedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_remembered_tokens", x => x.Hash);
                    table.ForeignKey(
                        name: "FK_remembered_tokens_authenticated_sessions_SessionId",
                        column: x => x.SessionId,
                        principalTable: "authenticated_sessions",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "static_codes",
                columns: table => new
                {
                    DeviceId = table.Column<int>(type: "INTEGER", nullable: false),
                    Hash = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_static_codes", x => new { x.DeviceId, x.Hash });
                    table.ForeignKey(
                        name: "FK_static_codes_static_devices_DeviceId",
                        column: x => x.DeviceId,
                        principalTable: "static_devices",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "notification_deliveries",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    EventId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Severity = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    TransportId = table.Column<Guid>(type: "TEXT", nullable: false),
                    UserId = table.Column<int>(type: "INTEGER", nullable: true),
                    DueAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Attempts = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_notification_deliveries", x => x.Id);
                    table.ForeignKey(
                        name: "FK_notification_deliveries_notification_transports_TransportId",
                        column: x => x.TransportId,
                        principalTable: "notification_transports",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_notification_deliveries_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "authorization_codes",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Hash = table.Column<string>(type: "TEXT", nullable: false),
                    GrantId = table.Column<Guid>(type: "TEXT", nullable: false),
                    ProviderId = table.Column<int>(type: "INTEGER", nullable: false),
                    RedirectUri = table.Column<string>(type: "TEXT", nullable: false),
                    CodeChallenge = table.Column<string>(type: "TEXT", nullable: true),
                    CodeChallengeMethod = table.Column<string>(type: "TEXT", nullable: true),
                    KeyThumbprint = table.Column<string>(type: "TEXT", nullable: true),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UsedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_authorization_codes", x => x.Id);
                    table.ForeignKey(
                        name: "FK_authorization_codes_oauth_grants_GrantId",
                        column: x => x.GrantId,
                        principalTable: "oauth_grants",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "device_codes",
                columns: table => new
                {
                    Hash = table.Column<string>(type: "TEXT", nullable: false),
                    UserCodeHash = table.Column<string>(type: "TEXT", nullable: false),
                    ProviderId = table.Column<int>(type: "INTEGER", nullable: false),
                    Scopes = table.Column<string>(type: "TEXT", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Interval = table.Column<int>(type: "INTEGER", nullable: false),
                    NextPollAt = table.Column<long>(type: "INTEGER", nullable: false),
                    GrantId = table.Column<Guid>(type: "TEXT", nullable: true),
                    UsedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_device_codes", x => x.Hash);
                    table.ForeignKey(
                        name: "FK_device_codes_oauth2_providers_ProviderId",
                        column: x => x.ProviderId,
                        principalTable: "oauth2_providers",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_device_codes_oauth_grants_GrantId",
                        column: x => x.GrantId,
                        principalTable: "oauth_grants",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "oauth_tokens",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Hash = table.Column<string>(type: "TEXT", nullable: false),
                    Kind = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    GrantId = table.Column<Guid>(type: "TEXT", nullable: false),
                    ProviderId = table.Column<int>(type: "INTEGER", nullable: false),
                    Scopes = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UsedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    RevokedAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_oauth_tokens", x => x.Id);
                    table.ForeignKey(
                        name: "FK_oauth_tokens_oauth_grants_GrantId",
                        column: x => x.GrantId,
                        principalTable: "oauth_grants",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "application_entitlements",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    ApplicationId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    AttributesJson = table.Column<string>(type: "TEXT", nullable: false),
                    Version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_application_entitlements", x => x.Id);
                    table.ForeignKey(
                        name: "FK_application_entitlements_provider_applications_ApplicationId",
                        column: x => x.ApplicationId,
                        principalTable: "provider_applications",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "user_consents",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    UserId = table.Column<int>(type: "INTEGER", nullable: false),
                    ApplicationId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Scopes = table.Column<string>(type: "TEXT", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_consents", x => x.Id);
                    table.ForeignKey(
                        name: "FK_user_consents_provider_applications_ApplicationId",
                        column: x => x.ApplicationId,
                        principalTable: "provider_applications",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_user_consents_users_UserId",
                        column: x => x.UserId,
                        principalTable: "users",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_access_credentials_CredentialId",
                table: "access_credentials",
                column: "CredentialId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_access_credentials_UserId",
                table: "access_credentials",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_access_lists_Name",
                table: "access_lists",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_access_sessions_BegunBy",
                table: "access_sessions",
                column: "BegunBy");

            migrationBuilder.CreateIndex(
                name: "IX_access_sessions_ForgetAt",
                table: "access_sessions",
                column: "ForgetAt");

            migrationBuilder.CreateIndex(
                name: "IX_access_sessions_LoginMethodId_ProviderSession",
                table: "access_sessions",
                columns: new[] { "LoginMethodId", "ProviderSession" });

            migrationBuilder.CreateIndex(
                name: "IX_access_sessions_LoginMethodId_Subject",
                table: "access_sessions",
                columns: new[] { "LoginMethodId", "Subject" });

            migrationBuilder.CreateIndex(
                name: "IX_access_sessions_ParentNonce",
                table: "access_sessions",
                column: "ParentNonce");

            migrationBuilder.CreateIndex(
                name: "IX_access_sessions_UserId",
                table: "access_sessions",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_access_totps_UserId",
                table: "access_totps",
                column: "UserId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_access_users_Email",
                table: "access_users",
                column: "Email",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_api_tokens_ExpiresAt",
                table: "api_tokens",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_api_tokens_Identifier",
                table: "api_tokens",
                column: "Identifier",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_api_tokens_KeyHash",
                table: "api_tokens",
                column: "KeyHash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_api_tokens_UserId",
                table: "api_tokens",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_app_policies_PolicyId",
                table: "app_policies",
                column: "PolicyId");

            migrationBuilder.CreateIndex(
                name: "IX_application_entitlements_ApplicationId_Name",
                table: "application_entitlements",
                columns: new[] { "ApplicationId", "Name" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_approval_requests_AppId",
                table: "approval_requests",
                column: "AppId");

            migrationBuilder.CreateIndex(
                name: "IX_approval_requests_Email_AppId_PolicyId",
                table: "approval_requests",
                columns: new[] { "Email", "AppId", "PolicyId" });

            migrationBuilder.CreateIndex(
                name: "IX_approval_requests_ExpiresAt",
                table: "approval_requests",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_approval_requests_PolicyId",
                table: "approval_requests",
                column: "PolicyId");

            migrationBuilder.CreateIndex(
                name: "IX_apps_Aud",
                table: "apps",
                column: "Aud",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_apps_SsoId",
                table: "apps",
                column: "SsoId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_authenticated_sessions_ExpiresAt",
                table: "authenticated_sessions",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_authenticated_sessions_ImpersonatedUserId",
                table: "authenticated_sessions",
                column: "ImpersonatedUserId");

            migrationBuilder.CreateIndex(
                name: "IX_authenticated_sessions_UserId",
                table: "authenticated_sessions",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_authenticated_sessions_Uuid",
                table: "authenticated_sessions",
                column: "Uuid",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_authorization_codes_ExpiresAt",
                table: "authorization_codes",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_authorization_codes_GrantId",
                table: "authorization_codes",
                column: "GrantId");

            migrationBuilder.CreateIndex(
                name: "IX_authorization_codes_Hash",
                table: "authorization_codes",
                column: "Hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_blueprints_Name",
                table: "blueprints",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_brands_Domain",
                table: "brands",
                column: "Domain",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_burnt_codes_ExpiresAt",
                table: "burnt_codes",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_client_authorities_Fingerprint",
                table: "client_authorities",
                column: "Fingerprint",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_decisions_AppId_At",
                table: "decisions",
                columns: new[] { "AppId", "At" });

            migrationBuilder.CreateIndex(
                name: "IX_decisions_At",
                table: "decisions",
                column: "At");

            migrationBuilder.CreateIndex(
                name: "IX_decisions_Email_At",
                table: "decisions",
                columns: new[] { "Email", "At" });

            migrationBuilder.CreateIndex(
                name: "IX_device_codes_ExpiresAt",
                table: "device_codes",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_device_codes_GrantId",
                table: "device_codes",
                column: "GrantId");

            migrationBuilder.CreateIndex(
                name: "IX_device_codes_ProviderId",
                table: "device_codes",
                column: "ProviderId");

            migrationBuilder.CreateIndex(
                name: "IX_device_codes_UserCodeHash",
                table: "device_codes",
                column: "UserCodeHash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_dns_records_Name",
                table: "dns_records",
                column: "Name");

            migrationBuilder.CreateIndex(
                name: "IX_events_Action_CreatedAt",
                table: "events",
                columns: new[] { "Action", "CreatedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_events_CreatedAt",
                table: "events",
                column: "CreatedAt");

            migrationBuilder.CreateIndex(
                name: "IX_events_ExpiresAt",
                table: "events",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_events_TargetKey",
                table: "events",
                column: "TargetKey");

            migrationBuilder.CreateIndex(
                name: "IX_events_UserId",
                table: "events",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_events_unjudged",
                table: "events",
                column: "Id",
                filter: "NOT \"IsJudged\"");

            migrationBuilder.CreateIndex(
                name: "IX_flow_plans_ExpiresAt",
                table: "flow_plans",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_flow_stage_bindings_FlowId_StageId_Order",
                table: "flow_stage_bindings",
                columns: new[] { "FlowId", "StageId", "Order" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_flow_stage_bindings_StageId",
                table: "flow_stage_bindings",
                column: "StageId");

            migrationBuilder.CreateIndex(
                name: "IX_flow_tokens_ExpiresAt",
                table: "flow_tokens",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_flow_tokens_FlowId",
                table: "flow_tokens",
                column: "FlowId");

            migrationBuilder.CreateIndex(
                name: "IX_flow_tokens_Slot",
                table: "flow_tokens",
                column: "Slot",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_flow_tokens_UserId",
                table: "flow_tokens",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_flows_Slug",
                table: "flows",
                column: "Slug",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_group_members_UserId",
                table: "group_members",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_group_parents_ParentId",
                table: "group_parents",
                column: "ParentId");

            migrationBuilder.CreateIndex(
                name: "IX_groups_Name",
                table: "groups",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_groups_Number",
                table: "groups",
                column: "Number",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_held_connections_NodeId",
                table: "held_connections",
                column: "NodeId");

            migrationBuilder.CreateIndex(
                name: "IX_held_connections_TunnelId",
                table: "held_connections",
                column: "TunnelId");

            migrationBuilder.CreateIndex(
                name: "IX_identity_policies_Name",
                table: "identity_policies",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_invitations_CreatedById",
                table: "invitations",
                column: "CreatedById");

            migrationBuilder.CreateIndex(
                name: "IX_invitations_ExpiresAt",
                table: "invitations",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_invitations_FlowId",
                table: "invitations",
                column: "FlowId");

            migrationBuilder.CreateIndex(
                name: "IX_key_pairs_Kid",
                table: "key_pairs",
                column: "Kid",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_key_pairs_Name",
                table: "key_pairs",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_logout_notices_NextAt",
                table: "logout_notices",
                column: "NextAt");

            migrationBuilder.CreateIndex(
                name: "IX_logout_notices_ProviderId",
                table: "logout_notices",
                column: "ProviderId");

            migrationBuilder.CreateIndex(
                name: "IX_notification_deliveries_DueAt",
                table: "notification_deliveries",
                column: "DueAt");

            migrationBuilder.CreateIndex(
                name: "IX_notification_deliveries_TransportId",
                table: "notification_deliveries",
                column: "TransportId");

            migrationBuilder.CreateIndex(
                name: "IX_notification_deliveries_UserId",
                table: "notification_deliveries",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_notification_rules_GroupId",
                table: "notification_rules",
                column: "GroupId");

            migrationBuilder.CreateIndex(
                name: "IX_notification_rules_Name",
                table: "notification_rules",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_notification_transports_AuthorityId",
                table: "notification_transports",
                column: "AuthorityId");

            migrationBuilder.CreateIndex(
                name: "IX_notification_transports_BodyMappingId",
                table: "notification_transports",
                column: "BodyMappingId");

            migrationBuilder.CreateIndex(
                name: "IX_notification_transports_HeaderMappingId",
                table: "notification_transports",
                column: "HeaderMappingId");

            migrationBuilder.CreateIndex(
                name: "IX_notification_transports_Name",
                table: "notification_transports",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_notifications_UserId_CreatedAt",
                table: "notifications",
                columns: new[] { "UserId", "CreatedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_oauth2_providers_ClientId",
                table: "oauth2_providers",
                column: "ClientId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_oauth2_providers_EncryptionKeyId",
                table: "oauth2_providers",
                column: "EncryptionKeyId");

            migrationBuilder.CreateIndex(
                name: "IX_oauth2_providers_Name",
                table: "oauth2_providers",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_oauth2_providers_SigningKeyId",
                table: "oauth2_providers",
                column: "SigningKeyId");

            migrationBuilder.CreateIndex(
                name: "IX_oauth_grants_ExpiresAt",
                table: "oauth_grants",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_oauth_grants_ImpersonatorId",
                table: "oauth_grants",
                column: "ImpersonatorId");

            migrationBuilder.CreateIndex(
                name: "IX_oauth_grants_ProviderId",
                table: "oauth_grants",
                column: "ProviderId");

            migrationBuilder.CreateIndex(
                name: "IX_oauth_grants_SessionId",
                table: "oauth_grants",
                column: "SessionId");

            migrationBuilder.CreateIndex(
                name: "IX_oauth_grants_UserId",
                table: "oauth_grants",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_oauth_tokens_ExpiresAt",
                table: "oauth_tokens",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_oauth_tokens_GrantId",
                table: "oauth_tokens",
                column: "GrantId");

            migrationBuilder.CreateIndex(
                name: "IX_oauth_tokens_Hash",
                table: "oauth_tokens",
                column: "Hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_one_time_links_UserId",
                table: "one_time_links",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_one_time_pins_Email_CreatedAt",
                table: "one_time_pins",
                columns: new[] { "Email", "CreatedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_one_time_pins_ExpiresAt",
                table: "one_time_pins",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_one_time_pins_Network_CreatedAt",
                table: "one_time_pins",
                columns: new[] { "Network", "CreatedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_past_passwords_UserId_ReplacedAt",
                table: "past_passwords",
                columns: new[] { "UserId", "ReplacedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_policy_bindings_GroupId",
                table: "policy_bindings",
                column: "GroupId");

            migrationBuilder.CreateIndex(
                name: "IX_policy_bindings_PolicyId",
                table: "policy_bindings",
                column: "PolicyId");

            migrationBuilder.CreateIndex(
                name: "IX_policy_bindings_TargetId_Order",
                table: "policy_bindings",
                columns: new[] { "TargetId", "Order" });

            migrationBuilder.CreateIndex(
                name: "IX_policy_bindings_UserId",
                table: "policy_bindings",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_policy_tests_ExpiresAt",
                table: "policy_tests",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_prompt_fields_Name",
                table: "prompt_fields",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_provider_applications_ProviderId",
                table: "provider_applications",
                column: "ProviderId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_provider_applications_Slug",
                table: "provider_applications",
                column: "Slug",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_public_hostnames_Hostname",
                table: "public_hostnames",
                column: "Hostname",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_pushed_requests_ExpiresAt",
                table: "pushed_requests",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_pushed_requests_ProviderId",
                table: "pushed_requests",
                column: "ProviderId");

            migrationBuilder.CreateIndex(
                name: "IX_registration_rules_ProviderId",
                table: "registration_rules",
                column: "ProviderId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_remembered_proofs_At",
                table: "remembered_proofs",
                column: "At");

            migrationBuilder.CreateIndex(
                name: "IX_remembered_proofs_AuthenticatorId",
                table: "remembered_proofs",
                column: "AuthenticatorId");

            migrationBuilder.CreateIndex(
                name: "IX_remembered_proofs_UserId",
                table: "remembered_proofs",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_remembered_tokens_SessionId",
                table: "remembered_tokens",
                column: "SessionId");

            migrationBuilder.CreateIndex(
                name: "IX_reputations_ExpiresAt",
                table: "reputations",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_reputations_Identifier_Ip",
                table: "reputations",
                columns: new[] { "Identifier", "Ip" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_reputations_Ip",
                table: "reputations",
                column: "Ip");

            migrationBuilder.CreateIndex(
                name: "IX_rule_groups_Name",
                table: "rule_groups",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_scope_mappings_Managed",
                table: "scope_mappings",
                column: "Managed",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_scope_mappings_Name",
                table: "scope_mappings",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_scoped_tokens_KeyHash",
                table: "scoped_tokens",
                column: "KeyHash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_scoped_tokens_UserId",
                table: "scoped_tokens",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_service_tokens_ClientId",
                table: "service_tokens",
                column: "ClientId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_session_clients_KeptUntil",
                table: "session_clients",
                column: "KeptUntil");

            migrationBuilder.CreateIndex(
                name: "IX_session_clients_ProviderId",
                table: "session_clients",
                column: "ProviderId");

            migrationBuilder.CreateIndex(
                name: "IX_session_clients_UserId",
                table: "session_clients",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_spent_challenges_ExpiresAt",
                table: "spent_challenges",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_stages_Name",
                table: "stages",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_static_devices_EnrolmentId",
                table: "static_devices",
                column: "EnrolmentId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_static_devices_UserId",
                table: "static_devices",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_totp_devices_EnrolmentId",
                table: "totp_devices",
                column: "EnrolmentId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_totp_devices_UserId",
                table: "totp_devices",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_tunnels_Name",
                table: "tunnels",
                column: "Name",
                unique: true,
                filter: "\"DeletedAt\" IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_used_proofs_ExpiresAt",
                table: "used_proofs",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_user_consents_ApplicationId",
                table: "user_consents",
                column: "ApplicationId");

            migrationBuilder.CreateIndex(
                name: "IX_user_consents_UserId_ApplicationId",
                table: "user_consents",
                columns: new[] { "UserId", "ApplicationId" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_users_Email",
                table: "users",
                column: "Email");

            migrationBuilder.CreateIndex(
                name: "IX_users_UsernameKey",
                table: "users",
                column: "UsernameKey",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_users_Uuid",
                table: "users",
                column: "Uuid",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_webauthn_devices_CredentialId",
                table: "webauthn_devices",
                column: "CredentialId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_webauthn_devices_UserId",
                table: "webauthn_devices",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_webhook_mappings_Name",
                table: "webhook_mappings",
                column: "Name",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "access_credentials");

            migrationBuilder.DropTable(
                name: "access_keys");

            migrationBuilder.DropTable(
                name: "access_lists");

            migrationBuilder.DropTable(
                name: "access_sessions");

            migrationBuilder.DropTable(
                name: "access_totps");

            migrationBuilder.DropTable(
                name: "api_tokens");

            migrationBuilder.DropTable(
                name: "app_policies");

            migrationBuilder.DropTable(
                name: "app_tags");

            migrationBuilder.DropTable(
                name: "application_entitlements");

            migrationBuilder.DropTable(
                name: "approval_requests");

            migrationBuilder.DropTable(
                name: "authorization_codes");

            migrationBuilder.DropTable(
                name: "blueprints");

            migrationBuilder.DropTable(
                name: "brands");

            migrationBuilder.DropTable(
                name: "burnt_codes");

            migrationBuilder.DropTable(
                name: "client_authorities");

            migrationBuilder.DropTable(
                name: "client_certificate_settings");

            migrationBuilder.DropTable(
                name: "custom_pages");

            migrationBuilder.DropTable(
                name: "decisions");

            migrationBuilder.DropTable(
                name: "device_codes");

            migrationBuilder.DropTable(
                name: "dns_records");

            migrationBuilder.DropTable(
                name: "events");

            migrationBuilder.DropTable(
                name: "flow_plans");

            migrationBuilder.DropTable(
                name: "flow_stage_bindings");

            migrationBuilder.DropTable(
                name: "flow_tokens");

            migrationBuilder.DropTable(
                name: "group_members");

            migrationBuilder.DropTable(
                name: "group_parents");

            migrationBuilder.DropTable(
                name: "held_connections");

            migrationBuilder.DropTable(
                name: "invitations");

            migrationBuilder.DropTable(
                name: "login_methods");

            migrationBuilder.DropTable(
                name: "logout_notices");

            migrationBuilder.DropTable(
                name: "notification_deliveries");

            migrationBuilder.DropTable(
                name: "notification_rules");

            migrationBuilder.DropTable(
                name: "notifications");

            migrationBuilder.DropTable(
                name: "oauth_tokens");

            migrationBuilder.DropTable(
                name: "one_time_links");

            migrationBuilder.DropTable(
                name: "one_time_pins");

            migrationBuilder.DropTable(
                name: "organizations");

            migrationBuilder.DropTable(
                name: "past_passwords");

            migrationBuilder.DropTable(
                name: "policy_bindings");

            migrationBuilder.DropTable(
                name: "policy_tests");

            migrationBuilder.DropTable(
                name: "prompt_fields");

            migrationBuilder.DropTable(
                name: "public_hostnames");

            migrationBuilder.DropTable(
                name: "pushed_requests");

            migrationBuilder.DropTable(
                name: "registration_rules");

            migrationBuilder.DropTable(
                name: "remembered_proofs");

            migrationBuilder.DropTable(
                name: "remembered_tokens");

            migrationBuilder.DropTable(
                name: "reputations");

            migrationBuilder.DropTable(
                name: "revisions");

            migrationBuilder.DropTable(
                name: "rule_groups");

            migrationBuilder.DropTable(
                name: "scope_mappings");

            migrationBuilder.DropTable(
                name: "scoped_tokens");

            migrationBuilder.DropTable(
                name: "sealed_secrets");

            migrationBuilder.DropTable(
                name: "service_tokens");

            migrationBuilder.DropTable(
                name: "session_clients");

            migrationBuilder.DropTable(
                name: "settings");

            migrationBuilder.DropTable(
                name: "spent_challenges");

            migrationBuilder.DropTable(
                name: "static_codes");

            migrationBuilder.DropTable(
                name: "totp_devices");

            migrationBuilder.DropTable(
                name: "tunnel_configurations");

            migrationBuilder.DropTable(
                name: "used_proofs");

            migrationBuilder.DropTable(
                name: "user_consents");

            migrationBuilder.DropTable(
                name: "webauthn_devices");

            migrationBuilder.DropTable(
                name: "apps");

            migrationBuilder.DropTable(
                name: "policies");

            migrationBuilder.DropTable(
                name: "stages");

            migrationBuilder.DropTable(
                name: "edge_nodes");

            migrationBuilder.DropTable(
                name: "flows");

            migrationBuilder.DropTable(
                name: "notification_transports");

            migrationBuilder.DropTable(
                name: "oauth_grants");

            migrationBuilder.DropTable(
                name: "groups");

            migrationBuilder.DropTable(
                name: "identity_policies");

            migrationBuilder.DropTable(
                name: "access_users");

            migrationBuilder.DropTable(
                name: "authenticated_sessions");

            migrationBuilder.DropTable(
                name: "static_devices");

            migrationBuilder.DropTable(
                name: "tunnels");

            migrationBuilder.DropTable(
                name: "provider_applications");

            migrationBuilder.DropTable(
                name: "webhook_mappings");

            migrationBuilder.DropTable(
                name: "users");

            migrationBuilder.DropTable(
                name: "oauth2_providers");

            migrationBuilder.DropTable(
                name: "key_pairs");
        }
    }
}
