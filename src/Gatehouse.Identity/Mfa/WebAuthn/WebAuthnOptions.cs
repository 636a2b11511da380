using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Authenticators;

namespace Gatehouse.Identity.Mfa.WebAuthn;

/// <summary>What browsers are asked: the JSON forms of WebAuthn's options (§5.1.8, §5.1.9).</summary>
internal static class WebAuthnOptions
{
    /// <summary>Asks for a new credential. <paramref name="handle"/> names the user to authenticators.</summary>
    public static JsonObject Create(
        RelyingParty party, string issuer, string handle, string username, string name, string challenge, StageSettings settings, IEnumerable<WebAuthnDevice> known)
    {
        var resident = settings.Text("resident_key_requirement", "preferred");
        var selection = new JsonObject
        {
            ["residentKey"] = resident,
            ["requireResidentKey"] = resident == "required",
            ["userVerification"] = settings.Text("user_verification", "preferred"),
        };
        if (settings.Text("authenticator_attachment", "") is { Length: > 0 } attachment)
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
            ["timeout"] = (int)WebAuthnChallenges.Life.TotalMilliseconds,
            ["excludeCredentials"] = Descriptors(known),
            ["authenticatorSelection"] = selection,
            ["hints"] = Hints(settings.Texts("hints", [])),

            // Nothing here trusts a maker's word, so none is asked for: it would cost the person a question and some privacy.
            ["attestation"] = "none",
            ["extensions"] = new JsonObject { ["credProps"] = true },
        };
    }

    /// <summary>Asks for a proof by one of <paramref name="known"/>; none of them means by any credential that names its user.</summary>
    public static JsonObject Get(RelyingParty party, string challenge, string verification, IReadOnlyList<string> hints, IEnumerable<WebAuthnDevice> known) => new()
    {
        ["challenge"] = challenge,
        ["rpId"] = party.Id,
        ["allowCredentials"] = Descriptors(known),
        ["userVerification"] = verification,
        ["timeout"] = (int)WebAuthnChallenges.Life.TotalMilliseconds,
        ["hints"] = Hints(hints),
    };

    private static JsonArray Hints(IReadOnlyList<string> hints) => new([.. hints.Select(h => JsonValue.Create(h))]);

    private static JsonArray Descriptors(IEnumerable<WebAuthnDevice> devices) => new(
    [
        .. devices.Select(d => new JsonObject
        {
            ["type"] = "public-key",
            ["id"] = d.CredentialId,
            ["transports"] = new JsonArray([.. d.Transports.Select(t => JsonValue.Create(t))]),
        }),
    ]);
}
