using System.Security.Cryptography;
using System.Text;
using Gatehouse.Identity.Oidc.Clients;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>An authorization request that stands: everything that does not depend on the browser was checked.</summary>
/// <param name="Type">What the answer holds.</param>
/// <param name="Query">As sent, without the question mark and without our own markers.</param>
/// <param name="Scopes">Granted if the person agrees: asked for and offered.</param>
/// <param name="IsSilent"><c>prompt=none</c>.</param>
/// <param name="WantsLogin"><c>prompt=login</c> or <c>max_age=0</c>.</param>
/// <param name="WantsAccount"><c>prompt=select_account</c>.</param>
/// <param name="MaxAge">How old the sign-in may be; null means any age.</param>
/// <param name="PushedHash">Names the pushed request that it is (RFC 9126); null means that the browser brought it.</param>
internal sealed record AuthorizeRequest(
    Client Client,
    ReplyTarget Target,
    ResponseType Type,
    string Query,
    OAuthParameters Parameters,
    IReadOnlyList<string> Scopes,
    bool IsSilent,
    bool WantsLogin,
    bool WantsConsent,
    bool WantsAccount,
    TimeSpan? MaxAge,
    string? PushedHash)
{
    /// <summary>Parameter: an ID token of the person whom the client expects.</summary>
    public const string HintName = "id_token_hint";

    /// <summary>The parameters we know. Each may be sent once.</summary>
    public static readonly IReadOnlyList<string> Known =
    [
        "client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "prompt", "max_age", "login_hint", HintName,
        "ui_locales", "code_challenge", "code_challenge_method", "dpop_jkt", "request", "request_uri", RoundMarkers.Login, RoundMarkers.Consent, RoundMarkers.Account,
    ];

    public string? Nonce => Parameters["nonce"];

    /// <summary>The key that the code will be bound to (RFC 9449 §10); null means none.</summary>
    public string? KeyThumbprint => Parameters["dpop_jkt"];

    public string? CodeChallenge => Parameters["code_challenge"];

    /// <summary>Names this very request: two requests that differ in any parameter we look at have different ones.</summary>
    public byte[] Fingerprint()
    {
        var text = new StringBuilder();
        foreach (var name in Known)
        {
            if (name is not (RoundMarkers.Login or RoundMarkers.Consent or RoundMarkers.Account) && Parameters[name] is { } value)
            {
                text.Append(name).Append('=').Append(Uri.EscapeDataString(value)).Append('&');
            }
        }

        return SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
    }
}

/// <summary>What the checks of a request found.</summary>
internal abstract record AuthorizeCheck
{
    private AuthorizeCheck()
    {
    }

    /// <summary>Nobody to answer to: a page, never a redirect.</summary>
    public sealed record UnknownClient(string Reason) : AuthorizeCheck;

    /// <summary>Nowhere safe to answer: a page, never a redirect.</summary>
    public sealed record BadRedirectUri(Client Client, string? Offered, string Reason) : AuthorizeCheck;

    /// <summary>The pushed request that it names can't be had: a page, since all else of it may have been made up.</summary>
    public sealed record BadRequestUri(Client Client, string Reason) : AuthorizeCheck;

    /// <summary>The client is told.</summary>
    public sealed record Refused(Client Client, AuthorizeReply Reply) : AuthorizeCheck;

    /// <summary>It stands.</summary>
    public sealed record Stands(AuthorizeRequest Request) : AuthorizeCheck;
}
