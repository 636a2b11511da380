using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Claims;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Tokens;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>A grant with all that its tokens are made of.</summary>
internal sealed record GrantedAccess(Client Client, OAuthGrant Grant, Person Person, IReadOnlyList<string> Scopes);

/// <summary>What signs, and what encrypts; null means that nothing does.</summary>
internal sealed record TokenKeys(Signer Signer, TokenCipher? Cipher);

/// <summary>What goes to the client. A class, not a record: a record would print its secrets.</summary>
internal sealed class IssuedTokens
{
    public required string AccessToken { get; init; }

    /// <summary>Null means none is issued.</summary>
    public string? IdToken { get; init; }

    /// <summary>What kind of token was asked for in an exchange (RFC 8693 §2.2.1); null elsewhere.</summary>
    public string? IssuedType { get; init; }

    /// <summary><c>Bearer</c>, or <c>DPoP</c> when the access token is bound to a key.</summary>
    public required string TokenType { get; init; }

    /// <summary>Null means none is issued, or the one presented stays valid.</summary>
    public string? RefreshToken { get; init; }

    public required TimeSpan Life { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }
}

/// <summary>Makes tokens: the rows that are saved first, then the signed texts.</summary>
internal sealed class TokenIssuer(SigningKeys keys, InstallId install, ScopeClaims scopeClaims, PublicUrls urls, TimeProvider clock)
{
    /// <summary>The one authentication context class there is; authentik's.</summary>
    public const string Acr = "goauthentik.io/providers/oauth2/default";

    private readonly JsonWebTokenHandler handler = new() { SetDefaultTimesOnTokenCreation = false };

    /// <summary>The row of an access token; <paramref name="jti"/> goes into the token.</summary>
    public OAuthToken AccessRow(Client client, OAuthGrant grant, IReadOnlyList<string> scopes, out string jti, DateTimeOffset? endsBy = null)
    {
        jti = Digest.FreshSecret(32);
        return Row(jti, OAuthTokenKind.Access, client, grant, scopes, client.Provider.AccessTokenValidity, endsBy);
    }

    /// <summary>The row of a refresh token.</summary>
    public OAuthToken RefreshRow(Client client, OAuthGrant grant, IReadOnlyList<string> scopes, out string token)
    {
        token = Digest.FreshSecret(64);
        return Row(token, OAuthTokenKind.Refresh, client, grant, scopes, client.Provider.RefreshTokenValidity, endsBy: null);
    }

    /// <summary>Signs the texts, and encrypts them where the provider asks for it. Only after the rows are saved: what a client holds must be known to the house.</summary>
    public Task<IssuedTokens> SignAsync(TokenKeys with, GrantedAccess access, string accessJti, string? refreshToken, CancellationToken cancellationToken) =>
        SignAsync(with, access, accessJti, ValidityPeriod.Parse(access.Client.Provider.AccessTokenValidity), refreshToken, cancellationToken);

    /// <summary>The same, for tokens that live as long as is said.</summary>
    public async Task<IssuedTokens> SignAsync(TokenKeys with, GrantedAccess access, string accessJti, TimeSpan life, string? refreshToken, CancellationToken cancellationToken)
    {
        var id = await IdClaimsAsync(access, life, cancellationToken);
        var accessToken = AccessTokenOf(with, access, id, accessJti);
        return new IssuedTokens
        {
            AccessToken = accessToken,
            IdToken = IdTokenOf(with, id),
            TokenType = access.Grant.KeyThumbprint is null ? "Bearer" : "DPoP",
            RefreshToken = refreshToken,
            Life = life,
            Scopes = access.Scopes,
        };
    }

