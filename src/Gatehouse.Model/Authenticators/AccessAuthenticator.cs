using Gatehouse.Model.Authenticators.WebAuthn;
using Gatehouse.Model.Policies;

namespace Gatehouse.Model.Authenticators;

/// <summary>A second factor that a person enrolled at Access, whatever login method they come by. Identity's own are others (<see cref="Authenticator"/>).</summary>
public abstract class AccessAuthenticator
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>The <c>AccessUser</c> whose it is.</summary>
    public required Guid UserId { get; init; }

    /// <summary>What kind it is.</summary>
    public abstract MfaMethods Method { get; }

    /// <summary>What its owner calls it.</summary>
    public required string Name { get; init; }

    /// <summary>When it was enrolled.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last proved somebody; null means never.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }
}

/// <summary>An authenticator app. A person has one at most.</summary>
public sealed class AccessTotp : AccessAuthenticator
{
    /// <summary>Digits of a code.</summary>
    public const int Digits = 6;

    /// <inheritdoc/>
    public override MfaMethods Method => MfaMethods.Totp;

    /// <summary>The shared secret, sealed.</summary>
    public required byte[] SealedSecret { get; init; }

    /// <summary>The newest step whose code was accepted; it and older ones are burnt (RFC 6238 §5.2).</summary>
    public required long LastStep { get; set; }

    /// <summary>Wrong codes since the last right one.</summary>
    public int Failures { get; set; }

    /// <summary>Before that no code is looked at.</summary>
    public DateTimeOffset NextTryAt { get; set; } = DateTimeOffset.UnixEpoch;
}

/// <summary>A security key, or a device's own reader of a finger or a face.</summary>
public sealed class AccessCredential : AccessAuthenticator, IWebAuthnCredential
{
    /// <inheritdoc/>
    public override MfaMethods Method => IsBiometric ? MfaMethods.Biometrics : MfaMethods.SecurityKey;

    /// <summary>Whether it was enrolled as one that knows its person; each of its proofs must say that it did.</summary>
    public required bool IsBiometric { get; init; }

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

/// <summary>That somebody proved themselves in a browser, so that they need not again with their next sign-in there.</summary>
public sealed class RememberedProof
{
    /// <summary>SHA-256 of the browser's cookie, lower-case hex.</summary>
    public required string DeviceHash { get; init; }

    /// <summary>Who.</summary>
    public required Guid UserId { get; init; }

    /// <summary>By what kind.</summary>
    public required MfaMethods Method { get; init; }

    /// <summary>By which authenticator; it is forgotten with it.</summary>
    public required Guid AuthenticatorId { get; set; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; set; }
}
