using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Tokens;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>A grant with all that its tokens are made of.</summary>
internal sealed record GrantedAccess(Client Client, OAuthGrant Grant, Person Person, IReadOnlyList<string> Scopes);

/// <summary>What goes to the client. A class, not a record: a record would print its secrets.</summary>
internal sealed class IssuedTokens
{
    public required string AccessToken { get; init; }

    public required string IdToken { get; init; }

    /// <summary>Null means none is issued, or the one presented stays valid.</summary>
    public string? RefreshToken { get; init; }

    public required TimeSpan Life { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }
}

/// <summary>Makes tokens: the rows that are saved first, then the signed texts.</summary>
internal sealed class TokenIssuer(InstallId install, PublicUrls urls, TimeProvider clock)
{
    /// <summary>The one authentication context class there is; authentik's.</summary>
    public const string Acr = "goauthentik.io/providers/oauth2/default";

    private readonly JsonWebTokenHandler handler = new() { SetDefaultTimesOnTokenCreation = false };

    /// <summary>The row of an access token; <paramref name="jti"/> goes into the token.</summary>
    public OAuthToken AccessRow(Client client, OAuthGrant grant, IReadOnlyList<string> scopes, out string jti)
    {
        jti = Digest.FreshSecret(32);
        return Row(jti, OAuthTokenKind.Access, client, grant, scopes, client.Provider.AccessTokenValidity);
    }

    /// <summary>The row of a refresh token.</summary>
    public OAuthToken RefreshRow(Client client, OAuthGrant grant, IReadOnlyList<string> scopes, out string token)
    {
        token = Digest.FreshSecret(64);
        return Row(token, OAuthTokenKind.Refresh, client, grant, scopes, client.Provider.RefreshTokenValidity);
    }

    /// <summary>Signs the texts. Only after the rows are saved: what a client holds must be known to the house.</summary>
    public async Task<IssuedTokens> SignAsync(Signer signer, GrantedAccess access, string accessJti, string? refreshToken, CancellationToken cancellationToken)
    {
        var life = ValidityPeriod.Parse(access.Client.Provider.AccessTokenValidity);
        var id = await BaseClaimsAsync(access, life, cancellationToken);
        if (access.Client.Provider.IncludeClaimsInIdToken)
        {
            Claims.AddScopeClaims(id, access.Client, access.Scopes, access.Person);
        }

        // The access token says the same, under its own id, and whom and what it is for.
        var accessClaims = (JsonObject)id.DeepClone();
        id["jti"] = Digest.FreshSecret(16);
        accessClaims["jti"] = accessJti;
        accessClaims["azp"] = access.Client.Provider.ClientId;
        accessClaims["uid"] = Digest.FreshSecret(20);
        accessClaims["scope"] = string.Join(' ', access.Scopes);
        return new IssuedTokens
        {
            AccessToken = handler.CreateToken(accessClaims.ToJsonString(), signer.Credentials),
            IdToken = handler.CreateToken(id.ToJsonString(), signer.Credentials),
            RefreshToken = refreshToken,
            Life = life,
            Scopes = access.Scopes,
        };
    }

    /// <summary>The claims that every token of a grant carries.</summary>
    public async ValueTask<JsonObject> BaseClaimsAsync(GrantedAccess access, TimeSpan life, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = access.Client.Issuer(urls),
            ["sub"] = await SubjectAsync(access.Client, access.Person, cancellationToken),
            ["aud"] = access.Client.Provider.ClientId,
            ["exp"] = now + (long)life.TotalSeconds,
            ["iat"] = now,
            ["auth_time"] = access.Grant.AuthenticatedAt.ToUnixTimeSeconds(),
            ["acr"] = Acr,
        };
        if (access.Grant.SessionUuid is { } session)
        {
            claims["sid"] = SessionNames.Of(session);
        }

        if (access.Grant.Amr.Count > 0)
        {
            claims["amr"] = Claims.ArrayOf(access.Grant.Amr);
        }

        if (access.Grant.Nonce is { } nonce)
        {
            claims["nonce"] = nonce;
        }

        return claims;
    }

    /// <summary>The <c>sub</c> of a person at a client.</summary>
    public async ValueTask<string> SubjectAsync(Client client, Person person, CancellationToken cancellationToken) =>
        Subjects.Of(person.User, client.Provider.SubMode, await install.GetAsync(cancellationToken));

    private OAuthToken Row(string secret, OAuthTokenKind kind, Client client, OAuthGrant grant, IReadOnlyList<string> scopes, string validity)
    {
        var now = clock.GetUtcNow();
        return new OAuthToken
        {
            Hash = Digest.Of(secret),
            Kind = kind,
            GrantId = grant.Id,
            ProviderId = client.Provider.Id,
            Scopes = [.. scopes],
            CreatedAt = now,
            ExpiresAt = now + ValidityPeriod.Parse(validity),
        };
    }
}