    /// <summary>What signs and encrypts for <paramref name="client"/>; null, and an error in the log, when its keys do not allow it.</summary>
    public async ValueTask<TokenKeys?> KeysAsync(Client client, CancellationToken cancellationToken)
    {
        if (await keys.ForAsync(client, cancellationToken) is not { } signer)
        {
            return null;
        }

        if (client.Provider.EncryptionKeyId is null)
        {
            return new TokenKeys(signer, Cipher: null);
        }

        return await keys.CipherAsync(client, cancellationToken) is { } cipher ? new TokenKeys(signer, cipher) : null;
    }

    /// <summary>The claims of an ID token: the base, and those of the scopes where the provider wants them in it.</summary>
    public async ValueTask<JsonObject> IdClaimsAsync(GrantedAccess access, TimeSpan life, CancellationToken cancellationToken)
    {
        var claims = await BaseClaimsAsync(access, life, cancellationToken);
        if (access.Client.Provider.IncludeClaimsInIdToken)
        {
            await scopeClaims.AddAsync(claims, access, cancellationToken);
        }

        // Last: no mapping has a say in it.
        claims.Remove(VouchedEmail.Claim);
        if (VouchedEmail.Of(access.Person.User, access.Client.Provider, access.Scopes, urls) is { } vouched)
        {
            claims[VouchedEmail.Claim] = vouched;
        }

        return claims;
    }

    /// <summary>Makes the ID token of <paramref name="claims"/>, under an id of its own.</summary>
    public string IdTokenOf(TokenKeys with, JsonObject claims)
    {
        claims["jti"] = Digest.FreshSecret(16);
        return Seal(with, claims);
    }

    /// <summary>Makes the access token: it says the same as the ID token, under its own id, and whom and what it is for.</summary>
    public string AccessTokenOf(TokenKeys with, GrantedAccess access, JsonObject idClaims, string jti)
    {
        var claims = (JsonObject)idClaims.DeepClone();
        claims["jti"] = jti;
        claims["azp"] = access.Client.Provider.ClientId;
        claims["uid"] = Digest.FreshSecret(20);
        claims["scope"] = string.Join(' ', access.Scopes);
        if (access.Grant.KeyThumbprint is { } thumbprint)
        {
            claims["cnf"] = new JsonObject { ["jkt"] = thumbprint }; // RFC 9449 §6.1
        }

        return Seal(with, claims);
    }

    /// <summary>A userinfo answer that can be told to be ours, and for whom (OpenID Connect Core §5.3.2).</summary>
    public string SignedUserinfo(TokenKeys with, Client client, JsonObject claims)
    {
        claims["iss"] = client.Issuer(urls);
        claims["aud"] = client.Provider.ClientId;
        return Seal(with, claims);
    }

    /// <summary>Signs any claims, and encrypts them when there is a key for it.</summary>
    public string Seal(TokenKeys with, JsonObject claims)
    {
        var signed = handler.CreateToken(claims.ToJsonString(), with.Signer.Credentials);
        return with.Cipher is { } cipher ? cipher.Encrypt(signed) : signed;
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

        if (access.Grant.Actor is { } actor)
        {
            claims["act"] = new JsonObject { ["sub"] = actor }; // RFC 8693 §4.1
        }

        return claims;
    }

    /// <summary>The <c>sub</c> of a person at a client.</summary>
    public async ValueTask<string> SubjectAsync(Client client, Person person, CancellationToken cancellationToken) =>
        Subjects.Of(person.User, client.Provider.SubMode, await install.GetAsync(cancellationToken));

    private OAuthToken Row(string secret, OAuthTokenKind kind, Client client, OAuthGrant grant, IReadOnlyList<string> scopes, string validity, DateTimeOffset? endsBy)
    {
        var now = clock.GetUtcNow();
        var end = now + ValidityPeriod.Parse(validity);
        return new OAuthToken
        {
            Hash = Digest.Of(secret),
            Kind = kind,
            GrantId = grant.Id,
            ProviderId = client.Provider.Id,
            Scopes = [.. scopes],
            CreatedAt = now,
            ExpiresAt = endsBy < end ? endsBy.Value : end,
        };
    }
}
