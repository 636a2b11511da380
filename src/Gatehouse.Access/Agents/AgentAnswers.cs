using System.Text.Json.Nodes;
using Gatehouse.Model.Hosts;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Agents;

/// <summary>What programs are told: errors of OAuth, and where things are (RFC 8414).</summary>
internal static class AgentAnswers
{
    /// <summary>Where clients find the authorization server's metadata.</summary>
    public const string ServerPath = "/.well-known/oauth-authorization-server";

    /// <summary>Where clients find the resource's metadata (RFC 9728).</summary>
    public const string ResourcePath = "/.well-known/oauth-protected-resource";

    /// <summary>An error (RFC 6749 §5.2).</summary>
    public static IResult Error(int status, string code, string description) =>
        Results.Text(new JsonObject { ["error"] = code, ["error_description"] = description }.ToJsonString(), "application/json", statusCode: status);

    /// <summary>The authorization server's metadata. It is the team domain's, whichever host is asked.</summary>
    public static IResult Server(PublicUrls urls)
    {
        var oauth = urls.Access + "/cdn-cgi/access/oauth";
        return Results.Text(
            new JsonObject
            {
                ["issuer"] = urls.Access,
                ["authorization_endpoint"] = oauth + "/authorization",
                ["token_endpoint"] = oauth + "/token",
                ["registration_endpoint"] = oauth + "/registration",
                ["revocation_endpoint"] = oauth + "/revoke",
                ["response_types_supported"] = new JsonArray("code"),
                ["response_modes_supported"] = new JsonArray("query"),
                ["grant_types_supported"] = new JsonArray("authorization_code", "refresh_token"),
                ["token_endpoint_auth_methods_supported"] = new JsonArray("client_secret_basic", "client_secret_post", "none"),
                ["code_challenge_methods_supported"] = new JsonArray("S256"),
                ["authorization_response_iss_parameter_supported"] = true,
            }.ToJsonString(),
            "application/json");
    }
}
