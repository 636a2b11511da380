using System.Text;
using System.Text.Json;

namespace Gatehouse.Model.Authenticators.WebAuthn;

/// <summary>A proof as it came in: read, but not held against the credential yet.</summary>
public sealed class Assertion
{
    private readonly ClientData client;
    private readonly byte[] signature;

    private Assertion(string credentialId, ClientData client, AuthenticatorData data, byte[] signature, string? userHandle)
    {
        (this.client, this.signature) = (client, signature);
        (CredentialId, Data, UserHandle) = (credentialId, data, userHandle);
    }

    /// <summary>Whose credential it claims to be by.</summary>
    public string CredentialId { get; }

    /// <summary>What the authenticator says.</summary>
    public AuthenticatorData Data { get; }

    /// <summary>The user the authenticator names; null when it names none.</summary>
    public string? UserHandle { get; }

    /// <summary>The challenge that was answered.</summary>
    public byte[] Challenge => client.Challenge;

    /// <summary>Reads <paramref name="posted"/> and judges all that needs no credential (WebAuthn §7.2).</summary>
    /// <exception cref="MalformedException">It is not what was asked for.</exception>
    public static Assertion Read(JsonElement posted, RelyingParty party, bool mustVerifyUser)
    {
        var sent = PostedCredential.Read(posted);
        var client = ClientData.Read(sent.Need("clientDataJSON"), ClientData.Get, party.Origin);
        var data = AuthenticatorData.Read(sent.Need("authenticatorData"));
        Flags.Check(data, party, mustVerifyUser);
        return data.Credential is null
            ? new Assertion(sent.Id, client, data, sent.Need("signature"), sent.Find("userHandle") is { } handle ? Encoding.UTF8.GetString(handle) : null)
            : throw new MalformedException("a new credential where a proof was asked for");
    }

    /// <summary>Why <paramref name="device"/> did not make it; null when it did.</summary>
    public string? FaultAgainst(IWebAuthnCredential device, RelyingParty party) => device switch
    {
        _ when device.RpId != party.Id => "the credential is for a name this host no longer has",
        _ when device.IsBackupEligible != Data.IsBackupEligible => "eligibility for backup has changed",
        _ when !CoseKey.Of(device.PublicKey).Verifies([.. Data.Bytes, .. client.Hash], signature) => "wrong signature",
        _ => null,
    };

    /// <summary>Whether the counter stands still or goes back: two copies of the key are in use, or this proof was made before the last one.</summary>
    public bool IsCloned(IWebAuthnCredential device) => (Data.SignCount != 0 || device.SignCount != 0) && Data.SignCount <= device.SignCount;
}
