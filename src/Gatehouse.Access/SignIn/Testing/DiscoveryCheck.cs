using System.Text.Json;
using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Model.LoginMethods;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Testing;

/// <summary>Compares a login method's settings with what its provider publishes (OpenID Connect Discovery §4).</summary>
internal sealed class DiscoveryCheck(UpstreamCall upstream)
{
    private const string Path = "/.well-known/openid-configuration";

    /// <summary>What was found, in words.</summary>
    public async Task<string> RunAsync(LoginMethod method, CancellationToken cancellationToken)
    {
        if (method.Type == LoginMethodTypes.GitHub)
        {
            return "Not asked: GitHub is no OpenID provider and publishes none.";
        }

        if (!Uri.TryCreate(method.Issuer.TrimEnd('/') + Path, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp))
        {
            return "Not asked: the settings name no issuer that is a URL. With one, its tokens would be held to it.";
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        var answer = await upstream.SendAsync(request, cancellationToken);
        if (answer.Fault is { } fault)
        {
            return $"{url} {fault}.";
        }

        return answer.Status == StatusCodes.Status200OK && JsonText.Object(answer.Body) is { } document
            ? Compare(method, document)
            : $"{url} answered {answer.Status} with no discovery document. Check the issuer.";
    }

    private static string Compare(LoginMethod method, JsonElement document)
    {
        var differing = ((string Name, string Set)[])
        [
            ("issuer", method.Issuer), ("authorization_endpoint", method.AuthUrl.Split('?')[0]), ("token_endpoint", method.TokenUrl), ("jwks_uri", method.CertsUrl),
        ];
        var words = differing
            .Select(d => (d.Name, d.Set, Published: JsonText.Text(document, d.Name) ?? ""))
            .Where(d => d.Published != d.Set)
            .Select(d => $"{d.Name} is published as '{JsonText.Plain(d.Published, 300)}', and set to '{d.Set}'")
            .ToList();
        return words.Count == 0 ? "Found, and the settings are the same as published." : $"Found, but {string.Join("; ", words)}.";
    }
}
