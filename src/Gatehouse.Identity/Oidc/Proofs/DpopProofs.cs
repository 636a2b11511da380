using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc.Proofs;

/// <summary>What the <c>DPoP</c> header of a request proved.</summary>
internal abstract record DpopResult
{
    private DpopResult()
    {
    }

    /// <summary>There is no such header.</summary>
    public sealed record Absent : DpopResult;

    /// <summary>Possession of the key with this thumbprint.</summary>
    public sealed record Proved(string Thumbprint) : DpopResult;

    /// <summary>Nothing.</summary>
    public sealed record Refused(string Reason) : DpopResult;
}

/// <summary>Checks proofs of possession (RFC 9449 §4.3).</summary>
internal sealed class DpopProofs(UsedProofs used, PublicUrls urls, TimeProvider clock)
{
    public const string Header = "DPoP";

    private const int LongestId = 256;
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(60);

    /// <summary>Checks the header for a request to <paramref name="request"/>'s path. <paramref name="accessToken"/>: the token it comes with, if any.</summary>
    public async Task<DpopResult> CheckAsync(HttpRequest request, string? accessToken, CancellationToken cancellationToken)
    {
        var sent = request.Headers[Header];
        if (sent.Count == 0)
        {
            return new DpopResult.Absent();
        }

        if (sent.Count > 1 || sent[0] is not { } text || SignedJson.Read(text) is not { } proof)
        {
            return new DpopResult.Refused("the proof is malformed, or there are two");
        }

        if (SignedJson.Text(proof.Header, "typ") != "dpop+jwt" || !proof.Header.TryGetProperty("jwk", out var jwk))
        {
            return new DpopResult.Refused("the proof has another type, or no key");
        }

        if (PublicJwk.Read(jwk, out var keyFault) is not { } key)
        {
            return new DpopResult.Refused(keyFault);
        }

        if (Fault(proof, request, accessToken) is { } fault)
        {
            return new DpopResult.Refused(fault);
        }

        if (!proof.IsSignedBy(key))
        {
            return new DpopResult.Refused("the signature is wrong, or of an algorithm that does not fit the key");
        }

        // Twice the tolerance: a clock that is ahead makes proofs that are fresh for longer.
        var isFirst = await used.TryUseAsync("dpop", key.Thumbprint, proof.Text("jti")!, clock.GetUtcNow() + (2 * Tolerance), cancellationToken); // checked
        return isFirst ? new DpopResult.Proved(key.Thumbprint) : new DpopResult.Refused("the proof was shown before");
    }

    private string? Fault(SignedJson proof, HttpRequest request, string? accessToken)
    {
        if (proof.Text("jti") is not { Length: <= LongestId })
        {
            return "the jti is missing or too long";
        }

        if (proof.Text("htm") != request.Method)
        {
            return "the method (htm) is another";
        }

        // Without query and fragment (RFC 9449 §4.3); from our settings, since a proxy may have changed the request's own.
        if (proof.Text("htu") is not { } htu || !IsSame(htu, urls.Identity + request.Path.Value))
        {
            return "the URL (htu) is another";
        }

        var now = clock.GetUtcNow();
        if (proof.Instant("iat") is not { } made || made < now - Tolerance || made > now + Tolerance)
        {
            return "the proof is not fresh (iat)";
        }

        return accessToken is not null && proof.Text("ath") != Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)))
            ? "the proof was made for another access token (ath)"
            : null;
    }

    private static bool IsSame(string offered, string wanted) =>
        Uri.TryCreate(offered, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && Uri.TryCreate(wanted, UriKind.Absolute, out var ours)
        && uri.Scheme == ours.Scheme && uri.IdnHost == ours.IdnHost && uri.Port == ours.Port && uri.AbsolutePath == ours.AbsolutePath;
}
