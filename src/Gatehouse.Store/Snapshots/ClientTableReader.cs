using System.Collections.Frozen;
using System.Collections.Immutable;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Snapshots;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Store.Snapshots;

/// <summary>Reads Identity's OAuth clients.</summary>
internal sealed partial class ClientTableReader(IDbContextFactory<GatehouseDb> databases, ISecretBox box, TimeProvider clock, ILogger<ClientTableReader> logger)
    : TableReader<ClientTable>(databases, clock, logger)
{
    private readonly ILogger logger = logger;

    /// <inheritdoc/>
    public override string Topic => Gatehouse.Model.Snapshots.Topic.Identity;

    /// <inheritdoc/>
    protected override async Task<ClientTable> ReadAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var applications = (await db.ProviderApplications.AsNoTracking().Where(a => a.ProviderId != null).ToListAsync(cancellationToken))
            .ToDictionary(a => a.ProviderId!.Value); // as filtered
        var mappings = await db.ScopeMappings.AsNoTracking().OrderBy(m => m.ScopeName).ThenBy(m => m.Name).ToListAsync(cancellationToken);
        var pairs = await db.KeyPairs.AsNoTracking().ToDictionaryAsync(p => p.Id, p => p.Version, cancellationToken);
        var rules = await db.RegistrationRules.AsNoTracking().ToDictionaryAsync(r => r.ProviderId, cancellationToken);
        var providers = await db.Providers.AsNoTracking().ToListAsync(cancellationToken);
        return new ClientTable([.. providers.Select(p => new ClientEntry
        {
            Provider = p,
            Application = applications.GetValueOrDefault(p.Id),
            Scopes = [.. mappings.Where(m => p.ScopeMappingIds.Contains(m.Id))],
            KeyPairs = KeysOf(p).Where(pairs.ContainsKey).Distinct().ToFrozenDictionary(id => id, id => pairs[id]),
            Secret = SecretOf(p),
            Registration = rules.GetValueOrDefault(p.Id),
        })]);
    }

    private static IEnumerable<Guid> KeysOf(OAuth2Provider provider) =>
        provider.FormerKeys.Select(k => (Guid?)k.KeyPairId).Append(provider.SigningKeyId).Append(provider.EncryptionKeyId).OfType<Guid>();

    // One broken row must not keep changes to all others from coming into force; no secret fits it, which is closed.
    private byte[] SecretOf(OAuth2Provider provider)
    {
        if (box.Open(provider.SealedClientSecret, SecretPurposes.OAuth2ProviderClientSecret) is { } secret)
        {
            return secret;
        }

        LogSecretUnreadable(provider.Name, provider.Id);
        return [];
    }

    [LoggerMessage(EventId = 6105, Level = LogLevel.Error, Message = "The client secret of provider '{Name}' ({Id}) does not open with the root key: no secret fits it. Set its secret again")]
    private partial void LogSecretUnreadable(string name, int id);
}
