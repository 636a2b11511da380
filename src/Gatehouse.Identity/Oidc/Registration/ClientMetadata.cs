using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Authorize;
using Gatehouse.Identity.Oidc.Grants;
using Gatehouse.Identity.Oidc.Proofs;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;

namespace Gatehouse.Identity.Oidc.Registration;

/// <summary>What a client says about itself (RFC 7591 §2), checked against what there is. Members nobody here knows are left out, as the standard has it.</summary>
internal sealed class ClientMetadata
{
    private const int LongestText = 255;
    private const int LongestUri = 2048;
    private const int MostUris = 50;

    private static readonly string[] Pages = ["client_uri", "logo_uri", "policy_uri", "tos_uri", "initiate_login_uri"];

    // Each would change what the client may expect: refused rather than forgotten.
    private static readonly string[] NotOffered = ["jwks_uri", "sector_identifier_uri", "request_object_signing_alg", "id_token_encrypted_response_alg", "userinfo_encrypted_response_alg", "software_statement"];

    // Names are not looked up, since what they mean may change; these mean one thing everywhere.
    private static readonly string[] MetadataHosts = ["metadata", "metadata.google.internal", "instance-data"];

    private readonly JsonElement body;

    private ClientMetadata(JsonElement body) => this.body = body;

    public IReadOnlyList<string> RedirectUris { get; private init; } = [];

    public IReadOnlyList<string> LogoutUris { get; private init; } = [];

    public IReadOnlyList<string> GrantTypes { get; private init; } = [];

    public IReadOnlyList<string> ResponseTypes { get; private init; } = [];

    public string AuthMethod => Text("token_endpoint_auth_method") ?? "client_secret_basic";

    public string? Name => Text("client_name");

    public string? Logo => Text("logo_uri");

    public string Jwks => body.TryGetProperty("jwks", out var jwks) ? jwks.GetRawText() : "";

    public bool RequiresPushedRequests => Flag("require_pushed_authorization_requests");

    public bool RequiresDpop => Flag("dpop_bound_access_tokens");

    /// <summary>Reads it. <paramref name="allowed"/>: grant types that may be asked for; <paramref name="algorithm"/>: what tokens are signed with.</summary>
    public static (ClientMetadata? Metadata, RegistrationResult.Refused? Refusal) Read(JsonElement body, IReadOnlyList<string> allowed, string algorithm)
    {
        var read = new ClientMetadata(body)
        {
            RedirectUris = TextsOf(body, "redirect_uris") ?? [""],
            LogoutUris = TextsOf(body, "post_logout_redirect_uris") ?? [""],
            GrantTypes = body.TryGetProperty("grant_types", out _) ? TextsOf(body, "grant_types") ?? [""] : [AuthorizationCodeGrant.GrantType],
            ResponseTypes = body.TryGetProperty("response_types", out _) ? TextsOf(body, "response_types") ?? [""] : ["code"],
        };
        return read.Fault(allowed, algorithm) is var (code, text) ? (null, new RegistrationResult.Refused(code, text)) : (read, null);
    }

    /// <summary>What is kept, and told back: the members that were understood.</summary>
    public JsonObject Kept()
    {
        var kept = new JsonObject
        {
            ["redirect_uris"] = Tokens.Claims.ArrayOf(RedirectUris),
            ["grant_types"] = Tokens.Claims.ArrayOf(GrantTypes),
            ["response_types"] = Tokens.Claims.ArrayOf(ResponseTypes),
            ["token_endpoint_auth_method"] = AuthMethod,
        };
        string[] texts = ["client_name", "token_endpoint_auth_signing_alg", "id_token_signed_response_alg", "userinfo_signed_response_alg", "application_type", "subject_type", .. Pages];
        foreach (var name in texts)
        {
            if (Text(name) is { } text)
            {
                kept[name] = text;
            }
        }

        foreach (var name in (ReadOnlySpan<string>)["contacts", "post_logout_redirect_uris"])
        {
            if (TextsOf(body, name) is { Count: > 0 } list)
            {
                kept[name] = Tokens.Claims.ArrayOf(list);
            }
        }

        if (Jwks.Length > 0)
        {
            kept["jwks"] = JsonNode.Parse(Jwks);
        }

        foreach (var name in (ReadOnlySpan<string>)["require_pushed_authorization_requests", "dpop_bound_access_tokens"])
        {
            if (Flag(name))
            {
                kept[name] = true;
            }
        }

        return kept;
    }

    private (string Code, string Text)? Fault(IReadOnlyList<string> allowed, string algorithm)
    {
        if (UriFault() is { } bad)
        {
            return (OAuthError.InvalidRedirectUri, bad);
        }

        var fault = GrantFault(allowed) ?? MethodFault() ?? AlgorithmFault(algorithm) ?? TextFault();
        return fault is null ? null : (OAuthError.InvalidClientMetadata, fault);
    }

