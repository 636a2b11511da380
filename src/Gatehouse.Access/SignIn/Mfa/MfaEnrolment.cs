using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using Gatehouse.Model.Authenticators;
using Gatehouse.Model.Authenticators.WebAuthn;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Sessions;

namespace Gatehouse.Access.SignIn.Mfa;

/// <summary>Makes authenticators of what people answer to the page that offers to enrol one. To enrol is to prove: the new one was at hand.</summary>
internal sealed class MfaEnrolment(IAccessAuthenticators authenticators, MfaProof proof, ISecretBox box, TimeProvider clock)
{
    private const int LongestName = 64;
    private const string NotTaken = "This authenticator was not accepted. Try again, or use another one.";
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>An authenticator app, which shows by a code that it has the secret.</summary>
    public async Task<MfaResult> AppAsync(MfaState state, AccessSession session, string typed, string name, CancellationToken cancellationToken)
    {
        if (state.Secret is not { } secret || !state.Methods.HasFlag(MfaMethods.Totp))
        {
            return new MfaResult.Refused(MfaMethods.Totp, "an authenticator app was not offered", NotTaken);
        }

        var now = clock.GetUtcNow();
        if (Totp.StepOf(MfaProof.Digits(typed), secret, AccessTotp.Digits, now, burnt: 0) is not { } step)
        {
            return new MfaResult.Refused(MfaMethods.Totp, "the code is not of the secret that was shown", "That code does not match. Check that the clock of your device is right, and scan the code that is shown now.");
        }

        return await KeepAsync(
            state,
            new AccessTotp
            {
                Id = Guid.CreateVersion7(now),
                UserId = session.UserId,
                Name = NameOr(name, "Authenticator app"),
                SealedSecret = box.Seal(secret, SecretPurposes.AccessTotpSecret),
                LastStep = step, // the code that enrols is burnt as any other
                CreatedAt = now,
                LastUsedAt = now,
            },
            "You have an authenticator app already. Remove it first.",
            cancellationToken);
    }

    /// <summary>A security key, or the reader of a device.</summary>
    public async Task<MfaResult> KeyAsync(MfaState state, AccessSession session, MfaMethods method, string posted, string name, CancellationToken cancellationToken)
    {
        if (!state.Methods.HasFlag(method))
        {
            return new MfaResult.Refused(method, "that kind was not offered", NotTaken);
        }

        if (!Reads(state, method, posted, out var made, out var refused))
        {
            return refused;
        }

        var isBiometric = method == MfaMethods.Biometrics;
        return await KeepAsync(state, Of(made, session, isBiometric, NameOr(name, isBiometric ? "Biometrics" : "Security key")), "This authenticator is enrolled already, or you have too many.", cancellationToken);
    }

    // All that takes no look at what is stored.
    private bool Reads(MfaState state, MfaMethods method, string posted, [NotNullWhen(true)] out NewCredential? made, [NotNullWhen(false)] out MfaResult.Refused? refused)
    {
        made = null;
        var isBiometric = method == MfaMethods.Biometrics;
        try
        {
            using var document = JsonDocument.Parse(posted, Strict);
            made = Registration.Read(document.RootElement, proof.Party, mustVerifyUser: isBiometric);
            refused = !CryptographicOperations.FixedTimeEquals(made.Challenge, state.Challenge) ? new MfaResult.Refused(method, "the challenge is not of this page", NotTaken)
                : IsOther(document.RootElement, isBiometric ? "platform" : "cross-platform")
                    ? new MfaResult.Refused(method, "the browser says that it is an authenticator of the other kind", isBiometric ? "That was a security key. Enrol it as one." : "That was this device itself. Enrol it as biometrics.")
                : null;
        }
        catch (Exception fault) when (fault is MalformedException or JsonException or InvalidOperationException)
        {
            refused = new MfaResult.Refused(method, fault is MalformedException ? fault.Message : "the answer can't be read", (fault as MalformedException)?.Advice ?? NotTaken);
        }

        return refused is null;
    }

    private AccessCredential Of(NewCredential made, AccessSession session, bool isBiometric, string name)
    {
        var now = clock.GetUtcNow();
        return new AccessCredential
        {
            Id = Guid.CreateVersion7(now),
            UserId = session.UserId,
            Name = name,
            IsBiometric = isBiometric,
            CredentialId = made.Id,
            PublicKey = made.PublicKey,
            SignCount = made.SignCount,
            Transports = made.Transports,
            Aaguid = made.Aaguid,
            IsBackupEligible = made.IsBackupEligible,
            IsBackedUp = made.IsBackedUp,
            RpId = proof.Party.Id,
            CreatedAt = now,
            LastUsedAt = now,
        };
    }

    // Burnt first: an answer that is sent twice adds nothing twice.
    private async Task<MfaResult> KeepAsync(MfaState state, AccessAuthenticator made, string taken, CancellationToken cancellationToken)
    {
        var once = await proof.OnceAsync(state, made, cancellationToken);
        return once is MfaResult.Right && !await authenticators.TryAddAsync(made, cancellationToken)
            ? new MfaResult.Refused(made.Method, "the person has one of that kind already, or too many, or the credential is known", taken)
            : once;
    }

    // The browser's word, and so a courtesy only: what counts is whether the person is verified.
    private static bool IsOther(JsonElement posted, string wanted) =>
        posted.TryGetProperty("authenticatorAttachment", out var said) && said.ValueKind == JsonValueKind.String && !said.ValueEquals(wanted);

    private static string NameOr(string given, string usual)
    {
        var plain = new string([.. given.Select(c => char.IsControl(c) ? ' ' : c).Where(c => !char.IsSurrogate(c))]).Trim();
        return plain.Length == 0 ? usual : plain.Length > LongestName ? plain[..LongestName] : plain;
    }
}
