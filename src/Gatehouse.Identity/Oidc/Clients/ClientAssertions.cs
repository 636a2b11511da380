using System.Runtime.CompilerServices;
using Gatehouse.Identity.Oidc.Proofs;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc.Clients;

/// <summary>Authenticates clients by assertions that they signed with a registered key (<c>private_key_jwt</c>: RFC 7523 §3, OpenID Connect Core §9).</summary>
internal sealed class ClientAssertions(UsedProofs used, PublicUrls urls, TimeProvider clock)
{
    public const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    private const int LongestId = 256;

    // Long enough for any clock, short enough that the memory of used ones stays small.
    private static readonly TimeSpan LongestLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);

    private readonly ConditionalWeakTable<Client, IReadOnlyList<PublicJwk>> known = [];

    /// <summary>The client that <paramref name="assertion"/> says it is of; null when it is no such assertion.</summary>
    public static string? ClaimedClient(string assertion) =>
        SignedJson.Read(assertion) is { } signed && signed.Text("sub") is { } subject && signed.Text("iss") == subject ? subject : null;

    /// <summary>Why <paramref name="assertion"/> does not prove that the caller of <paramref name="request"/> is <paramref name="client"/>; null when it does.</summary>
    public async Task<string?> FaultAsync(Client client, string assertion, HttpRequest request, CancellationToken cancellationToken)
    {
        if (SignedJson.Read(assertion) is not { } signed)
        {
            return "the assertion is malformed";
        }

        var keys = known.GetValue(client, c => PublicJwk.ReadSet(c.Provider.Jwks, out _) ?? []);
        if (!keys.Any(k => (signed.KeyId is null || k.KeyId is null || k.KeyId == signed.KeyId) && signed.IsSignedBy(k)) || !IsRegistered(client, signed.Algorithm))
        {
            return "no registered key signed the assertion, or it has another algorithm than registered";
        }

        if (ClaimFault(client, signed, request, clock.GetUtcNow()) is { } fault)
        {
            return fault;
        }

        return await used.TryUseAsync("client assertion", client.Provider.ClientId, signed.Text("jti")!, signed.Instant("exp")!.Value + Skew, cancellationToken) // checked
            ? null
            : "the assertion was used before";
    }

    private string? ClaimFault(Client client, SignedJson signed, HttpRequest request, DateTimeOffset now) => signed switch
    {
        _ when signed.Text("iss") != client.Provider.ClientId || signed.Text("sub") != client.Provider.ClientId => "iss and sub are not the client's id",
        _ when !signed.Texts("aud").Any(a => a == client.Issuer(urls) || a == $"{urls.Identity}/application/o/token/" || a == urls.Identity + request.Path.Value) => "the audience is another",
        _ when signed.Instant("exp") is not { } end || end <= now || end > now + LongestLife => "it has no end, has ended, or ends more than an hour from now",
        _ when signed.Instant("nbf") > now + Skew || signed.Instant("iat") > now + Skew => "it is from the future",
        _ when signed.Text("jti") is not { Length: <= LongestId } => "the jti is missing or too long",
        _ => null,
    };

    // What a client registered is what it has to use (RFC 7591 §2, token_endpoint_auth_signing_alg).
    private static bool IsRegistered(Client client, string algorithm) =>
        Client.MetadataOf(client.Provider, "token_endpoint_auth_signing_alg") is not { } registered || registered == algorithm;
}
