using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Model.Keys;

namespace Gatehouse.Access.Saas;

/// <summary>What a client was granted: a code or a refresh token. Good for one use. A class, so that it is never printed.</summary>
internal sealed class SaasGrantState
{
    public required string Id { get; init; }

    /// <summary>AUD tag of the application.</summary>
    public required string Aud { get; init; }

    /// <summary>The application's token epoch: all of before are ended together.</summary>
    public required int Epoch { get; init; }

    /// <summary>The session that was made for the client.</summary>
    public required string SessionNonce { get; init; }

    public required List<string> Scopes { get; init; }

    /// <summary>When the person signed in.</summary>
    public required DateTimeOffset SignedInAt { get; init; }

    /// <summary>Where the code was sent; empty in a refresh token.</summary>
    public string RedirectUri { get; init; } = "";

    /// <summary>S256 (RFC 7636); null when the client did without.</summary>
    public string? Challenge { get; init; }

    /// <summary>Whether PKCE was used: only then may the client do without its secret.</summary>
    public bool WasProved { get; init; }

    /// <summary>What the ID token repeats; null in a refresh token.</summary>
    public string? Nonce { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Seals codes and refresh tokens, so that nothing of them is stored but that they were used.</summary>
internal sealed class SaasStates(ISecretBox box, TimeProvider clock)
{
    private const string CodePurpose = "access saas code v1";
    private const string RefreshPurpose = "access saas refresh v1";
    private const int Longest = 8192;

    public string SealCode(SaasGrantState code) => Seal(code, CodePurpose);

    public SaasGrantState? OpenCode(string text) => Open(text, CodePurpose);

    public string SealRefresh(SaasGrantState grant) => Seal(grant, RefreshPurpose);

    public SaasGrantState? OpenRefresh(string text) => Open(text, RefreshPurpose);

    /// <summary>The one-time id of a grant.</summary>
    public static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    private string Seal(SaasGrantState grant, string purpose) => Base64Url.EncodeToString(box.Seal(JsonSerializer.SerializeToUtf8Bytes(grant, SaasJson.Default.SaasGrantState), purpose));

    private SaasGrantState? Open(string text, string purpose) =>
        text.Length is > 0 and <= Longest && Base64Url.IsValid(text) && box.Open(Base64Url.DecodeFromChars(text), purpose) is { } plain
        && JsonSerializer.Deserialize(plain, SaasJson.Default.SaasGrantState) is { } grant && grant.ExpiresAt > clock.GetUtcNow()
            ? grant
            : null;
}

[JsonSerializable(typeof(SaasGrantState))]
internal sealed partial class SaasJson : JsonSerializerContext;
