using Gatehouse.Identity.Oidc.Tokens;

namespace Gatehouse.Identity.Oidc.Grants;

/// <summary>What came of a token request.</summary>
internal abstract record TokenResult
{
    private TokenResult()
    {
    }

    /// <summary>Tokens.</summary>
    public sealed record Issued(IssuedTokens Tokens) : TokenResult;

    /// <summary>None.</summary>
    public sealed record Refused(OAuthRefusal Refusal) : TokenResult;

    public static Refused InvalidGrant(string reason) => new(OAuthRefusal.InvalidGrant(reason));

    public static Refused InvalidRequest(string reason) => new(OAuthRefusal.InvalidRequest(reason));

    /// <summary>The provider's keys do not allow it; the error log of <see cref="SigningKeys"/> says why.</summary>
    public static Refused CannotSign() =>
        new(new OAuthRefusal(OAuthError.ServerError, "The provider is misconfigured: tokens can't be signed. Its administrator finds the reason in the log.", "no usable signing key"));
}