    private string? UriFault()
    {
        var needsUri = GrantTypes.Any(g => g is AuthorizationCodeGrant.GrantType or ResponseType.ImplicitGrant);
        if ((needsUri && RedirectUris.Count == 0) || RedirectUris.Count + LogoutUris.Count > MostUris)
        {
            return $"redirect_uris holds 1 to {MostUris} URIs.";
        }

        foreach (var uri in LogoutUris)
        {
            if (Clients.RedirectUris.Unsafe(uri) is not null || !IsLogoutAllowed(uri))
            {
                return "post_logout_redirect_uris are https, or http on the loopback interface, and lead to no link-local address.";
            }
        }

        var isNative = Text("application_type") == "native";
        foreach (var uri in RedirectUris)
        {
            if (Clients.RedirectUris.Unsafe(uri) is { } reason)
            {
                return $"A redirect URI can't be registered: {reason}.";
            }

            if (!IsAllowed(uri, isNative))
            {
                return "Redirect URIs are https; those of application_type native also http on the loopback interface, or a private scheme with a dot in it (RFC 8252 §7.1).";
            }
        }

        return null;
    }

    private static bool IsAllowed(string text, bool isNative) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0
        && (uri.Scheme == Uri.UriSchemeHttps || (isNative && (uri.Scheme == Uri.UriSchemeHttp ? uri.IsLoopback : uri.Scheme.Contains('.', StringComparison.Ordinal))));

    // No private schemes: nothing of the client has to run after a logout. No link-local hosts, whatever they are called: clouds keep their secrets there.
    private static bool IsLogoutAllowed(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0
        && (uri.IsLoopback ? uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp : uri.Scheme == Uri.UriSchemeHttps && !IsReserved(uri.IdnHost.Trim('[', ']').TrimEnd('.')));

    private static bool IsReserved(string host) =>
        IPAddress.TryParse(host, out var address) ? !TargetAddress.IsOpen(address) : MetadataHosts.Contains(host, StringComparer.OrdinalIgnoreCase);

    private string? GrantFault(IReadOnlyList<string> allowed)
    {
        if (GrantTypes.Any(g => !allowed.Contains(g)))
        {
            return $"grant_types may hold: {string.Join(", ", allowed)}.";
        }

        foreach (var text in ResponseTypes)
        {
            // What the answer holds and how it is got belong together (RFC 7591 §2.1); hybrid is authentik's name for both at once.
            if (ResponseType.Read(text) is not { } type || !allowed.Contains(type.GrantType)
                || (type.Code && !GrantTypes.Contains(AuthorizationCodeGrant.GrantType)) || (!type.Code && !GrantTypes.Contains(ResponseType.ImplicitGrant)))
            {
                return $"The response type '{text}' does not go with the grant types.";
            }
        }

        return null;
    }

    private string? MethodFault()
    {
        if (AuthMethod is not ("client_secret_basic" or "client_secret_post" or "private_key_jwt" or "none"))
        {
            return "token_endpoint_auth_method is client_secret_basic, client_secret_post, private_key_jwt or none.";
        }

        if (Jwks.Length == 0)
        {
            return AuthMethod == "private_key_jwt" ? "private_key_jwt needs keys: send them in jwks." : null;
        }

        if (PublicJwk.ReadSet(Jwks, out var fault) is null)
        {
            return fault;
        }

        return Text("token_endpoint_auth_signing_alg") is { } algorithm && !PublicJwk.Algorithms.Contains(algorithm)
            ? $"token_endpoint_auth_signing_alg is one of {string.Join(", ", PublicJwk.Algorithms)}."
            : null;
    }

    private string? AlgorithmFault(string algorithm)
    {
        foreach (var name in (ReadOnlySpan<string>)["id_token_signed_response_alg", "userinfo_signed_response_alg"])
        {
            if (Text(name) is { } wanted && wanted != algorithm)
            {
                return $"{name} can only be {algorithm} here.";
            }
        }

        return Text("subject_type") is { } type && type != "public" ? "subject_type can only be public here."
            : NotOffered.FirstOrDefault(n => body.TryGetProperty(n, out _)) is { } name2 ? $"{name2} is not supported."
            : null;
    }

    private string? TextFault()
    {
        if (Name is { Length: > LongestText } || Name?.Any(char.IsControl) == true)
        {
            return $"client_name has at most {LongestText} characters, none of them a control character.";
        }

        foreach (var page in Pages)
        {
            if (body.TryGetProperty(page, out _)
                && !(Text(page) is { Length: <= LongestUri } text && Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps))
            {
                return $"{page} is an https URL.";
            }
        }

        return Text("application_type") is { } type && type is not ("web" or "native") ? "application_type is web or native." : null;
    }

    private string? Text(string name) => SignedJson.Text(body, name);

    private bool Flag(string name) => body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    // Empty when absent; null when it is no list of texts.
    private static IReadOnlyList<string>? TextsOf(JsonElement body, string name)
    {
        if (!body.TryGetProperty(name, out var value))
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(e => SignedJson.TextOf(e) ?? "")]
            : null;
    }
}
