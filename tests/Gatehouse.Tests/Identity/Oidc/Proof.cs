using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Gatehouse.Tests.Identity.Oidc;

/// <summary>A key of a client, and what it signs.</summary>
internal sealed class Proof : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public JsonObject Jwk
    {
        get
        {
            var q = key.ExportParameters(includePrivateParameters: false).Q;
            return new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["x"] = WebEncoders.Base64UrlEncode(q.X!), ["y"] = WebEncoders.Base64UrlEncode(q.Y!) };
        }
    }

    public string Thumbprint => WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.UTF8.GetBytes(
        $$"""{"crv":"P-256","kty":"EC","x":"{{Jwk["x"]}}","y":"{{Jwk["y"]}}"}""")));

    public string KeySet => new JsonObject { ["keys"] = new JsonArray(Jwk) }.ToJsonString();

    /// <summary>The private half, which nobody may send.</summary>
    public string D => WebEncoders.Base64UrlEncode(key.ExportParameters(includePrivateParameters: true).D!);

    /// <summary>Signs any header and payload.</summary>
    public string Sign(JsonObject header, JsonObject payload)
    {
        var text = $"{Encode(header)}.{Encode(payload)}";
        return $"{text}.{WebEncoders.Base64UrlEncode(key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256))}";
    }

    /// <summary>A DPoP proof that is fine, with changes.</summary>
    public string Dpop(OidcHost host, Action<JsonObject, JsonObject>? change = null, string method = "POST", string path = "/application/o/token/", string? token = null)
    {
        var header = new JsonObject { ["typ"] = "dpop+jwt", ["alg"] = "ES256", ["jwk"] = Jwk };
        var payload = new JsonObject
        {
            ["jti"] = Guid.CreateVersion7().ToString(),
            ["htm"] = method,
            ["htu"] = host.Urls.Identity + path,
            ["iat"] = host.Clock.GetUtcNow().ToUnixTimeSeconds(),
        };
        if (token is not null)
        {
            payload["ath"] = WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(token)));
        }

        change?.Invoke(header, payload);
        return Sign(header, payload);
    }

    /// <summary>A client assertion that is fine, with changes.</summary>
    public string Assertion(OidcHost host, Action<JsonObject, JsonObject>? change = null, string clientId = Seed.ClientId)
    {
        var now = host.Clock.GetUtcNow().ToUnixTimeSeconds();
        var header = new JsonObject { ["alg"] = "ES256" };
        var payload = new JsonObject
        {
            ["iss"] = clientId,
            ["sub"] = clientId,
            ["aud"] = "https://auth.example.test/application/o/app-a/",
            ["jti"] = Guid.CreateVersion7().ToString(),
            ["iat"] = now,
            ["exp"] = now + 60,
        };
        change?.Invoke(header, payload);
        return Sign(header, payload);
    }

    public void Dispose() => key.Dispose();

    private static string Encode(JsonObject json) => WebEncoders.Base64UrlEncode(JsonSerializer.SerializeToUtf8Bytes(json));
}
