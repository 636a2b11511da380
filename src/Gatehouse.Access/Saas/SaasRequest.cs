using System.Buffers.Text;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Saas;

/// <summary>What a client asks for at the authorization endpoint, checked (OpenID Connect Core §3.1.2.1).</summary>
internal sealed class SaasRequest
{
    private const int LongestState = 1024;
    private const int LongestScope = 500;

    public required AppEntry App { get; init; }

    public required string RedirectUri { get; init; }

    public required string? State { get; init; }

    public string? Nonce { get; private set; }

    /// <summary>Those that it asks for and may have.</summary>
    public IReadOnlyList<string> Scopes { get; private set; } = [];

    public bool WantsCode { get; private set; }

    public bool WantsIdToken { get; private set; }

    public bool WantsToken { get; private set; }

    /// <summary>Whether the answer stands behind a # rather than in the query: where a server's log does not see it.</summary>
    public bool InFragment { get; private set; }

    /// <summary>S256 (RFC 7636); null means that the client does without.</summary>
    public string? Challenge { get; private set; }

    /// <summary>Nobody may be asked anything.</summary>
    public bool IsSilent { get; private set; }

    /// <summary>The person has to prove anew who they are.</summary>
    public bool MustSignIn { get; private set; }

    /// <summary>The sign-in may be no older; null means any.</summary>
    public TimeSpan? MaxAge { get; private set; }

    /// <summary>Reads a request. Null: it names no client or no registered address, so nothing may be sent anywhere. Otherwise the error for the client, if there is one.</summary>
    public static (SaasRequest Request, SaasError? Error)? Read(AppEntry app, IQueryCollection query)
    {
        if (app.App.Saas?.Oidc is not { } client || query.Any(p => p.Value.Count != 1) || query["client_id"] != app.App.SsoId
            || query["redirect_uri"] is not [{ } redirect] || !client.RedirectUris.Contains(redirect, StringComparer.Ordinal))
        {
            return null;
        }

        var state = query["state"] is [{ Length: > 0 } text] ? text : null;
        var request = new SaasRequest { App = app, RedirectUri = redirect, State = state?.Length <= LongestState ? state : null };
        return (request, state?.Length > LongestState ? new SaasError("invalid_request", "state is too long") : request.ReadRest(client, query));
    }

    private SaasError? ReadRest(SaasOidc client, IQueryCollection query) =>
        ReadResponseType(client, query["response_type"].ToString(), query["response_mode"].ToString())
        ?? (query.ContainsKey("request") ? new SaasError("request_not_supported", "request objects are not taken")
            : query.ContainsKey("request_uri") ? new SaasError("request_uri_not_supported", "request_uri is not taken")
            : ReadScope(client, query["scope"].ToString()))
        ?? ReadProof(client, query)
        ?? ReadPrompt(query);

    private SaasError? ReadResponseType(SaasOidc client, string type, string mode)
    {
        var parts = type.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        (WantsCode, WantsIdToken, WantsToken) = (parts.Contains("code"), parts.Contains("id_token"), parts.Contains("token"));
        InFragment = mode == "fragment" || (mode.Length == 0 && (WantsIdToken || WantsToken));
        if (parts.Length == 0 || parts.Distinct().Count() != parts.Length || parts.Except(["code", "id_token", "token"]).Any())
        {
            return new SaasError("unsupported_response_type", "response_type is made of code, id_token and token");
        }

        var isAllowed = (WantsCode, WantsIdToken || WantsToken) switch
        {
            (true, false) => client.May(SaasGrant.AuthorizationCode) || client.May(SaasGrant.AuthorizationCodeWithPkce) || client.May(SaasGrant.Hybrid),
            (true, true) => client.May(SaasGrant.Hybrid),
            _ => client.May(SaasGrant.Implicit),
        };
        if (!isAllowed || (WantsIdToken && !client.GivesIdToken) || (WantsToken && !client.GivesAccessToken))
        {
            return new SaasError("unauthorized_client", "the application does not have this response_type switched on");
        }

        return mode is "" or "fragment" || (mode == "query" && !WantsIdToken && !WantsToken) ? null : new SaasError("invalid_request", "response_mode is query or fragment, and tokens come in fragments only");
    }

    // What the client may not have is left out (OpenID Connect Core §3.1.2.1); the answer says what is granted.
    private SaasError? ReadScope(SaasOidc client, string scope)
    {
        var asked = scope.Length > LongestScope ? [] : scope.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Scopes = [.. asked.Distinct().Where(s => s == "openid" || client.Scopes.Contains(s))];
        return Scopes.Contains("openid") ? null : new SaasError("invalid_scope", "scope must hold openid");
    }

    private SaasError? ReadProof(SaasOidc client, IQueryCollection query)
    {
        Nonce = query["nonce"] is [{ Length: > 0 } nonce] ? nonce : null;
        if (Nonce?.Length > LongestState || (WantsIdToken && Nonce is null))
        {
            return new SaasError("invalid_request", "nonce is missing or too long");
        }

        var (challenge, method) = (query["code_challenge"].ToString(), query["code_challenge_method"].ToString());
        if (challenge.Length == 0 && method.Length == 0)
        {
            return WantsCode && !client.May(SaasGrant.AuthorizationCode) && !client.May(SaasGrant.Hybrid) ? new SaasError("invalid_request", "this application asks for PKCE: code_challenge is missing") : null;
        }

        if (method != "S256" || challenge.Length != 43 || !Base64Url.IsValid(challenge))
        {
            return new SaasError("invalid_request", "code_challenge must be one of 43 characters, and code_challenge_method S256");
        }

        Challenge = challenge;
        return null;
    }

    private SaasError? ReadPrompt(IQueryCollection query)
    {
        var prompts = query["prompt"].ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        (IsSilent, MustSignIn) = (prompts.Contains("none"), prompts.Contains("login") || prompts.Contains("select_account"));
        if ((IsSilent && prompts.Length > 1) || prompts.Except(["none", "login", "consent", "select_account"]).Any())
        {
            return new SaasError("invalid_request", "prompt is none, or made of login, consent and select_account");
        }

        if (query["max_age"] is [{ Length: > 0 } text])
        {
            if (!int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var seconds))
            {
                return new SaasError("invalid_request", "max_age is a number of seconds");
            }

            MaxAge = TimeSpan.FromSeconds(seconds);
        }

        return null;
    }
}

/// <summary>An error for a client: the code of the protocol, and words for whoever writes it.</summary>
internal sealed record SaasError(string Code, string Text);
