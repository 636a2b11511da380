using Gatehouse.Model.Hosts;
using Gatehouse.Model.Providers;

namespace Gatehouse.Identity.Oidc.Clients;

/// <summary>A provider with what belongs to it, as one request sees it.</summary>
internal sealed class Client
{
    public required OAuth2Provider Provider { get; init; }

    /// <summary>Null means nobody can sign in through it: without an application it has no issuer.</summary>
    public ClientApplication? Application { get; init; }

    /// <summary>Null means HS256 with the client secret.</summary>
    public SigningKeyName? SigningKey { get; init; }

    /// <summary>The scopes it offers, by name.</summary>
    public required IReadOnlyList<ClientScope> Scopes { get; init; }

    /// <summary>The exact issuer; null without an application.</summary>
    public string? Issuer(PublicUrls urls) => Application is null
        ? null
        : Issuers.Of(urls, Provider.IssuerMode, Application.Slug);

    /// <summary>Whether <paramref name="scope"/> is offered. <c>openid</c> always is: discovery says so.</summary>
    public bool Offers(string scope)
    {
        if (scope == ScopeNames.OpenId)
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
internal sealed record ClientApplication(Guid Id, string Slug, string Name);

/// <summary>Which key signs, in which version of it: enough to know whether the opened one in memory is still right.</summary>
internal sealed record SigningKeyName(Guid Id, int Version);

/// <summary>A scope mapping of a provider.</summary>
internal sealed record ClientScope(string Name, string? Managed, string Description);
