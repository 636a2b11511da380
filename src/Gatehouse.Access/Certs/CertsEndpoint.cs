using System.Buffers.Text;
using System.Text.Json.Nodes;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.Certs;

/// <summary>GET <c>/cdn-cgi/access/certs</c>: the public keys of Access's tokens, the current one first.</summary>
internal sealed class CertsEndpoint(TimeProvider clock)
{
    /// <summary>Answers with the keys that are accepted now.</summary>
    public IResult Handle(HttpContext context, AccessTable table)
    {
        var now = clock.GetUtcNow();
        var keys = table.Keys.Where(k => k.ExpiresAt is null || k.ExpiresAt > now).ToList();
        context.Response.Headers.CacheControl = "public, max-age=60";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.Text(
            new JsonObject
            {
                ["keys"] = new JsonArray([.. keys.Select(Key)]),
                ["public_cert"] = keys.Count == 0 ? null : Certificate(keys[0]),
                ["public_certs"] = new JsonArray([.. keys.Select(Certificate)]),
            }.ToJsonString(),
            "application/json");
    }

    /// <summary>The same keys as a plain key set (RFC 7517 §5).</summary>
    public IResult Keys(HttpContext context, AccessTable table)
    {
        var now = clock.GetUtcNow();
        context.Response.Headers.CacheControl = "public, max-age=60";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.Text(
            new JsonObject { ["keys"] = new JsonArray([.. table.Keys.Where(k => k.ExpiresAt is null || k.ExpiresAt > now).Select(Key)]) }.ToJsonString(), "application/json");
    }

    private static JsonObject Key(AccessSigningKey key)
    {
        var numbers = key.Rsa.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["kid"] = key.Kid,
            ["kty"] = "RSA",
            ["alg"] = "RS256",
            ["use"] = "sig",
            ["e"] = Base64Url.EncodeToString(numbers.Exponent),
            ["n"] = Base64Url.EncodeToString(numbers.Modulus),
        };
    }

    private static JsonObject Certificate(AccessSigningKey key) => new() { ["kid"] = key.Kid, ["cert"] = key.CertificatePem };
}
