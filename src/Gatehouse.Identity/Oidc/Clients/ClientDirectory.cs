using Gatehouse.Model.Providers;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.Oidc.Clients;

/// <summary>Finds clients. The one place that reads providers for OAuth, so the one place that would cache them.</summary>
internal sealed class ClientDirectory(GatehouseDb db)
{
    /// <summary>The client with this <c>client_id</c>, byte for byte.</summary>
    public Task<Client?> FindAsync(string clientId, CancellationToken cancellationToken) =>
        IsPlain(clientId)
            ? LoadAsync(db.Providers.Where(p => p.ClientId == clientId), cancellationToken)
            : Task.FromResult<Client?>(null);

    /// <summary>The client of the application with this slug.</summary>
    public Task<Client?> FindBySlugAsync(string slug, CancellationToken cancellationToken) =>
        IsPlain(slug)
            ? LoadAsync(db.Providers.Where(p => db.ProviderApplications.Any(a => a.ProviderId == p.Id && a.Slug == slug)), cancellationToken)
            : Task.FromResult<Client?>(null);

    /// <summary>The client with this key.</summary>
    public Task<Client?> FindAsync(int providerId, CancellationToken cancellationToken) =>
        LoadAsync(db.Providers.Where(p => p.Id == providerId), cancellationToken);

    // PostgreSQL refuses NUL in text with an error; no id of ours holds a control character.
    private static bool IsPlain(string text) => text.Length is > 0 and <= 255 && !text.Any(char.IsControl);

    private async Task<Client?> LoadAsync(IQueryable<OAuth2Provider> providers, CancellationToken cancellationToken)
    {
        var found = await (
            from provider in providers.AsNoTracking()
            join application in db.ProviderApplications on (int?)provider.Id equals application.ProviderId into applications
            from application in applications.DefaultIfEmpty()
            join pair in db.KeyPairs on provider.SigningKeyId equals (Guid?)pair.Id into pairs
            from pair in pairs.DefaultIfEmpty()
            select new
            {
                provider,
                ApplicationId = (Guid?)application.Id,
                application.Slug,
                application.Name,
                PairId = (Guid?)pair.Id,
                PairVersion = (int?)pair.Version,
            }).SingleOrDefaultAsync(cancellationToken);
        if (found is null)
        {
            return null;
        }

        var ids = found.provider.ScopeMappingIds;
        return new Client
        {
            Provider = found.provider,
            Application = found.ApplicationId is { } id ? new ClientApplication(id, found.Slug, found.Name) : null,
            SigningKey = found.PairId is { } pairId ? new SigningKeyName(pairId, found.PairVersion ?? 0) : null,
            Scopes = ids.Count == 0
                ? []
                : await db.ScopeMappings.Where(m => ids.Contains(m.Id)).OrderBy(m => m.ScopeName)
                    .Select(m => new ClientScope(m.ScopeName, m.Managed, m.Description) { Mapping = m.Name, Expression = m.Expression }).ToListAsync(cancellationToken),
        };
    }
}
