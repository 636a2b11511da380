namespace Gatehouse.Identity.Oidc;

/// <summary>Why a client is refused: the code and sentence it is told, and the reason only the log is told.</summary>
internal sealed record OAuthRefusal(string Code, string Description, string Reason)
{
    /// <summary>The client tried HTTP Basic, so the answer is a 401 with a challenge (RFC 6749 §5.2).</summary>
    public bool IsBasicChallenge { get; init; }

    public static OAuthRefusal InvalidRequest(string reason) => new(OAuthError.InvalidRequest, $"The request is malformed: {reason}.", reason);

    public static OAuthRefusal InvalidClient(string reason) => new(OAuthError.InvalidClient, "Client authentication failed.", reason);

    public static OAuthRefusal InvalidProof(string reason) => new(OAuthError.InvalidDpopProof, $"The proof of possession is missing or invalid: {reason}.", reason);

    // One sentence for all, so that the answer does not tell a guesser how near they came.
    public static OAuthRefusal InvalidGrant(string reason) =>
        new(OAuthError.InvalidGrant, "The grant is invalid, expired, revoked, already used, or was issued to another client.", reason);
}

/// <summary>The error codes of OAuth and OpenID Connect that Gatehouse uses.</summary>
internal static class OAuthError
{
    public const string InvalidRequest = "invalid_request";
    public const string InvalidClient = "invalid_client";
    public const string InvalidGrant = "invalid_grant";
    public const string InvalidScope = "invalid_scope";
    public const string InvalidToken = "invalid_token";
    public const string InsufficientScope = "insufficient_scope";
    public const string UnsupportedResponseType = "unsupported_response_type";
    public const string LoginRequired = "login_required";
    public const string ConsentRequired = "consent_required";
    public const string InteractionRequired = "interaction_required";
    public const string RequestNotSupported = "request_not_supported";
    public const string RequestUriNotSupported = "request_uri_not_supported";
    public const string InvalidRequestUri = "invalid_request_uri";
    public const string InvalidDpopProof = "invalid_dpop_proof";
    public const string InvalidTarget = "invalid_target";
    public const string AuthorizationPending = "authorization_pending";
    public const string SlowDown = "slow_down";
    public const string ExpiredToken = "expired_token";
    public const string AccessDenied = "access_denied";
    public const string InvalidRedirectUri = "invalid_redirect_uri";
    public const string InvalidClientMetadata = "invalid_client_metadata";
    public const string ServerError = "server_error";
}
