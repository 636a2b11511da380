using System.Text.Json.Nodes;
using Gatehouse.Model.Claims;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Providers;

/// <summary>Shows what the ID token of a user would say, and tries out single mappings. Writes nothing and issues nothing.</summary>
internal sealed class PreviewClaims(GatehouseDb db, ClaimsMaker maker, PublicUrls urls, TimeProvider clock)
{
    /// <summary>The claims with all scopes of the provider granted; null when there is no such provider or user.</summary>
    public async Task<JsonObject?> ForUserAsync(int providerId, int userId, CancellationToken cancellationToken)
    {
        if (await db.Providers.AsNoTracking().SingleOrDefaultAsync(p => p.Id == providerId, cancellationToken) is not { } provider
            || await db.PersonAsync(userId, cancellationToken) is not { User: { } user } person)
        {
            return null;
        }

        var application = await db.ProviderApplications.AsNoTracking().SingleOrDefaultAsync(a => a.ProviderId == providerId, cancellationToken);
        person = await db.WithEntitlementsAsync(person, cancellationToken);
        var mappings = await db.ScopeMappings.AsNoTracking().Where(m => provider.ScopeMappingIds.Contains(m.Id)).ToListAsync(cancellationToken);
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = application is null ? "" : provider.IssuerMode == IssuerMode.Global ? urls.Identity + "/" : $"{urls.Identity}/application/o/{application.Slug}/",
            ["sub"] = Subjects.Of(user, provider.SubMode, await db.InstallIdAsync(cancellationToken)),
            ["aud"] = provider.ClientId,
            ["exp"] = now + (long)ValidityPeriod.Parse(provider.AccessTokenValidity).TotalSeconds,
            ["iat"] = now,
            ["auth_time"] = now,
            ["acr"] = "goauthentik.io/providers/oauth2/default",
        };
        maker.Add(claims, mappings.Select(m => new ClaimMapping(m.Name, m.ScopeName, m.Managed, m.Expression)), FactsOf(person, provider, application, mappings));
        return claims;
    }

    /// <summary>Runs one mapping for a user; null for nobody.</summary>
    public async Task<(bool IsSuccessful, string Result)> TryAsync(
        ScopeMapping mapping, int? userId, IReadOnlyDictionary<string, object> context, string? clientIp, CancellationToken cancellationToken)
    {
        var person = userId is { } id ? await db.PersonAsync(id, cancellationToken) : PersonFacts.Nobody;
        var made = new JsonObject();
        if (ShippedClaims.Add(made, mapping.Managed, person, null))
        {
            return (true, made.ToJsonString());
        }

        var nobody = new OAuth2Provider
        {
            Name = "",
            ClientId = "",
            SealedClientSecret = [],
            RedirectUris = [],
            AuthorizationFlowId = default,
            InvalidationFlowId = default,
        };
        var facts = new ClaimsFacts { Person = person, Provider = nobody, Scopes = [mapping.ScopeName], ClientIp = clientIp, Context = context };
        return maker.TryRun(mapping.Expression, facts, out var json, out var fault) ? (true, json?.ToJsonString() ?? "null") : (false, fault ?? "");
    }

    private static ClaimsFacts FactsOf(PersonFacts person, OAuth2Provider provider, ProviderApplication? application, IEnumerable<ScopeMapping> mappings) =>
        new() { Person = person, Provider = provider, Application = application, Scopes = [.. mappings.Select(m => m.ScopeName).Distinct()] };
}
