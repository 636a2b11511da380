using Gatehouse.Access.Tokens;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Saas;

/// <summary>An access token of a SaaS application that stands. A class, so that it is never printed.</summary>
internal sealed class SaasAccess
{
    /// <summary>The application it was issued to.</summary>
    public required Guid AppId { get; init; }

    /// <summary>The client id of that application.</summary>
    public required string ClientId { get; init; }

    /// <summary>The application's token epoch.</summary>
    public required int Epoch { get; init; }

    /// <summary>Whose: their id at Access.</summary>
    public required string Subject { get; init; }

    /// <summary>The session it stands for; whether that was ended is looked up by <see cref="SaasVerifier"/>.</summary>
    public required string SessionNonce { get; init; }

    /// <summary>What was granted.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Checks access tokens of SaaS applications, without asking the store: signature, issuer, type, times, epoch, and whether their session was ended.</summary>
internal sealed class SaasVerifier(TokenVerifier verifier, ISnapshot<RevocationTable> revocations, PublicUrls urls)
{
    /// <summary>The facts of a token of <paramref name="app"/>; null when anything about it is wrong.</summary>
    public async ValueTask<SaasAccess?> VerifyAsync(string token, AccessTable table, AppEntry app)
    {
        if (app.App.SsoId is not { } clientId || SsoPaths.IssuerOf(urls, clientId) is var issuer && await verifier.VerifyOtherAsync(token, table, issuer, SaasTokens.AccessType) is not { } jwt)
        {
            return null;
        }

        return jwt.Audiences.ToArray() is [var audience] && audience == issuer
            && ClaimText.Of(jwt, "client_id") == clientId
            && ClaimText.Of(jwt, SaasTokens.SessionClaim) is { } nonce && !revocations.Current.IsRevoked(nonce)
            && jwt.TryGetPayloadValue<long>(SaasTokens.EpochClaim, out var epoch) && epoch == app.App.TokenEpoch
                ? new SaasAccess
                {
                    AppId = app.App.Id,
                    ClientId = clientId,
                    Epoch = app.App.TokenEpoch,
                    Subject = jwt.Subject,
                    SessionNonce = nonce,
                    Scopes = (ClaimText.Of(jwt, "scope") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries),
                    ExpiresAt = new DateTimeOffset(jwt.ValidTo, TimeSpan.Zero),
                }
                : null;
    }
}
