using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Model.Brands;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Identity.Oidc;

/// <summary>The rows of the tests: two confidential clients, a public one, ada with a group.</summary>
internal sealed class Seed
{
    public const string ClientId = "client-a";
    public const string ClientSecret = "secret a:%+&=/ with odd characters 0123456789";
    public const string OtherClientId = "client-b";
    public const string OtherClientSecret = "secret of b, long enough for HS256 too";
    public const string PublicClientId = "client-public";
    public const string RedirectUri = "https://rp.test/cb";
    public const string LogoutUri = "https://rp.test/bye";
    public const string InstallId = "0123456789abcdef";

    private static readonly byte[] PrivateKey = MakeKey(out Certificate);
    private static readonly string Certificate;

    public int AdaId { get; private set; }

    public int BobId { get; private set; }

    public Guid KeyPairId { get; } = Guid.CreateVersion7();

    public Guid ImplicitFlowId { get; } = Guid.CreateVersion7();

    public Guid ExplicitFlowId { get; } = Guid.CreateVersion7();

    public Guid DeviceFlowId { get; } = Guid.CreateVersion7();

    public Guid LogoutFlowId { get; } = Guid.CreateVersion7();

    public Guid ApplicationId { get; } = Guid.CreateVersion7();

    public List<Guid> Mappings { get; } = [];

    /// <summary>The public key, PEM; what an attacker of algorithms has.</summary>
    public static string PublicKeyPem
    {
        get
        {
            using var certificate = X509Certificate2.CreateFromPem(Certificate);
            using var rsa = certificate.GetRSAPublicKey()!;
            return rsa.ExportSubjectPublicKeyInfoPem();
        }
    }

    public static RSA OpenKey()
    {
        var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(PrivateKey, out _);
        return rsa;
    }

    public static async Task<Seed> InsertAsync(TestDatabase database, ISecretBox box, FakeClock clock)
    {
        var seed = new Seed();
        await using var db = database.CreateDbContext();
        db.Settings.Add(new Setting { Name = "install_id", Value = InstallId });
        db.KeyPairs.Add(new KeyPair
        {
            Id = seed.KeyPairId,
            Name = "key",
            Kid = "kid-1",
            CertificatePem = Certificate,
            SealedPrivateKey = box.Seal(PrivateKey, SecretPurposes.KeyPairPrivateKey),
            CreatedAt = clock.GetUtcNow(),
        });
        seed.AddFlows(db);
        seed.AddMappings(db);
        await seed.AddPeopleAsync(db);
        await seed.AddClientsAsync(db, box);
        return seed;
    }

    private void AddFlows(GatehouseDb db)
    {
        Add(Guid.CreateVersion7(), "default-authentication-flow", "authentication", "none", null);
        Add(ImplicitFlowId, "default-provider-authorization-implicit-consent", "authorization", "require_authenticated", null);
        Add(ExplicitFlowId, "default-provider-authorization-explicit-consent", "authorization", "require_authenticated", StageType.Consent);
        Add(DeviceFlowId, "default-device-code-flow", "stage_configuration", "require_authenticated", StageType.DeviceCode);
        db.Brands.Add(new Brand { Id = Guid.CreateVersion7(), Domain = "authentik-default", IsDefault = true, DeviceCodeFlowId = DeviceFlowId, DefaultApplicationId = ApplicationId });
        Add(LogoutFlowId, "default-invalidation-flow", "invalidation", "none", StageType.UserLogout);

        void Add(Guid id, string slug, string designation, string authentication, StageType? stage)
        {
            var flow = new Flow { Id = id, Slug = slug, Name = slug, Title = slug, Designation = designation, Authentication = authentication };
            if (stage is { } type)
            {
                var added = new Stage { Id = Guid.CreateVersion7(), Name = slug, Type = type, SettingsJson = """{"mode":"expiring"}""" };
                db.Stages.Add(added);
                flow.Bindings.Add(new FlowStageBinding { Id = Guid.CreateVersion7(), FlowId = id, StageId = added.Id, Order = 0 });
            }

            db.Flows.Add(flow);
        }
    }

    private void AddMappings(GatehouseDb db)
    {
        (string Scope, string Managed, string Text)[] shipped =
        [
            ("openid", ScopeNames.ManagedOpenId, ""),
            ("email", ScopeNames.ManagedEmail, "Email address"),
            ("profile", ScopeNames.ManagedProfile, "General profile"),
            ("offline_access", ScopeNames.ManagedOfflineAccess, "Access without you"),
        ];
        foreach (var (scope, managed, text) in shipped)
        {
            var mapping = new ScopeMapping { Id = Guid.CreateVersion7(), Name = scope, ScopeName = scope, Managed = managed, Description = text };
            db.ScopeMappings.Add(mapping);
            Mappings.Add(mapping.Id);
        }
    }

    private async Task AddPeopleAsync(GatehouseDb db)
    {
        var ada = new User { Uuid = Guid.CreateVersion7(), Username = "ada", UsernameKey = "ada", Name = "Ada Lovelace", Email = "ada@example.test", AttributesJson = """{"upn":"ada@corp"}""" };
        var bob = new User { Uuid = Guid.CreateVersion7(), Username = "bob", UsernameKey = "bob", Name = "Bob", Email = "bob@example.test" };
        db.Users.AddRange(ada, bob);
        await db.SaveChangesAsync(OidcHost.Stop);
        (AdaId, BobId) = (ada.Id, bob.Id);

        var inner = new Group { Id = Guid.CreateVersion7(), Number = 1, Name = "engineers" };
        var outer = new Group { Id = Guid.CreateVersion7(), Number = 2, Name = "staff" };
        inner.Members.Add(new GroupMember { GroupId = inner.Id, UserId = ada.Id });
        inner.Parents.Add(new GroupParent { ChildId = inner.Id, ParentId = outer.Id });
        db.Groups.AddRange(inner, outer);
    }

    private async Task AddClientsAsync(GatehouseDb db, ISecretBox box)
    {
        (string Name, string Id, ClientType Type, string Secret)[] clients =
        [
            ("a", ClientId, ClientType.Confidential, ClientSecret),
            ("b", OtherClientId, ClientType.Confidential, OtherClientSecret),
            ("public", PublicClientId, ClientType.Public, ""),
        ];
        foreach (var (name, id, type, secret) in clients)
        {
            var provider = new OAuth2Provider
            {
                Name = name,
                ClientId = id,
                ClientType = type,
                SealedClientSecret = box.Seal(Encoding.UTF8.GetBytes(secret), SecretPurposes.OAuth2ProviderClientSecret),
                RedirectUris = [new(MatchingMode.Strict, RedirectUri, RedirectUriType.Authorization), new(MatchingMode.Strict, LogoutUri, RedirectUriType.Logout)],
                SigningKeyId = KeyPairId,
                AuthorizationFlowId = ImplicitFlowId,
                InvalidationFlowId = ImplicitFlowId,
                ScopeMappingIds = Mappings,
            };
            db.Providers.Add(provider);
            await db.SaveChangesAsync(OidcHost.Stop);
            db.ProviderApplications.Add(new ProviderApplication { Id = name == "a" ? ApplicationId : Guid.CreateVersion7(), Slug = $"app-{name}", Name = $"App {name}", ProviderId = provider.Id });
        }

        await db.SaveChangesAsync(OidcHost.Stop);
    }

    private static byte[] MakeKey(out string certificate)
    {
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=test", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2036, 1, 1, 0, 0, 0, TimeSpan.Zero));
        certificate = made.ExportCertificatePem();
        return rsa.ExportPkcs8PrivateKey();
    }
}
