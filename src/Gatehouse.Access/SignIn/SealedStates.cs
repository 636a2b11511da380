using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Access.SignIn.Testing;
using Gatehouse.Model.Keys;

namespace Gatehouse.Access.SignIn;

/// <summary>A sign-in on its way through the identity provider: what comes back as <c>state</c>. A class, so that it is never printed.</summary>
internal sealed class LoginState
{
    /// <summary>Its one-time id.</summary>
    public required string Id { get; init; }

    /// <summary>AUD tag of the app.</summary>
    public required string Aud { get; init; }

    /// <summary>Host of the app that was asked for.</summary>
    public required string Host { get; init; }

    /// <summary>Path and query to come back to.</summary>
    public required string ReturnTo { get; init; }

    /// <summary>Hash of CF_AppSession on the app host.</summary>
    public required string AppSessionHash { get; init; }

    /// <summary>Hash of __Host-CF_Session on the team domain.</summary>
    public required string BrowserHash { get; init; }

    /// <summary>Common name of the client certificate on the app host; null when there was none.</summary>
    public string? CommonName { get; init; }

    /// <summary>The login method.</summary>
    public required Guid LoginMethodId { get; init; }

    /// <summary>What the ID token must repeat.</summary>
    public required string Nonce { get; init; }

    /// <summary>Whether it only tries the login method: no app, no policy, no session.</summary>
    public bool IsTest { get; init; }

    /// <summary>Whether it is for the App Launcher, and so for no app.</summary>
    public bool IsLauncher { get; init; }

    /// <summary>Canonical address of the person whose identity is asked for anew; null when it is a sign-in.</summary>
    public string? RefreshOf { get; init; }

    /// <summary>What its hops say, when it is tried; does not travel.</summary>
    [JsonIgnore]
    public SignInTrace? Trace { get; set; }

    /// <summary>SHA-256 of it and of what the login method answered; null until it has. Does not travel.</summary>
    [JsonIgnore]
    public string? RoundTrip { get; set; }

    /// <summary>Canonical address that a code was sent to; null when the sign-in is no such one.</summary>
    public string? PinEmail { get; init; }

    /// <summary>Whether the login method was asked not to be content with a session it has.</summary>
    public bool AsksAnew { get; init; }

