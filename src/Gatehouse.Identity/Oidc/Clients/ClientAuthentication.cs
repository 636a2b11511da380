using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc.Clients;

/// <summary>Who a client turned out to be.</summary>
internal abstract record ClientResult
{
    private ClientResult()
    {
    }

    /// <summary>It is this one: by its secret, or, a public one, by its word.</summary>
    public sealed record Known(Client Client) : ClientResult;

    /// <summary>It is not let in.</summary>
    public sealed record Refused(OAuthRefusal Refusal) : ClientResult;
}

/// <summary>Authenticates clients: <c>client_secret_basic</c>, <c>client_secret_post</c>, or none for public ones (RFC 6749 §2.3).</summary>
internal sealed class ClientAuthentication(ClientDirectory clients, ISecretBox box)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public async Task<ClientResult> AuthenticateAsync(HttpRequest request, OAuthParameters form, CancellationToken cancellationToken)
    {
        var header = request.Headers.Authorization;
        if (header.Count > 1 || form.FirstRepeated(["client_id", "client_secret"]) is not null)
        {
            return Refused(OAuthRefusal.InvalidRequest("client credentials were sent more than once"));
        }

        if (request.Query.ContainsKey("client_secret"))
        {
            return Refused(OAuthRefusal.InvalidRequest("client_secret stands in the URL"));
        }

        if (form["client_assertion"] is not null || form["client_assertion_type"] is not null)
        {
            return Refused(OAuthRefusal.InvalidClient("client assertions are not supported"));
        }

        if (header.Count == 0)
        {
            return await CheckAsync(form["client_id"], [form["client_secret"]], isBasic: false, cancellationToken);
        }

        if (!TryReadBasic(header[0], out var id, out var secret))
        {
            return Refused(OAuthRefusal.InvalidClient("the Authorization header is no HTTP Basic") with { IsBasicChallenge = true });
        }

        if (form["client_secret"] is not null || (form["client_id"] is { } other && other != id))
        {
            return Refused(OAuthRefusal.InvalidRequest("client credentials stand in both the header and the body"));
        }

        // Certified clients write a space as '+' (RFC 6749 §2.3.1), others leave '+' as it is (authentik's reading): both are taken.
        string?[] readings = secret is null ? [null] : [Uri.UnescapeDataString(secret.Replace('+', ' ')), Uri.UnescapeDataString(secret)];
        return await CheckAsync(id, readings, isBasic: true, cancellationToken);
    }

    private async Task<ClientResult> CheckAsync(string? id, string?[] readings, bool isBasic, CancellationToken cancellationToken)
    {
        if (id is null || await clients.FindAsync(id, cancellationToken) is not { } client)
        {
            return Refused(OAuthRefusal.InvalidClient("no such client") with { IsBasicChallenge = isBasic });
        }

        if (client.Provider.ClientType == ClientType.Public)
        {
            return new ClientResult.Known(client);
        }

        if (!readings.Any(secret => secret is not null && IsSecretOf(client, secret)))
        {
            return Refused(OAuthRefusal.InvalidClient(readings is [null] ? "the client sent no secret" : "wrong client secret") with { IsBasicChallenge = isBasic });
        }

        return new ClientResult.Known(client);
    }

    // Hashes are compared, so that not even the length shows in the time.
    private bool IsSecretOf(Client client, string offered) =>
        box.Open(client.Provider.SealedClientSecret, SecretPurposes.OAuth2ProviderClientSecret) is { Length: > 0 } secret
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(secret), SHA256.HashData(Encoding.UTF8.GetBytes(offered)));

    private static bool TryReadBasic(string? header, [NotNullWhen(true)] out string? id, out string? secret)
    {
        id = null;
        secret = null;
        if (header is null || !header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[6..].Trim(), bytes, out var length))
        {
            return false;
        }

        string text;
        try
        {
            text = StrictUtf8.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1)
        {
            return false;
        }

        id = Uri.UnescapeDataString(text[..colon]);
        secret = text[(colon + 1)..] is { Length: > 0 } sent ? sent : null;
        return true;
    }

    private static ClientResult.Refused Refused(OAuthRefusal refusal) => new(refusal);
}
