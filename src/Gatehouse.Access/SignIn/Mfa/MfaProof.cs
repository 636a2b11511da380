using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Authenticators.WebAuthn;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;

namespace Gatehouse.Access.SignIn.Mfa;

/// <summary>What came of an answer to a page about second factors. A closed set.</summary>
internal abstract record MfaResult
{
    private MfaResult()
    {
    }

    /// <summary>It holds.</summary>
    public sealed record Right(AccessAuthenticator By) : MfaResult;

    /// <summary>It does not.</summary>
    /// <param name="Method">The kind that was tried.</param>
    /// <param name="Reason">For the log.</param>
    /// <param name="Advice">For the person.</param>
    public sealed record Refused(MfaMethods Method, string Reason, string Advice) : MfaResult
    {
        /// <summary>The key whose counter went back; null for any other fault.</summary>
        public AccessAuthenticator? Cloned { get; init; }
    }

    /// <summary>Not looked at: too many wrong answers came before it.</summary>
    public sealed record TooSoon(TimeSpan Wait) : MfaResult;
}

/// <summary>Judges proofs by authenticators that people enrolled at Access: codes, each once, and WebAuthn.</summary>
internal sealed class MfaProof(IAccessAuthenticators authenticators, IAccessSessions sessions, ISecretBox box, PublicUrls urls, TimeProvider clock)
{
    private const int LongestCode = 20;
    private const string TryAgain = "Your security key or device was not accepted. Try again, or use another way.";
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>Who people prove themselves to here: the team domain.</summary>
    public RelyingParty Party { get; } = new(urls.AccessHost, urls.Access);

    /// <summary>Whether <paramref name="own"/> can prove anything here: a key made for a host that Access had before can't.</summary>
    public bool Works(AccessAuthenticator own) => own is not AccessCredential key || key.RpId == Party.Id;

    /// <summary>A code of the person's app.</summary>
    public async Task<MfaResult> CodeAsync(MfaState state, IReadOnlyList<AccessAuthenticator> own, string typed, CancellationToken cancellationToken)
    {
        var code = Digits(typed);
        if (!state.Methods.HasFlag(MfaMethods.Totp) || own.OfType<AccessTotp>().FirstOrDefault() is not { } app)
        {
            return new MfaResult.Refused(MfaMethods.Totp, "the person has no authenticator app, or it is not taken here", "That code is not right.");
        }

        if (await authenticators.BeginTryAsync(app, cancellationToken) is { } wait)
        {
            return new MfaResult.TooSoon(wait);
        }

        var secret = box.Open(app.SealedSecret, SecretPurposes.AccessTotpSecret) ?? throw new InvalidOperationException("a stored secret of an authenticator app can't be opened");
        var step = Totp.StepOf(code, secret, AccessTotp.Digits, clock.GetUtcNow(), app.LastStep);
        return step is null || !await authenticators.TryBurnAsync(app, step.Value, cancellationToken)
            ? new MfaResult.Refused(MfaMethods.Totp, "the code is wrong, or was used before", "That code is not right, or it was used already. Wait for the next one.")
            : await OnceAsync(state, app, cancellationToken);
    }

    /// <summary>A proof by one of the person's keys.</summary>
    public async Task<MfaResult> KeyAsync(MfaState state, AccessSession session, IReadOnlyList<AccessAuthenticator> own, string posted, CancellationToken cancellationToken)
    {
        if (!Holds(state, session, own, posted, out var key, out var proof, out var refused))
        {
            return refused;
        }

        // Burnt before the counter is looked at: a form that is sent twice is no copy of the key.
        var once = await OnceAsync(state, key, cancellationToken);
        return once is not MfaResult.Right ? once
            : proof.IsCloned(key) ? Refuse(key.Method, "the signature counter did not move on: the key may have been copied") with { Cloned = key }
            : await authenticators.TryMoveAsync(key, proof.Data.SignCount, proof.Data.IsBackedUp, cancellationToken) ? once
            : Refuse(key.Method, "another proof by this key came first");
    }

    // All that takes no look at what is stored.
    private bool Holds(
        MfaState state, AccessSession session, IReadOnlyList<AccessAuthenticator> own, string posted,
        [NotNullWhen(true)] out AccessCredential? key, [NotNullWhen(true)] out Assertion? proof, [NotNullWhen(false)] out MfaResult.Refused? refused)
    {
        (key, proof) = (null, null);
        try
        {
            using var document = JsonDocument.Parse(posted, Strict);
            var read = proof = Assertion.Read(document.RootElement, Party, mustVerifyUser: false);
            key = own.OfType<AccessCredential>().FirstOrDefault(k => k.CredentialId == read.CredentialId);
            refused = key is null ? Refuse(MfaMethods.SecurityKey, "the person has no such credential")
                : FaultOf(state, session, key, read) is { } fault ? Refuse(key.Method, fault)
                : null;
        }
        catch (Exception fault) when (fault is MalformedException or JsonException or InvalidOperationException)
        {
            refused = Refuse(MfaMethods.SecurityKey, fault is MalformedException ? fault.Message : "the answer can't be read");
        }

        return refused is null;
    }

    private string? FaultOf(MfaState state, AccessSession session, AccessCredential key, Assertion proof) => key switch
    {
        _ when !CryptographicOperations.FixedTimeEquals(proof.Challenge, state.Challenge) => "the challenge is not of this page",
        _ when !state.Methods.HasFlag(key.Method) => $"a proof by {key.Method.Label()} is not taken here",
        _ when proof.UserHandle is { } handle && handle != HandleOf(session.UserId) => "the authenticator names another user",
        { IsBiometric: true } when !proof.Data.IsUserVerified => "the person was not verified",
        _ => proof.FaultAgainst(key, Party),
    };

    /// <summary>A page is answered once: what it led to was for that visit.</summary>
    public async Task<MfaResult> OnceAsync(MfaState state, AccessAuthenticator by, CancellationToken cancellationToken) =>
        await sessions.TryBurnAsync(state.Id, state.ExpiresAt, cancellationToken)
            ? new MfaResult.Right(by)
            : new MfaResult.Refused(by.Method, "the page was answered before", "This page was answered already. Prove yourself once more.");

    /// <summary>How authenticators know a person.</summary>
    public static string HandleOf(Guid userId) => userId.ToString("N");

    /// <summary>What was typed, without the spaces that apps show; empty when it is too long for a code.</summary>
    public static string Digits(string typed) => typed.Length > LongestCode ? "" : string.Concat(typed.Where(c => !char.IsWhiteSpace(c) && c != '-'));

    private static MfaResult.Refused Refuse(MfaMethods method, string reason) => new(method, reason, TryAgain);
}
