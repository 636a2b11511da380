using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Users;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>Reads ID tokens by which a client says of whom it speaks (<c>id_token_hint</c>).</summary>
internal sealed class IdTokenHints(TokenVerifier verifier, TokenIssuer issuer)
{
    /// <summary>The hint; null when it is no ID token that we made for <paramref name="client"/>. Its end does not matter, but access tokens of ours have a scope.</summary>
    public async Task<JsonWebToken?> ReadAsync(string token, Client client, CancellationToken cancellationToken) =>
        await verifier.VerifyAsync(token, client, mayBeExpired: true, cancellationToken) is { } jwt && !jwt.TryGetPayloadValue<string>("scope", out _) ? jwt : null;

    /// <summary>Whether <paramref name="hint"/> is about <paramref name="user"/>.</summary>
    public async Task<bool> IsOfAsync(JsonWebToken hint, Client client, User user, CancellationToken cancellationToken) =>
        hint.Subject == await issuer.SubjectAsync(client, new Person(user, []), cancellationToken);
}
