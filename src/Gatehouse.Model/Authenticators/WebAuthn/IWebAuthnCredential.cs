namespace Gatehouse.Model.Authenticators.WebAuthn;

/// <summary>A credential that was registered: what a proof by it is held against.</summary>
public interface IWebAuthnCredential
{
    /// <summary>Credential id, base64url; no two people have the same.</summary>
    string CredentialId { get; }

    /// <summary>Public key as a COSE_Key (RFC 9052 §7).</summary>
    byte[] PublicKey { get; }

    /// <summary>Signature counter at the last use; 0 means that it has none.</summary>
    long SignCount { get; }

    /// <summary>How browsers reach it: <c>usb</c>, <c>nfc</c>, <c>ble</c>, <c>internal</c>, <c>hybrid</c>, <c>smart-card</c>.</summary>
    List<string> Transports { get; }

    /// <summary>Model of the authenticator, as it says itself; zeros when it does not.</summary>
    Guid Aaguid { get; }

    /// <summary>Whether the key can be copied to other devices of its owner.</summary>
    bool IsBackupEligible { get; }

    /// <summary>Whether it has been.</summary>
    bool IsBackedUp { get; }

    /// <summary>The host it is for; browsers offer it nowhere else.</summary>
    string RpId { get; }
}
