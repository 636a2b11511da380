using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Policies;

namespace Gatehouse.Access.SignIn.Mfa;

/// <summary>What a page about second factors asks for.</summary>
internal enum MfaStep
{
    /// <summary>A proof by an authenticator that is enrolled.</summary>
    Prove,

    /// <summary>A new authenticator.</summary>
    Enrol,

    /// <summary>Nothing; one of the list may be removed.</summary>
    List,
}

/// <summary>A page about second factors that waits for its answer: good in one session, for one answer. A class, so that it is never printed.</summary>
internal sealed class MfaState
{
    /// <summary>Its one-time id.</summary>
    public required string Id { get; init; }

    /// <summary>The session that is asked.</summary>
    public required string SessionNonce { get; init; }

    /// <summary>What is asked for.</summary>
    public required MfaStep Step { get; init; }

    /// <summary>The kinds that are offered.</summary>
    public required MfaMethods Methods { get; init; }

    /// <summary>The challenge that WebAuthn's answer must repeat.</summary>
    public required byte[] Challenge { get; init; }

    /// <summary>The secret that a new authenticator app is shown; null when none is.</summary>
    public byte[]? Secret { get; init; }

    /// <summary>Where the person is going; null when they look after their authenticators.</summary>
    public WayState? Way { get; init; }

    /// <summary>The kinds that count there.</summary>
    public MfaMethods Allowed { get; init; }

    /// <summary>The kind of which somebody came to remove one, and goes back to the list; null when they did not.</summary>
    public MfaMethods? Removes { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Seals what such pages carry, so that looking at one stores nothing.</summary>
internal sealed class MfaStates(ISecretBox box, TimeProvider clock)
{
    /// <summary>How long a page may be looked at before it is answered.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    private const string Purpose = "access mfa page v1";
    private const int ChallengeSize = 32;
    private const int Longest = 16 * 1024;

    /// <summary>A challenge that nobody can guess.</summary>
    public static byte[] NewChallenge() => RandomNumberGenerator.GetBytes(ChallengeSize);

    /// <summary>Seals a page.</summary>
    public string Seal(MfaState state) => Base64Url.EncodeToString(box.Seal(JsonSerializer.SerializeToUtf8Bytes(state, MfaJson.Default.MfaState), Purpose));

    /// <summary>Opens a page; null when it is not ours or too old.</summary>
    public MfaState? Open(string text) =>
        text.Length is > 0 and <= Longest && Base64Url.IsValid(text) && box.Open(Base64Url.DecodeFromChars(text), Purpose) is { } plain
        && JsonSerializer.Deserialize(plain, MfaJson.Default.MfaState) is { } state && state.ExpiresAt > clock.GetUtcNow()
            ? state
            : null;
}

[JsonSerializable(typeof(MfaState))]
internal sealed partial class MfaJson : JsonSerializerContext;
