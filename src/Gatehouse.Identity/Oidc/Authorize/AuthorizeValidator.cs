using System.Buffers.Text;
using System.Globalization;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Providers;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>Checks an authorization request in the contract's order: client, redirect URI (both end in a page), then what the client is told.</summary>
internal sealed class AuthorizeValidator(ClientDirectory clients, RedirectUris redirects, PushedRequests pushed, PublicUrls urls)
{
    private const int LongestValue = 2048;
    private const int ThumbprintLength = 43; // SHA-256 in base64url

    /// <summary>Checks the request in <paramref name="query"/>, or the pushed one that it names.</summary>
    public async Task<AuthorizeCheck> CheckAsync(string query, CancellationToken cancellationToken)
    {
        var outer = OAuthParameters.OfQuery(query);
        if (outer["client_id"] is not { } clientId)
        {
            return new AuthorizeCheck.UnknownClient("client_id is missing, or was sent more than once");
        }

        if (clients.Find(clientId) is not { } client)
        {
            return new AuthorizeCheck.UnknownClient("no client has this client_id");
        }

        if (outer["request_uri"] is not { } uri || !uri.StartsWith(PushedRequests.UriPrefix, StringComparison.Ordinal))
        {
            return Check(client, outer, AuthorizeQuery.Clean(query), pushedHash: null);
        }

        // Nothing but the pushed request counts (RFC 9126 §4): what else the browser brought may have been added on the way.
        return await pushed.FindAsync(uri, client, cancellationToken) is { } found
            ? Check(client, OAuthParameters.OfQuery(found.Query).WithMarkersOf(outer), AuthorizeQuery.Clean(query), found.Hash)
            : new AuthorizeCheck.BadRequestUri(client, "the pushed request is unknown, of another client, too old, or was used");
    }

    /// <summary>Checks a request that a client pushes.</summary>
    public AuthorizeCheck CheckPushed(Client client, OAuthParameters parameters, string query) => Check(client, parameters, query, pushedHash: "");

    private AuthorizeCheck Check(Client client, OAuthParameters parameters, string query, string? pushedHash)
    {
        var redirectUri = parameters["redirect_uri"];
        if (redirects.Fault(redirectUri, client.Provider, RedirectUriType.Authorization) is { } fault)
        {
            return new AuthorizeCheck.BadRedirectUri(client, redirectUri, fault);
        }

        var type = parameters["response_type"] is { } text ? ResponseType.Read(text) : null;
        var target = new ReplyTarget(redirectUri!, ModeOf(parameters), parameters["state"], client.Issuer(urls)); // Fault(null) is a fault
        if (Fault(parameters, client, type, pushedHash is not null) is var (code, description))
        {
            return new AuthorizeCheck.Refused(client, target.Error(code, description));
        }

        return new AuthorizeCheck.Stands(Read(parameters, client, target, type!, query, pushedHash)); // null is a fault
    }

    // Unknown modes count as absent; then code answers go to the query, those with tokens to the fragment, and never to the query.
    private static ResponseMode ModeOf(OAuthParameters parameters)
    {
        var carriesTokens = parameters["response_type"]?.Split(' ').Any(w => w is "token" or "id_token") == true;
        return parameters["response_mode"] switch
        {
            "query" when !carriesTokens => ResponseMode.Query,
            "fragment" => ResponseMode.Fragment,
            "form_post" => ResponseMode.FormPost,
            _ => carriesTokens ? ResponseMode.Fragment : ResponseMode.Query,
        };
    }

    private static (string Code, string Description)? Fault(OAuthParameters parameters, Client client, ResponseType? type, bool isPushed)
    {
        if (parameters.FirstRepeated(AuthorizeRequest.Known) is { } repeated)
        {
            return (OAuthError.InvalidRequest, $"The parameter {repeated} was sent more than once.");
        }

        if (parameters["response_type"] is null)
        {
            return (OAuthError.InvalidRequest, "The parameter response_type is missing.");
        }

        if (type is null)
        {
            return (OAuthError.UnsupportedResponseType, "Nobody knows this response type.");
        }

        if (!client.Allows(type.GrantType))
        {
            return (OAuthError.InvalidRequest, $"The provider does not allow the grant type {type.GrantType}.");
        }

        return RequestObjectFault(parameters, client, isPushed) ?? TypeFault(parameters, client, type) ?? ValueFault(parameters)
            ?? PkceFault(parameters, client, type) ?? PromptFault(parameters);
    }

