namespace Gatehouse.Model.Providers;

/// <summary>Lets clients register themselves through a provider (RFC 7591), and says what they get.</summary>
public sealed class RegistrationRule
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>The provider that registrations go through; at most one rule each.</summary>
    public required int ProviderId { get; set; }

    /// <summary>Section on the user's page for the applications that are made.</summary>
    public string ApplicationGroup { get; set; } = "";

    /// <summary>Authorization flow of new clients; null means that of the provider.</summary>
    public Guid? AuthorizationFlowId { get; set; }

    /// <summary>Invalidation flow of new clients; null means that of the provider.</summary>
    public Guid? InvalidationFlowId { get; set; }

    /// <summary>Scope mappings of new clients; empty means those of the provider.</summary>
    public List<Guid> ScopeMappingIds { get; set; } = [];

    /// <summary>Life of their access tokens, as written.</summary>
    public string AccessTokenValidity { get; set; } = "hours=1";

    /// <summary>Life of their refresh tokens, as written.</summary>
    public string RefreshTokenValidity { get; set; } = "days=30";

    /// <summary>Grants they may ask for; empty means <c>authorization_code</c> and <c>refresh_token</c>.</summary>
    public List<string> AllowedGrantTypes { get; set; } = [];

    /// <summary><c>any</c> or <c>all</c>.</summary>
    public string PolicyEngineMode { get; set; } = "any";

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}
