using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Providers;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc.Clients;

/// <summary>Who a client turned out to be.</summary>
internal abstract record ClientResult
{
    private ClientResult()
    {
    }

    /// <summary>It is this one: by its secret or key, or, a public one, by its word.</summary>
    public sealed record Known(Client Client) : ClientResult;

    /// <summary>It is not let in.</summary>
    public sealed record Refused(OAuthRefusal Refusal) : ClientResult;
}

/// <summary>
/// Authenticates clients: <c>client_secret_basic</c>, <c>client_secret_post</c>, <c>private_key_jwt</c>, or none for public ones (RFC 6749 §2.3).
/// </summary>
internal sealed class ClientAuthentication(ClientDirectory clients, ClientAssertions assertions)
{
    /// <summary>Reads the credentials in <paramref name="request"/> and checks them.</summary>
    public async Task<ClientResult> AuthenticateAsync(HttpRequest request, OAuthParameters form, CancellationToken cancellationToken)
    {
        var (presented, refusal) = PresentedCredentials.Read(request, form);
        return presented is null ? new ClientResult.Refused(refusal!) : await CheckAsync(presented, request, cancellationToken); // one of the two
    }

    /// <summary>The client that <paramref name="presented"/> names, believed or not; null when there is no such client.</summary>
    public Client? Find(PresentedCredentials presented) => presented.ClientId is { } id ? clients.Find(id) : null;

    /// <summary>Checks credentials.</summary>
    public async Task<ClientResult> CheckAsync(PresentedCredentials presented, HttpRequest request, CancellationToken cancellationToken)
    {
        if (Find(presented) is not { } client)
        {
            return Refused(presented, "no such client");
        }

        if (presented.Assertion is { } assertion)
        {
            return presented.Secrets.Count > 0 ? new ClientResult.Refused(OAuthRefusal.InvalidRequest("the client authenticates in two ways at once"))
                : client.Provider.ClientType == ClientType.Public || client.Provider.Jwks.Length == 0 ? Refused(presented, "the client has no registered keys")
                : await assertions.FaultAsync(client, assertion, request, cancellationToken) is { } fault ? Refused(presented, fault)
                : new ClientResult.Known(client);
        }

        if (client.Provider.ClientType == ClientType.Public)
        {
            return new ClientResult.Known(client);
        }

        return presented.Secrets.Count == 0 ? Refused(presented, "the client sent no secret")
            : !IsSecretOf(client, presented) ? Refused(presented, "wrong client secret")
            : new ClientResult.Known(client);
    }

    /// <summary>Whether one reading of the presented secret is that of <paramref name="client"/>. Clients that registered keys have none that counts.</summary>
    public static bool IsSecretOf(Client client, PresentedCredentials presented)
    {
        if (client.Secret.Length == 0 || client.Provider.AuthMethod == ClientAuthMethod.PrivateKeyJwt)
        {
            return false;
        }

        // Hashes are compared, so that not even the length shows in the time.
        var kept = SHA256.HashData(client.Secret.Span);
        var fits = false;
        foreach (var secret in presented.Secrets)
        {
            fits |= CryptographicOperations.FixedTimeEquals(kept, SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
        }

        return fits;
    }

    private static ClientResult.Refused Refused(PresentedCredentials presented, string reason) =>
        new(OAuthRefusal.InvalidClient(reason) with { IsBasicChallenge = presented.IsBasic });
}
