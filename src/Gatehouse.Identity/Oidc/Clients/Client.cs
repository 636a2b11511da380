using System.Text.Json;
using Gatehouse.Identity.Oidc.Proofs;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Identity.Oidc.Clients;

/// <summary>A provider with what belongs to it, as one request sees it.</summary>
internal sealed class Client(ClientEntry entry)
{
    public OAuth2Provider Provider => entry.Provider;

    /// <summary>Null means nobody can sign in through it: without an application it has no issuer.</summary>
    public ClientApplication? Application { get; } =
        entry.Application is { } application ? new ClientApplication(application.Id, application.Slug, application.Name, application.Icon) : null;

    /// <summary>The scopes it offers, by name.</summary>
    public IReadOnlyList<ClientScope> Scopes { get; } = [.. entry.Scopes.Select(s => new ClientScope(s.ScopeName, s.Managed, s.Description) { Mapping = s.Name, Expression = s.Expression })];

    /// <summary>The client secret; empty means that none fits.</summary>
    public ReadOnlyMemory<byte> Secret => entry.Secret;

    /// <summary>Whether clients may register themselves through it; null means not.</summary>
    public RegistrationRule? Registration => entry.Registration;

    /// <summary>It registered that it wants userinfo signed (OpenID Connect Registration §2).</summary>
    public bool WantsSignedUserinfo { get; } = MetadataOf(entry.Provider, "userinfo_signed_response_alg") is not null;

    /// <summary>What it said about itself when it registered; null when it said nothing.</summary>
    public static string? MetadataOf(OAuth2Provider provider, string name)
    {
        if (provider.MetadataJson.Length == 0)
        {
            return null;
        }

        using var metadata = JsonDocument.Parse(provider.MetadataJson);
        return SignedJson.Text(metadata.RootElement, name);
    }

    /// <summary>The key pair of this id, in the version that is stored; null when it is gone.</summary>
    public KeyName? KeyOf(Guid? id) => id is { } known && entry.KeyPairs.TryGetValue(known, out var version) ? new KeyName(known, version) : null;

    /// <summary>The exact issuer; null without an application.</summary>
    public string? Issuer(PublicUrls urls) => Application is null
        ? null
        : Issuers.Of(urls, Provider.IssuerMode, Application.Slug);

    /// <summary>Whether it may use grants of this type.</summary>
    public bool Allows(string grantType) => Provider.GrantTypes.Contains(grantType);

    /// <summary>Whether <paramref name="scope"/> is offered. <c>openid</c> always is: discovery says so.</summary>
    public bool Offers(string scope)
    {
        if (scope == ScopeNames.OpenId)
        {
            return true;
        }

        // The right to register clients needs no mapping: it adds no claims, and the rule's own bindings say who has it.
        if (scope == ScopeNames.Registration && Registration is not null)
        {
            return true;
        }

        foreach (var offered in Scopes)
        {
            if (offered.Name == scope)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>The application of a provider.</summary>
internal sealed record ClientApplication(Guid Id, string Slug, string Name, string Icon);

/// <summary>A key pair in a version of it: enough to know whether the opened one in memory is still right.</summary>
internal sealed record KeyName(Guid Id, int Version);

/// <summary>A scope mapping of a provider.</summary>
internal sealed record ClientScope(string Name, string? Managed, string Description)
{
    /// <summary>Name of the mapping.</summary>
    public string Mapping { get; init; } = "";

    /// <summary>What makes the claims; of shipped mappings their documentation.</summary>
    public string Expression { get; init; } = "";
}
