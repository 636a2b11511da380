using Gatehouse.Management.Writes;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Providers;

namespace Gatehouse.Management.Providers;

/// <summary>What a caller says about an OAuth2 provider. Absent fields stay as they are; on a new one they take the documented default.</summary>
internal sealed class ProviderFields
{
    public static readonly IReadOnlyList<string> KnownGrantTypes =
    [
        "authorization_code", "implicit", "hybrid", "refresh_token", "client_credentials", "password",
        "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange",
    ];

    public Maybe<string> Name { get; init; }

    public Maybe<ClientType> ClientType { get; init; }

    public Maybe<string> ClientId { get; init; }

    public Maybe<string> ClientSecret { get; init; }

    public Maybe<List<string>> GrantTypes { get; init; }

    public Maybe<List<RedirectUri>> RedirectUris { get; init; }

    public Maybe<string> AccessCodeValidity { get; init; }

    public Maybe<string> AccessTokenValidity { get; init; }

    public Maybe<string> RefreshTokenValidity { get; init; }

    public Maybe<string> RefreshTokenThreshold { get; init; }

    public Maybe<bool> IncludeClaimsInIdToken { get; init; }

    /// <summary>Given as null it means HS256; absent on a new provider it means the default key.</summary>
    public Maybe<Guid?> SigningKey { get; init; }

    public Maybe<Guid?> EncryptionKey { get; init; }

    public Maybe<List<int>> FederatedProviders { get; init; }

    public Maybe<ClientAuthMethod> AuthMethod { get; init; }

    /// <summary>Empty means none.</summary>
    public Maybe<string> Jwks { get; init; }

    public Maybe<bool> RequiresPushedRequests { get; init; }

    public Maybe<bool> RequiresDpop { get; init; }

    public Maybe<SubMode> SubMode { get; init; }

    public Maybe<IssuerMode> IssuerMode { get; init; }

    public Maybe<string> LogoutUri { get; init; }

    public Maybe<LogoutMethod> LogoutMethod { get; init; }

    public Maybe<Guid?> AuthenticationFlow { get; init; }

    public Maybe<Guid> AuthorizationFlow { get; init; }

    public Maybe<Guid> InvalidationFlow { get; init; }

    public Maybe<List<Guid>> ScopeMappings { get; init; }

    /// <summary>Puts the fields into <paramref name="provider"/>, all but the secret.</summary>
    public void ApplyTo(OAuth2Provider provider)
    {
        provider.Name = Name.Or(provider.Name);
        provider.ClientType = ClientType.Or(provider.ClientType);
        provider.ClientId = ClientId.Or(provider.ClientId);
        provider.GrantTypes = GrantTypes.Or(provider.GrantTypes);
        provider.RedirectUris = RedirectUris.Or(provider.RedirectUris);
        provider.AccessCodeValidity = AccessCodeValidity.Or(provider.AccessCodeValidity);
        provider.AccessTokenValidity = AccessTokenValidity.Or(provider.AccessTokenValidity);
        provider.RefreshTokenValidity = RefreshTokenValidity.Or(provider.RefreshTokenValidity);
        provider.RefreshTokenThreshold = RefreshTokenThreshold.Or(provider.RefreshTokenThreshold);
        provider.IncludeClaimsInIdToken = IncludeClaimsInIdToken.Or(provider.IncludeClaimsInIdToken);
        provider.SigningKeyId = SigningKey.Or(provider.SigningKeyId);
        provider.EncryptionKeyId = EncryptionKey.Or(provider.EncryptionKeyId);
        provider.FederatedProviderIds = FederatedProviders.Or(provider.FederatedProviderIds);
        provider.AuthMethod = AuthMethod.Or(provider.AuthMethod);
        provider.Jwks = Jwks.Or(provider.Jwks);
        provider.RequiresPushedRequests = RequiresPushedRequests.Or(provider.RequiresPushedRequests);
        provider.RequiresDpop = RequiresDpop.Or(provider.RequiresDpop);
        provider.SubMode = SubMode.Or(provider.SubMode);
        provider.IssuerMode = IssuerMode.Or(provider.IssuerMode);
        provider.LogoutUri = LogoutUri.Or(provider.LogoutUri);
        provider.LogoutMethod = LogoutMethod.Or(provider.LogoutMethod);
        provider.AuthenticationFlowId = AuthenticationFlow.Or(provider.AuthenticationFlowId);
        provider.AuthorizationFlowId = AuthorizationFlow.Or(provider.AuthorizationFlowId);
        provider.InvalidationFlowId = InvalidationFlow.Or(provider.InvalidationFlowId);
        provider.ScopeMappingIds = ScopeMappings.Or(provider.ScopeMappingIds);
    }

    /// <summary>Rules that need nothing but the fields themselves.</summary>
    public IEnumerable<Fault> Check()
    {
        List<Fault> faults = [];
        Duration("access_code_validity", AccessCodeValidity);
        Duration("access_token_validity", AccessTokenValidity);
        Duration("refresh_token_validity", RefreshTokenValidity);
        Duration("refresh_token_threshold", RefreshTokenThreshold);
        if (GrantTypes.Is(out var grantTypes) && grantTypes.Find(g => !KnownGrantTypes.Contains(g)) is { } unknown)
        {
            faults.Add(new Fault("grant_types", $"\"{unknown}\" is not a valid choice."));
        }

        if (RedirectUris.Is(out var uris))
        {
            faults.AddRange(RedirectUriRules.Check(uris));
        }

        if (Jwks.Is(out var jwks) && jwks.Length > 0 && PublicJwk.ReadSet(jwks, out var keyFault) is null)
        {
            faults.Add(new Fault("jwks", keyFault));
        }

        if (LogoutUri.Is(out var logoutUri) && LogoutUris.Fault(logoutUri) is { } logoutFault)
        {
            faults.Add(new Fault("logout_uri", logoutFault));
        }

        // RFC 6749 appendix A: what both HTTP Basic and forms carry without doubt.
        Printable("client_id", ClientId);
        Printable("client_secret", ClientSecret);
        return faults;

        void Duration(string name, Maybe<string> field)
        {
            if (field.Is(out var text) && !ValidityPeriod.TryParse(text, out _))
            {
                faults.Add(new Fault(name, $"{text} is not in the correct format of 'hours=3;minutes=1'."));
            }
        }

        void Printable(string name, Maybe<string> field)
        {
            if (field.Is(out var text) && text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                faults.Add(new Fault(name, "Only printable ASCII characters are allowed."));
            }
        }
    }
}
