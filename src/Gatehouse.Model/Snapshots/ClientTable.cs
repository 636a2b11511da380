using System.Collections.Frozen;
using System.Collections.Immutable;
using Gatehouse.Model.Providers;

namespace Gatehouse.Model.Snapshots;

/// <summary>The OAuth clients of Identity with all that belongs to them, immutable: a token request asks the database for none of it.</summary>
public sealed class ClientTable(IEnumerable<ClientEntry> clients)
{
    private readonly FrozenDictionary<int, ClientEntry> byId = clients.ToFrozenDictionary(c => c.Provider.Id);
    private readonly FrozenDictionary<string, ClientEntry> byClientId = clients.ToFrozenDictionary(c => c.Provider.ClientId, StringComparer.Ordinal);

    private readonly FrozenDictionary<string, ClientEntry> bySlug =
        clients.Where(c => c.Application is not null).ToFrozenDictionary(c => c.Application!.Slug, StringComparer.Ordinal); // as filtered

    /// <summary>All of them.</summary>
    public ImmutableArray<ClientEntry> All => byId.Values;

    /// <summary>The client of this provider, or null.</summary>
    public ClientEntry? OfProvider(int id) => byId.GetValueOrDefault(id);

    /// <summary>The client with this <c>client_id</c>, byte for byte, or null.</summary>
    public ClientEntry? OfClientId(string clientId) => byClientId.GetValueOrDefault(clientId);

    /// <summary>The client of the application with this slug, or null.</summary>
    public ClientEntry? OfSlug(string slug) => bySlug.GetValueOrDefault(slug);
}

/// <summary>A client as requests see it. A class, so that its secret is never printed.</summary>
public sealed class ClientEntry
{
    /// <summary>The provider as configured; not to be changed.</summary>
    public required OAuth2Provider Provider { get; init; }

    /// <summary>Its application as configured; null means it has none, and so no issuer.</summary>
    public ProviderApplication? Application { get; init; }

    /// <summary>The scope mappings it offers, by scope.</summary>
    public required ImmutableArray<ScopeMapping> Scopes { get; init; }

    /// <summary>The key pairs it names and that exist, with their versions.</summary>
    public required FrozenDictionary<Guid, int> KeyPairs { get; init; }

    /// <summary>The client secret; empty when it does not open with the root key, and then no secret fits.</summary>
    public required ReadOnlyMemory<byte> Secret { get; init; }

    /// <summary>Whether clients may register themselves through it; null means not.</summary>
    public RegistrationRule? Registration { get; init; }
}