    private static (string, string)? RequestObjectFault(OAuthParameters parameters, Client client, bool isPushed)
    {
        if (parameters["request"] is not null)
        {
            return (OAuthError.RequestNotSupported, "Request objects are not supported.");
        }

        if (parameters["request_uri"] is not null)
        {
            return (OAuthError.RequestUriNotSupported, "The only request_uri is that of a pushed request.");
        }

        return client.Provider.RequiresPushedRequests && !isPushed
            ? (OAuthError.InvalidRequest, "The client has to push its authorization requests (RFC 9126).")
            : null;
    }

    private static (string, string)? TypeFault(OAuthParameters parameters, Client client, ResponseType type)
    {
        if (!type.CarriesTokens)
        {
            return null;
        }

        return parameters["response_mode"] == "query" ? (OAuthError.InvalidRequest, "Tokens are not sent in a query: response_mode is fragment or form_post.")
            : !ScopesOf(parameters["scope"], client, type).Contains(ScopeNames.OpenId) ? (OAuthError.InvalidScope, "This response type needs the scope openid.")
            : type.IdToken && parameters["nonce"] is null ? (OAuthError.InvalidRequest, "The parameter nonce is missing; this response type needs it.")
            : type.Token && client.Provider.RequiresDpop ? (OAuthError.InvalidRequest, "The client's tokens are bound to a key, and a browser can't prove one.")
            : null;
    }

    private static (string, string)? ValueFault(OAuthParameters parameters)
    {
        foreach (var name in AuthorizeRequest.Known)
        {
            if (name != AuthorizeRequest.HintName && parameters[name] is { Length: > LongestValue }) // ID tokens grow with their claims
            {
                return (OAuthError.InvalidRequest, $"The parameter {name} is longer than {LongestValue} characters.");
            }
        }

        if (parameters["nonce"]?.Any(char.IsControl) == true)
        {
            return (OAuthError.InvalidRequest, "The parameter nonce holds control characters.");
        }

        if (parameters["dpop_jkt"] is { } thumbprint && (thumbprint.Length != ThumbprintLength || !Base64Url.IsValid(thumbprint)))
        {
            return (OAuthError.InvalidRequest, "The parameter dpop_jkt is no thumbprint of a key.");
        }

        return parameters["max_age"] is { } age && !int.TryParse(age, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? (OAuthError.InvalidRequest, "The parameter max_age is no whole number of seconds.")
            : null;
    }

    private static (string, string)? PkceFault(OAuthParameters parameters, Client client, ResponseType type) =>
        (parameters["code_challenge"], parameters["code_challenge_method"]) switch
        {
            (null, null) when type.Code && client.Provider.ClientType == ClientType.Public =>
                (OAuthError.InvalidRequest, "Public clients have to use PKCE: code_challenge is missing."),
            (null, null) => null,
            (null, _) => (OAuthError.InvalidRequest, "A code_challenge_method was sent without a code_challenge."),
            (_, not Pkce.Method) => (OAuthError.InvalidRequest, "The only code_challenge_method is S256."),
            ({ } challenge, _) => Pkce.IsChallenge(challenge)
                ? null
                : (OAuthError.InvalidRequest, "The code_challenge is not one made with the code_challenge_method S256."),
        };

    private static (string, string)? PromptFault(OAuthParameters parameters)
    {
        var words = Words(parameters["prompt"]);
        if (!words.Contains("none") || words.Length == 1)
        {
            return null;
        }

        return words.Contains("consent")
            ? (OAuthError.ConsentRequired, "prompt asks for consent, and for no question.")
            : (OAuthError.InvalidRequest, "prompt=none goes with no other word.");
    }

    private static AuthorizeRequest Read(OAuthParameters parameters, Client client, ReplyTarget target, ResponseType type, string query, string? pushedHash)
    {
        var prompts = Words(parameters["prompt"]);
        TimeSpan? maxAge = parameters["max_age"] is { } age ? TimeSpan.FromSeconds(int.Parse(age, CultureInfo.InvariantCulture)) : null;
        return new AuthorizeRequest(
            client,
            target,
            type,
            query,
            parameters,
            ScopesOf(parameters["scope"], client, type),
            IsSilent: prompts.Contains("none"),
            WantsLogin: prompts.Contains("login") || maxAge == TimeSpan.Zero,
            WantsConsent: prompts.Contains("consent"),
            WantsAccount: prompts.Contains("select_account"),
            maxAge,
            pushedHash);
    }

    // Unknown scopes are dropped. Without any, all that are offered, but refresh tokens only for those who ask, and get a code.
    private static string[] ScopesOf(string? asked, Client client, ResponseType type) => asked is null
        ? [.. client.Scopes.Select(s => s.Name).Where(n => n != ScopeNames.OfflineAccess).Distinct()]
        : [.. Words(asked).Distinct().Where(s => client.Offers(s) && (type.Code || s != ScopeNames.OfflineAccess))];

    private static string[] Words(string? text) => text?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
