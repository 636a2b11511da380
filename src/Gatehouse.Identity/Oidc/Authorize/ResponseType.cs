using Gatehouse.Identity.Oidc.Grants;

namespace Gatehouse.Identity.Oidc.Authorize;

/// <summary>What the authorization response itself holds (OAuth 2.0 Multiple Response Types).</summary>
internal sealed record ResponseType(bool Code, bool Token, bool IdToken)
{
    public const string ImplicitGrant = "implicit";
    public const string HybridGrant = "hybrid";

    /// <summary>The grant type that a provider has to allow for it.</summary>
    public string GrantType => !Code ? ImplicitGrant : Token || IdToken ? HybridGrant : AuthorizationCodeGrant.GrantType;

    /// <summary>Whether the browser carries a token: then never in a query, which ends up in logs.</summary>
    public bool CarriesTokens => Token || IdToken;

    /// <summary>Reads words in any order; null when nobody knows the type. A bare <c>token</c> is no sign-in, and is not offered.</summary>
    public static ResponseType? Read(string text)
    {
        var words = text.Split(' ');
        var read = new ResponseType(words.Contains("code"), words.Contains("token"), words.Contains("id_token"));
        var known = (read.Code ? 1 : 0) + (read.Token ? 1 : 0) + (read.IdToken ? 1 : 0);
        return known == words.Length && (read.Code || read.IdToken) ? read : null;
    }

    /// <summary>The types that these grant types allow, as discovery names them.</summary>
    public static IEnumerable<string> Of(IReadOnlyList<string> grantTypes) =>
    [
        .. grantTypes.Contains(AuthorizationCodeGrant.GrantType) ? (string[])["code"] : [],
        .. grantTypes.Contains(ImplicitGrant) ? (string[])["id_token", "id_token token"] : [],
        .. grantTypes.Contains(HybridGrant) ? (string[])["code token", "code id_token", "code id_token token"] : [],
    ];
}
