namespace Gatehouse.Model.Authenticators.WebAuthn;

/// <summary>A credential that was registered: what a proof by it is held against.</summary>
public interface IWebAuthnCredential
{
    /// <summary>Credential id, base64url.</summary>
    string CredentialId { get; }

    /// <summary>Public key as a COSE_Key (RFC 9052 §7).</summary>
    byte[] PublicKey { get; }

    /// <summary>Signature counter at the last use; 0 means that it has none.</summary>
    long SignCount { get; }

    /// <summary>How browsers reach it.</summary>
    List<string> Transports { get; }

    /// <summary>Whether the key can be copied to other devices of its owner.</summary>
    bool IsBackupEligible { get; }

    /// <summary>The host it is for.</summary>
    string RpId { get; }
}
