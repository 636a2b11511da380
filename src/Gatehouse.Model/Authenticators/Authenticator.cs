using Gatehouse.Model.Authenticators.WebAuthn;

namespace Gatehouse.Model.Authenticators;

/// <summary>The classes of authenticator that people can have.</summary>
public enum AuthenticatorClass
{
    /// <summary>Recovery codes.</summary>
    Static,

    /// <summary>An authenticator app (RFC 6238).</summary>
    Totp,

    /// <summary>A security key or passkey.</summary>
    WebAuthn,
}

/// <summary>What all authenticators of a person have in common.</summary>
public abstract class Authenticator
{
    /// <summary>Integer key of the API; made by the database.</summary>
    public int Id { get; init; }

    /// <summary>Its class.</summary>
    public abstract AuthenticatorClass Class { get; }

    /// <summary>Whose it is.</summary>
    public required int UserId { get; init; }

    /// <summary>What its owner calls it.</summary>
    public required string Name { get; set; }

    /// <summary>When it was enrolled.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last renamed.</summary>
    public required DateTimeOffset UpdatedAt { get; set; }

    /// <summary>When it last proved somebody; null means never.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }

    /// <summary>Moves on at each change by an administrator or its owner; a stale value fails the save. Use does not move it.</summary>
    public int Version { get; set; }
}

/// <summary>An authenticator whose codes are typed, and so can be guessed at.</summary>
public abstract class CodeAuthenticator : Authenticator
{
    /// <summary>Made when the enrolment began: the same enrolment can't be finished twice.</summary>
    public required Guid EnrolmentId { get; init; }

    /// <summary>Wrong codes since the last right one.</summary>
    public int Failures { get; set; }

    /// <summary>Before that no code is looked at.</summary>
    public DateTimeOffset NextTryAt { get; set; } = DateTimeOffset.UnixEpoch;
}

/// <summary>An authenticator app with a shared secret.</summary>
public sealed class TotpDevice : CodeAuthenticator
{
    /// <inheritdoc/>
    public override AuthenticatorClass Class => AuthenticatorClass.Totp;

    /// <summary>The shared secret, sealed.</summary>
    public required byte[] SealedSecret { get; init; }

    /// <summary>Digits of a code: 6 or 8.</summary>
    public required int Digits { get; init; }

    /// <summary>The newest step whose code was accepted; it and older ones are burnt (RFC 6238 §5.2).</summary>
    public required long LastStep { get; set; }
}

/// <summary>A set of recovery codes.</summary>
public sealed class StaticDevice : CodeAuthenticator
{
    /// <inheritdoc/>
    public override AuthenticatorClass Class => AuthenticatorClass.Static;

    /// <summary>Those that are left, when loaded.</summary>
    public List<StaticCode> Codes { get; set; } = [];
}

/// <summary>One recovery code. Its row goes when it is used.</summary>
public sealed class StaticCode
{
    /// <summary>Its set.</summary>
    public required int DeviceId { get; init; }

    /// <summary>HMAC-SHA-256 of the code under a key outside the database, lower-case hex.</summary>
    public required string Hash { get; init; }
}

/// <summary>A security key or passkey.</summary>
public sealed class WebAuthnDevice : Authenticator, IWebAuthnCredential
{
    /// <inheritdoc/>
    public override AuthenticatorClass Class => AuthenticatorClass.WebAuthn;

    /// <inheritdoc/>
    public required string CredentialId { get; init; }

    /// <inheritdoc/>
    public required byte[] PublicKey { get; init; }

    /// <inheritdoc/>
    public required long SignCount { get; set; }

    /// <inheritdoc/>
    public List<string> Transports { get; init; } = [];

    /// <inheritdoc/>
    public required Guid Aaguid { get; init; }

    /// <inheritdoc/>
    public required bool IsBackupEligible { get; init; }

    /// <inheritdoc/>
    public required bool IsBackedUp { get; set; }

    /// <inheritdoc/>
    public required string RpId { get; init; }
}

/// <summary>A WebAuthn challenge that was answered. Kept until it would have expired, so that it is answered once.</summary>
public sealed class SpentChallenge
{
    /// <summary>SHA-256 of the challenge, lower-case hex.</summary>
    public required string Id { get; init; }

    /// <summary>When it may be forgotten.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}