    /// <summary>PKCE verifier; null when the login method does without.</summary>
    public string? CodeVerifier { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>What is known of a person who comes from the login page.</summary>
internal enum SignInProof
{
    /// <summary>They had a session.</summary>
    Known,

    /// <summary>A login method answered for them just now, and may have let them pass with an earlier sign-in.</summary>
    Answered,

    /// <summary>They proved just now who they are.</summary>
    Anew,
}

/// <summary>A finished sign-in on its way to the app host. A class, so that it is never printed.</summary>
internal sealed class HandOffState
{
    /// <summary>Its one-time id: the <c>nonce</c> beside it must be this.</summary>
    public required string Id { get; init; }

    /// <summary>The session.</summary>
    public required string SessionNonce { get; init; }

    /// <summary>AUD tag of the app.</summary>
    public required string Aud { get; init; }

    /// <summary>Host it is for.</summary>
    public required string Host { get; init; }

    /// <summary>Path and query to go to.</summary>
    public required string ReturnTo { get; init; }

    /// <summary>Hash of CF_AppSession on the app host.</summary>
    public required string AppSessionHash { get; init; }

    /// <summary>The sealed round through the app's other hosts that this is a stop of; null when it is none.</summary>
    public string? Round { get; init; }

    /// <summary>How the person got here.</summary>
    public SignInProof Proof { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>A sign-in that is carried to an app's other hosts, one after the other, and then to where it was wanted.</summary>
internal sealed class EagerRound
{
    /// <summary>AUD tag of the app.</summary>
    public required string Aud { get; init; }

    /// <summary>The hosts that are left, each with a path that the app covers there.</summary>
    public required List<string> Stops { get; init; }

    /// <summary>The URL in the end.</summary>
    public required string Final { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>A question for the purpose that waits for its answer. A class, so that it is never printed.</summary>
internal sealed class WayState
{
    /// <summary>The session that is asked.</summary>
    public required string SessionNonce { get; init; }

    /// <summary>The policy that asks.</summary>
    public required Guid PolicyId { get; init; }

    /// <summary>Its one-time id.</summary>
    public required string Id { get; init; }

    /// <summary>AUD tag of the app.</summary>
    public required string Aud { get; init; }

    /// <summary>Hash of CF_AppSession on the app host.</summary>
    public required string AppSessionHash { get; init; }

    /// <summary>Common name of the client certificate on the app host; null when there was none.</summary>
    public string? CommonName { get; init; }

    /// <summary>Host of the app.</summary>
    public required string Host { get; init; }

    /// <summary>Path and query to come back to.</summary>
    public required string ReturnTo { get; init; }

    /// <summary>When they came to the team domain on their way there.</summary>
    public required DateTimeOffset BegunAt { get; init; }

    /// <summary>How the person got to the question.</summary>
    public SignInProof Proof { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>The link that an approver was sent. A class, so that it is never printed.</summary>
internal sealed class ApproverState
{
    /// <summary>What it answers.</summary>
    public required Guid RequestId { get; init; }

    /// <summary>Canonical address of the approver.</summary>
    public required string Approver { get; init; }

    /// <summary>When it ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Seals what travels through the browser, so that nothing is stored for a visitor who has not signed in.</summary>
internal sealed class SealedStates(ISecretBox box, TimeProvider clock)
{
    private const string LoginPurpose = "access login state v1";
    private const string HandOffPurpose = "access hand-off v1";
    private const string PurposePurpose = "access purpose form v1";
    private const string ApproverPurpose = "access approver link v1";
    private const string RoundPurpose = "access eager round v1";
    private const int Longest = 8192;

    /// <summary>Seals a round.</summary>
    public string Seal(EagerRound round) => Base64Url.EncodeToString(box.Seal(JsonSerializer.SerializeToUtf8Bytes(round, StateJson.Default.EagerRound), RoundPurpose));

    /// <summary>Opens a round; null when it is not ours or too old.</summary>
    public EagerRound? OpenRound(string text) =>
        Open(text, RoundPurpose) is { } plain && JsonSerializer.Deserialize(plain, StateJson.Default.EagerRound) is { } round && round.ExpiresAt > clock.GetUtcNow() ? round : null;

    /// <summary>Seals a sign-in.</summary>
    public string Seal(LoginState state) => Base64Url.EncodeToString(box.Seal(JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Default.LoginState), LoginPurpose));

    /// <summary>Seals a hand-off.</summary>
    public string Seal(HandOffState state) => Base64Url.EncodeToString(box.Seal(JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Default.HandOffState), HandOffPurpose));

    /// <summary>Seals a question for the purpose.</summary>
    public string Seal(WayState state) => Base64Url.EncodeToString(box.Seal(JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Default.WayState), PurposePurpose));

    /// <summary>Seals an approver's link.</summary>
    public string Seal(ApproverState state) => Base64Url.EncodeToString(box.Seal(JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Default.ApproverState), ApproverPurpose));

    /// <summary>Opens a question for the purpose; null when it is not ours or too old.</summary>
    public WayState? OpenPurpose(string text)
    {
        var state = Open(text, PurposePurpose) is { } plain ? JsonSerializer.Deserialize(plain, StateJson.Default.WayState) : null;
        return state is null || state.ExpiresAt <= clock.GetUtcNow() ? null : state;
    }

    /// <summary>Opens an approver's link; null when it is not ours or too old.</summary>
    public ApproverState? OpenApprover(string text)
    {
        var state = Open(text, ApproverPurpose) is { } plain ? JsonSerializer.Deserialize(plain, StateJson.Default.ApproverState) : null;
        return state is null || state.ExpiresAt <= clock.GetUtcNow() ? null : state;
    }

    /// <summary>Opens a sign-in; null when it is not ours. <paramref name="expired"/> tells an old one.</summary>
    public LoginState? OpenLogin(string text, out bool expired)
    {
        var state = Open(text, LoginPurpose) is { } plain ? JsonSerializer.Deserialize(plain, StateJson.Default.LoginState) : null;
        expired = state is not null && state.ExpiresAt <= clock.GetUtcNow();
        return state;
    }

    /// <summary>Opens a hand-off; null when it is not ours or too old.</summary>
    public HandOffState? OpenHandOff(string text)
    {
        var state = Open(text, HandOffPurpose) is { } plain ? JsonSerializer.Deserialize(plain, StateJson.Default.HandOffState) : null;
        return state is null || state.ExpiresAt <= clock.GetUtcNow() ? null : state;
    }

    private byte[]? Open(string text, string purpose) =>
        text.Length is > 0 and <= Longest && Base64Url.IsValid(text) ? box.Open(Base64Url.DecodeFromChars(text), purpose) : null;
}

[JsonSerializable(typeof(LoginState))]
[JsonSerializable(typeof(HandOffState))]
[JsonSerializable(typeof(WayState))]
[JsonSerializable(typeof(ApproverState))]
[JsonSerializable(typeof(EagerRound))]
internal sealed partial class StateJson : JsonSerializerContext;
