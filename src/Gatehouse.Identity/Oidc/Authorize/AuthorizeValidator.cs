using System.Globalization;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Providers;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>Checks an authorization request in the contract's order: client, redirect URI (both end in a page), then what the client is told.</summary>
internal sealed class AuthorizeValidator(ClientDirectory clients, RedirectUris redirects, PublicUrls urls)
{
    private const int LongestValue = 2048;

    public async Task<AuthorizeCheck> CheckAsync(string query, CancellationToken cancellationToken)
    {
        var parameters = OAuthParameters.OfQuery(query);
        if (parameters["client_id"] is not { } clientId)
        {
            return new AuthorizeCheck.UnknownClient("client_id is missing, or was sent more than once");
        }

        if (await clients.FindAsync(clientId, cancellationToken) is not { } client)
        {
            return new AuthorizeCheck.UnknownClient("no client has this client_id");
        }

        var redirectUri = parameters["redirect_uri"];
        if (redirects.Fault(redirectUri, client.Provider, RedirectUriType.Authorization) is { } fault)
        {
            return new AuthorizeCheck.BadRedirectUri(client, redirectUri, fault);
        }

        var target = new ReplyTarget(redirectUri!, ModeOf(parameters), parameters["state"], client.Issuer(urls)); // Fault(null) is a fault
        return Fault(parameters, client) is var (code, description)
            ? new AuthorizeCheck.Refused(client, target.Error(code, description))
            : new AuthorizeCheck.Stands(Read(parameters, client, target, AuthorizeQuery.Clean(query)));
    }

    // Unknown modes count as absent; then code answers go to the query, those with tokens to the fragment.
    private static ResponseMode ModeOf(OAuthParameters parameters) => parameters["response_mode"] switch
    {
        "query" => ResponseMode.Query,
        "fragment" => ResponseMode.Fragment,
        "form_post" => ResponseMode.FormPost,
        _ => parameters["response_type"]?.Split(' ').Any(w => w is "token" or "id_token") == true ? ResponseMode.Fragment : ResponseMode.Query,
    };

    private static (string Code, string Description)? Fault(OAuthParameters parameters, Client client)
    {
        if (parameters.FirstRepeated(AuthorizeRequest.Known) is { } repeated)
        {
            return (OAuthError.InvalidRequest, $"The parameter {repeated} was sent more than once.");
        }

        if (parameters["response_type"] is not { } type)
        {
            return (OAuthError.InvalidRequest, "The parameter response_type is missing.");
        }

        if (type != "code")
        {
            return (OAuthError.UnsupportedResponseType, "The only response type is code.");
        }

        if (!client.Provider.GrantTypes.Contains(AuthorizationCodeGrant.GrantType))
        {
            return (OAuthError.InvalidRequest, "The provider does not allow the grant type authorization_code.");
        }

        if (parameters["request"] is not null)
        {
            return (OAuthError.RequestNotSupported, "Request objects are not supported.");
        }

        if (parameters["request_uri"] is not null)
        {
            return (OAuthError.RequestUriNotSupported, "Request objects are not supported.");
        }

        return ValueFault(parameters) ?? PkceFault(parameters, client) ?? PromptFault(parameters);
    }

    private static (string, string)? ValueFault(OAuthParameters parameters)
    {
        foreach (var name in AuthorizeRequest.Known)
        {
            if (parameters[name] is { Length: > LongestValue })
            {
                return (OAuthError.InvalidRequest, $"The parameter {name} is longer than {LongestValue} characters.");
            }
        }

        if (parameters["nonce"]?.Any(char.IsControl) == true)
        {
            return (OAuthError.InvalidRequest, "The parameter nonce holds control characters.");
        }

        return parameters["max_age"] is { } age && !int.TryParse(age, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? (OAuthError.InvalidRequest, "The parameter max_age is no whole number of seconds.")
            : null;
    }

    private static (string, string)? PkceFault(OAuthParameters parameters, Client client) => (parameters["code_challenge"], parameters["code_challenge_method"]) switch
    {
        (null, null) when client.Provider.ClientType == ClientType.Public => (OAuthError.InvalidRequest, "Public clients have to use PKCE: code_challenge is missing."),
        (null, null) => null,
        (null, _) => (OAuthError.InvalidRequest, "A code_challenge_method was sent without a code_challenge."),
        (_, not Pkce.Method) => (OAuthError.InvalidRequest, "The only code_challenge_method is S256."),
        ({ } challenge, _) => Pkce.IsChallenge(challenge) ? null : (OAuthError.InvalidRequest, "The code_challenge is not one made with the code_challenge_method S256."),
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

    private static AuthorizeRequest Read(OAuthParameters parameters, Client client, ReplyTarget target, string query)
    {
        var prompts = Words(parameters["prompt"]);
        TimeSpan? maxAge = parameters["max_age"] is { } age ? TimeSpan.FromSeconds(int.Parse(age, CultureInfo.InvariantCulture)) : null;
        return new AuthorizeRequest(
            client,
            target,
            query,
            parameters,
            ScopesOf(parameters["scope"], client),
            IsSilent: prompts.Contains("none"),
            WantsLogin: prompts.Contains("login") || maxAge == TimeSpan.Zero,
            WantsConsent: prompts.Contains("consent"),
            maxAge);
    }

    // Unknown scopes are dropped. Without any, all that are offered, but refresh tokens only for those who ask.
    private static string[] ScopesOf(string? asked, Client client) => asked is null
        ? [.. client.Scopes.Select(s => s.Name).Where(n => n != ScopeNames.OfflineAccess).Distinct()]
        : [.. Words(asked).Distinct().Where(client.Offers)];

    private static string[] Words(string? text) => text?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
