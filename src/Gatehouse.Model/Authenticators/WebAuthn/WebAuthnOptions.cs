using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;

namespace Gatehouse.Model.Authenticators.WebAuthn;

/// <summary>What a new credential should be.</summary>
/// <param name="ResidentKey"><c>required</c>, <c>preferred</c> or <c>discouraged</c>.</param>
/// <param name="UserVerification"><c>required</c>, <c>preferred</c> or <c>discouraged</c>.</param>
/// <param name="Attachment"><c>platform</c> or <c>cross-platform</c>; null means either.</param>
/// <param name="Hints">What the browser should offer first.</param>
public sealed record CredentialWishes(string ResidentKey, string UserVerification, string? Attachment, IReadOnlyList<string> Hints);

/// <summary>What browsers are asked: the JSON forms of WebAuthn's options (§5.1.8, §5.1.9).</summary>
public static class WebAuthnOptions
{
    /// <summary>How long a browser waits for an answer, and an answer counts.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    /// <summary>Asks for a new credential. <paramref name="handle"/> names the user to authenticators.</summary>
    public static JsonObject Create(
        RelyingParty party, string issuer, string handle, string username, string name, string challenge, CredentialWishes wishes, IEnumerable<IWebAuthnCredential> known)
    {
        var selection = new JsonObject
        {
            ["residentKey"] = wishes.ResidentKey,
            ["requireResidentKey"] = wishes.ResidentKey == "required",
            ["userVerification"] = wishes.UserVerification,
        };
        if (wishes.Attachment is { Length: > 0 } attachment)
        {
            selection["authenticatorAttachment"] = attachment;
        }

        return new JsonObject
        {
            ["rp"] = new JsonObject { ["id"] = party.Id, ["name"] = issuer },
            ["user"] = new JsonObject
            {
                ["id"] = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(handle)),
                ["name"] = username,
                ["displayName"] = name.Length > 0 ? name : username,
            },
            ["challenge"] = challenge,
            ["pubKeyCredParams"] = new JsonArray([.. CoseKey.Offered.Select(a => new JsonObject { ["type"] = "public-key", ["alg"] = a })]),
            ["timeout"] = (int)Life.TotalMilliseconds,
            ["excludeCredentials"] = Descriptors(known),
            ["authenticatorSelection"] = selection,
            ["hints"] = Hints(wishes.Hints),

            // Nothing here trusts a maker's word, so none is asked for: it would cost the person a question and some privacy.
            ["attestation"] = "none",
            ["extensions"] = new JsonObject { ["credProps"] = true },
        };
    }

    /// <summary>Asks for a proof by one of <paramref name="known"/>; none of them means by any credential that names its user.</summary>
    public static JsonObject Get(RelyingParty party, string challenge, string verification, IReadOnlyList<string> hints, IEnumerable<IWebAuthnCredential> known) => new()
    {
        ["challenge"] = challenge,
        ["rpId"] = party.Id,
        ["allowCredentials"] = Descriptors(known),
        ["userVerification"] = verification,
        ["timeout"] = (int)Life.TotalMilliseconds,
        ["hints"] = Hints(hints),
    };

    private static JsonArray Hints(IReadOnlyList<string> hints) => new([.. hints.Select(h => JsonValue.Create(h))]);

    private static JsonArray Descriptors(IEnumerable<IWebAuthnCredential> devices) => new(
    [
        .. devices.Select(d => new JsonObject
        {
            ["type"] = "public-key",
            ["id"] = d.CredentialId,
            ["transports"] = new JsonArray([.. d.Transports.Select(t => JsonValue.Create(t))]),
        }),
    ]);
}
