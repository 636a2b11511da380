using System.Buffers.Text;
using System.Text.Json;

namespace Gatehouse.Model.Authenticators.WebAuthn;

/// <summary>A credential that was made for us.</summary>
public sealed record NewCredential(
    byte[] Challenge, string Id, byte[] PublicKey, uint SignCount, Guid Aaguid, bool IsBackupEligible, bool IsBackedUp, List<string> Transports);

/// <summary>Judges registrations (WebAuthn §7.1), but for what needs the database: whether the challenge is ours, and the credential new.</summary>
public static class Registration
{
    private static readonly string[] Formats = ["none", "packed", "tpm", "android-key", "android-safetynet", "fido-u2f", "apple", "compound"];

    /// <summary>The credential in <paramref name="posted"/>.</summary>
    /// <exception cref="MalformedException">It is not what was asked for.</exception>
    public static NewCredential Read(JsonElement posted, RelyingParty party, bool mustVerifyUser)
    {
        var sent = PostedCredential.Read(posted);
        var client = ClientData.Read(sent.Need("clientDataJSON"), ClientData.Create, party.Origin);
        var attestation = new Cbor(sent.Need("attestationObject"));
        var parts = attestation.ReadMap();
        if (attestation.Position != sent.Need("attestationObject").Length || parts.GetValueOrDefault("authData") is not byte[] bytes)
        {
            throw new MalformedException("the attestation object has no authData, or bytes left over");
        }

        var data = AuthenticatorData.Read(bytes);
        Flags.Check(data, party, mustVerifyUser);
        if (data.Credential is not { } credential || Base64Url.EncodeToString(credential.Id) != sent.Id)
        {
            throw new MalformedException("no credential, or another than it says");
        }

        CheckStatement(parts, data, client, CoseKey.Of(credential.PublicKey));
        return new NewCredential(
            client.Challenge, sent.Id, credential.PublicKey, data.SignCount, credential.Aaguid, data.IsBackupEligible, data.IsBackedUp, sent.Transports());
    }

    // No maker is trusted, so only the forms that claim none are taken: none (§8.7), and packed signed by the credential itself (§8.2).
    private static void CheckStatement(Dictionary<object, object?> parts, AuthenticatorData data, ClientData client, CoseKey key)
    {
        var statement = parts.GetValueOrDefault("attStmt") as Dictionary<object, object?>;
        var isFine = parts.GetValueOrDefault("fmt") switch
        {
            "none" => statement is { Count: 0 },
            "packed" => statement is { Count: 2 }
                && statement.GetValueOrDefault("alg") is long algorithm && algorithm == key.Algorithm
                && statement.GetValueOrDefault("sig") is byte[] signature && key.Verifies([.. data.Bytes, .. client.Hash], signature),
            _ => false,
        };
        if (!isFine)
        {
            // It goes to the log, so only what stands in the list of formats (§8) is named.
            var format = Array.Find(Formats, f => f.Equals(parts.GetValueOrDefault("fmt"))) ?? "of no known form";
            throw new MalformedException($"attestation '{format}' that was not asked for, or is wrong");
        }
    }
}
