using System.Text;
using Gatehouse.Management.Http;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Providers;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Providers;

/// <summary>A provider with its application and its secret opened. A class, so that it is never printed whole.</summary>
internal sealed class ProviderFacts(OAuth2Provider provider, ProviderApplication? application, string clientSecret, bool hasRegistration)
{
    /// <summary>Whether clients may register themselves through it.</summary>
    public bool HasRegistration => hasRegistration;

    public OAuth2Provider Provider => provider;

    /// <summary>Null means it has none, and so no issuer.</summary>
    public ProviderApplication? Application => application;

    public string ClientSecret => clientSecret;
}

/// <summary>Which providers a list holds; null means any.</summary>
internal sealed class ProviderFilter
{
    public string? Name { get; init; }

    public string? ClientId { get; init; }

    public ClientType? ClientType { get; init; }

    public Guid? ApplicationId { get; init; }

    public bool? HasNoApplication { get; init; }

    public Guid? AuthorizationFlow { get; init; }

    public Guid? AuthenticationFlow { get; init; }

    public Guid? InvalidationFlow { get; init; }

    public Guid? SigningKey { get; init; }

    public Guid? EncryptionKey { get; init; }

    /// <summary>Only those with one of these scope mappings.</summary>
    public IReadOnlyList<Guid> Mappings { get; init; } = [];

    public bool? IncludesClaims { get; init; }

    public string? CodeValidity { get; init; }

    public string? AccessValidity { get; init; }

    public string? RefreshValidity { get; init; }

    /// <summary>Providers that applications have besides their own (SCIM and the like): there are none.</summary>
    public bool? IsBackchannel { get; init; }

    public SubMode? SubMode { get; init; }

    public IssuerMode? IssuerMode { get; init; }

    public string? Search { get; init; }
}

/// <summary>Reads OAuth2 providers.</summary>
internal sealed class ProviderDirectory(GatehouseDb db, ISecretBox secrets)
{
    public async Task<ProviderFacts?> FindAsync(int id, CancellationToken cancellationToken)
    {
        var provider = await db.Providers.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, cancellationToken);
        return provider is null ? null : (await DescribeAsync([provider], cancellationToken))[0];
    }

    public async Task<Slice<ProviderFacts>> ListAsync(
        ProviderFilter filter, Func<IQueryable<OAuth2Provider>, IQueryable<OAuth2Provider>> order, Paging paging, CancellationToken cancellationToken)
    {
        var providers = Apply(db.Providers.AsNoTracking(), filter);
        if (filter.Mappings.Count > 0)
        {
            // A list within the row: those that fit are named to the database.
            var fitting = (await providers.Select(p => new { p.Id, p.ScopeMappingIds }).ToListAsync(cancellationToken)).Where(p => p.ScopeMappingIds.Intersect(filter.Mappings).Any()).Select(p => p.Id).ToList();
            providers = providers.Where(p => fitting.Contains(p.Id));
        }

        var slice = await order(providers).SliceAsync(paging, cancellationToken);
        return new Slice<ProviderFacts>(await DescribeAsync(slice.Items, cancellationToken), slice.Total);
    }

    private IQueryable<OAuth2Provider> Apply(IQueryable<OAuth2Provider> providers, ProviderFilter filter)
    {
        providers = filter.Name is { } name ? providers.Where(p => p.Name == name) : providers;
        providers = filter.ClientId is { } clientId ? providers.Where(p => p.ClientId == clientId) : providers;
        providers = filter.ClientType is { } clientType ? providers.Where(p => p.ClientType == clientType) : providers;
        providers = filter.AuthorizationFlow is { } flow ? providers.Where(p => p.AuthorizationFlowId == flow) : providers;
        providers = filter.SigningKey is { } key ? providers.Where(p => p.SigningKeyId == key) : providers;
        providers = filter.AuthenticationFlow is { } signIn ? providers.Where(p => p.AuthenticationFlowId == signIn) : providers;
        providers = filter.InvalidationFlow is { } signOut ? providers.Where(p => p.InvalidationFlowId == signOut) : providers;
        providers = filter.EncryptionKey is { } cipher ? providers.Where(p => p.EncryptionKeyId == cipher) : providers;
        providers = filter.IncludesClaims is { } includes ? providers.Where(p => p.IncludeClaimsInIdToken == includes) : providers;
        providers = filter.CodeValidity is { } code ? providers.Where(p => p.AccessCodeValidity == code) : providers;
        providers = filter.AccessValidity is { } access ? providers.Where(p => p.AccessTokenValidity == access) : providers;
        providers = filter.RefreshValidity is { } refresh ? providers.Where(p => p.RefreshTokenValidity == refresh) : providers;
        providers = filter.IsBackchannel == true ? providers.Where(_ => false) : providers;
        providers = filter.SubMode is { } subMode ? providers.Where(p => p.SubMode == subMode) : providers;
        providers = filter.IssuerMode is { } issuerMode ? providers.Where(p => p.IssuerMode == issuerMode) : providers;
        providers = filter.ApplicationId is { } application
            ? providers.Where(p => db.ProviderApplications.Any(a => a.ProviderId == p.Id && a.Id == application)) : providers;
        providers = filter.HasNoApplication is { } hasNone
            ? providers.Where(p => db.ProviderApplications.Any(a => a.ProviderId == p.Id) != hasNone) : providers;
        return filter.Search is { Length: > 0 } text ? providers.Search(text, p => p.Name) : providers;
    }

    private async Task<IReadOnlyList<ProviderFacts>> DescribeAsync(IReadOnlyList<OAuth2Provider> providers, CancellationToken cancellationToken)
    {
        var ids = providers.Select(p => (int?)p.Id).ToList();
        var applications = await db.ProviderApplications.AsNoTracking().Where(a => ids.Contains(a.ProviderId)).ToListAsync(cancellationToken);
        var open = await db.RegistrationRules.Where(r => ids.Contains(r.ProviderId)).Select(r => r.ProviderId).ToListAsync(cancellationToken);
        return
        [
            .. providers.Select(p => new ProviderFacts(
                p,
                applications.Find(a => a.ProviderId == p.Id),
                secrets.Open(p.SealedClientSecret, SecretPurposes.OAuth2ProviderClientSecret) is { } bytes ? Encoding.UTF8.GetString(bytes) : "",
                open.Contains(p.Id))),
        ];
    }
}
