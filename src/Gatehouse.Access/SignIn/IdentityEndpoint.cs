using System.Text.Json.Nodes;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>GET <c>/cdn-cgi/access/get-identity</c>: what Access knows of the caller. Nothing the provider issued is kept, so no token of it can be in here.</summary>
internal sealed class IdentityEndpoint(RequestTokens tokens, TimeProvider clock)
{
    /// <summary>Answers for <paramref name="host"/>; null means the team domain.</summary>
    public async Task<IResult> HandleAsync(HttpContext context, AccessTable table, string? host)
    {
        SecurityHeaders.NoStore(context.Response);
        await foreach (var (token, session) in tokens.AllAsync(context, table, host))
        {
            // A service's cookie tells nothing any more once the token behind it does not count.
            if (token.ServiceTokenId is { } id && ServiceOf(table, id)?.StateAt(clock.GetUtcNow(), token.SecretVersion) != ServiceTokenState.Good)
            {
                continue;
            }

            return Results.Text(Body(table, token, session).ToJsonString(), "application/json");
        }

        return Refused(RequestTokens.HasAny(context.Request) ? "invalid or expired app token" : "no app token set");
    }

    private static ServiceTokenEntry? ServiceOf(AccessTable table, string? clientId) => clientId is null ? null : table.ServiceTokens.GetValueOrDefault(clientId);

    private static IResult Refused(string words) =>
        Results.Text(new JsonObject { ["err"] = words }.ToJsonString(), "application/json", statusCode: StatusCodes.Status400BadRequest);

    private static JsonObject Body(AccessTable table, VerifiedToken token, AccessSession? session)
    {
        var body = session is null ? new JsonObject { ["iat"] = token.IssuedAt.ToUnixTimeSeconds() } : Person(table, session);
        if (session is not null && CustomClaims.AttributesOf(table, session) is { } attributes)
        {
            body["saml_attributes"] = attributes;
        }

        body["account_id"] = table.Organization.Id;
        body["auth_status"] = "NONE";
        body["common_name"] = token.CommonName ?? "";
        body["service_token_id"] = ServiceOf(table, token.ServiceTokenId)?.Token.Id.ToString() ?? "";
        body["service_token_status"] = token.ServiceTokenId is not null;
        body["is_warp"] = false;
        body["is_gateway"] = false;
        body["gateway_account_id"] = "";
        body["device_id"] = "";
        body["device_sessions"] = new JsonObject();
        body["devicePosture"] = new JsonObject();
        body["mtls_auth"] = new JsonObject
        {
            ["cert_issuer_ski"] = "",
            ["cert_presented"] = false,
            ["cert_serial"] = "",
            ["cert_issuer_dn"] = "",
            ["auth_status"] = "NONE",
        };
        body["version"] = 2;
        return body;
    }

    private static JsonObject Person(AccessTable table, AccessSession session) => new()
    {
        ["id"] = session.Subject,
        ["name"] = session.Name,
        ["email"] = session.Email,
        ["groups"] = JsonNode.Parse(session.GroupsJson),
        ["amr"] = new JsonArray([.. session.Amr.Select(a => JsonValue.Create(a))]),
        ["idp"] = new JsonObject
        {
            ["id"] = session.LoginMethodId.ToString(),
            ["type"] = table.LoginMethods.FirstOrDefault(m => m.Method.Id == session.LoginMethodId)?.Method.Type ?? "oidc",
        },
        ["user_uuid"] = session.UserId.ToString(),
        ["iat"] = session.CreatedAt.ToUnixTimeSeconds(),
        ["ip"] = session.Address,
        ["oidc_fields"] = CustomClaims.AllOf(table, session),
    };
}
