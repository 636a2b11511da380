using System.Text.Json;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Oidc;

/// <summary>Redeems an authorization code for an ID token (RFC 6749 §4.1.3, client_secret_post).</summary>
internal sealed class CodeExchange(UpstreamCall upstream, PublicUrls urls)
{
    private const string Title = "Failed to exchange code for token";

    /// <summary>The ID token, not yet verified.</summary>
    public Task<Outcome<string>> RedeemAsync(LoginMethodEntry method, string code, string? verifier, CancellationToken cancellationToken) =>
        RedeemAsync(method, "id_token", code, verifier, cancellationToken);

    /// <summary>The token of this name in the answer.</summary>
    public async Task<Outcome<string>> RedeemAsync(LoginMethodEntry method, string name, string code, string? verifier, CancellationToken cancellationToken)
    {
        var step = $"Redeeming the code at {method.Method.Name}";
        if (!Uri.TryCreate(method.Method.TokenUrl, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp))
        {
            return new SignInFailure("token_url_invalid", step, Title, "The token URL in the login method's settings is not an https URL.", "token URL is not absolute http(s)");
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new FormUrlEncodedContent(Form(method, code, verifier)) };
        request.Headers.Accept.ParseAdd("application/json");
        var answer = await upstream.SendAsync(request, cancellationToken);
        if (answer.Fault is { } fault)
        {
            return new SignInFailure("token_endpoint_unreachable", step, Title, $"Access could not ask the login method: its token URL {fault}. Check it, and that the login method is running.", $"{url} {fault}");
        }

        return Read(answer, name, step);
    }

    private IEnumerable<KeyValuePair<string, string>> Form(LoginMethodEntry method, string code, string? verifier)
    {
        yield return new("grant_type", "authorization_code");
        yield return new("code", code);
        yield return new("redirect_uri", urls.AccessCallback);
        yield return new("client_id", method.Method.ClientId);
        yield return new("client_secret", method.ClientSecret);
        if (verifier is not null)
        {
            yield return new("code_verifier", verifier);
        }
    }

    private static Outcome<string> Read(UpstreamAnswer answer, string name, string step)
    {
        if (JsonText.Object(answer.Body) is not { } json)
        {
            return new SignInFailure(
                "token_answer_unreadable", step, Title, $"The token URL answered {answer.Status} with something that is not a JSON object. Check that it is the token endpoint.", $"status {answer.Status}, not JSON");
        }

        var error = JsonText.Word(json, "error");
        if (answer.Status == StatusCodes.Status200OK && error is null)
        {
            return json.TryGetProperty(name, out var token) && token.ValueKind == JsonValueKind.String
                ? token.GetString()! // a string by its kind
                : name != "id_token" ? new SignInFailure("token_missing", step, Title, $"The token URL answered without {name}. Check that it is the token endpoint.", $"no {name} in the answer")
                : new SignInFailure("id_token_missing", step, Title, "The login method gave no ID token. Ask for the scope 'openid' in the login method's settings.", "no id_token in the answer");
        }

        var reason = $"status {answer.Status}, error {error ?? "none"}: {JsonText.Word(json, "error_description") ?? "no description"}";
        return (error, answer.Status) switch
        {
            ("invalid_client" or "incorrect_client_credentials", _) or (_, StatusCodes.Status401Unauthorized) => new SignInFailure(
                "client_refused", step, Title, "Make sure the client secret is correct, and the client id: the login method did not recognise Access.", reason),
            ("invalid_grant" or "bad_verification_code", _) => new SignInFailure(
                "code_refused",
                step,
                Title,
                "The login method no longer accepts this sign-in: it was used already (was the page reloaded?), took too long, or the redirect URI or PKCE setting differs between the two sides.",
                reason,
                StatusCodes.Status400BadRequest),
            _ => new SignInFailure("token_endpoint_refused", step, Title, $"The token URL answered {answer.Status}{(error is null ? "" : $" with error '{error}'")}.", reason),
        };
    }
}
