using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Gatehouse.Identity.SignIn.Flows;

namespace Gatehouse.Identity.Mfa;

/// <summary>One way to prove oneself.</summary>
internal sealed record DeviceChallenge(string DeviceClass, string DeviceUid, JsonObject Challenge)
{
    /// <summary>When it last did; written even when null, since clients require it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? LastUsed { get; init; }
}

/// <summary>A set-up stage that can be chosen.</summary>
internal sealed record SelectableStage(Guid Pk, string Name, string VerboseName, string MetaModelName);

/// <summary>Asks for a proof by an authenticator, or which one to set up.</summary>
internal sealed record ValidateChallenge(
    string PendingUser, string PendingUserAvatar, IReadOnlyList<DeviceChallenge> DeviceChallenges, IReadOnlyList<SelectableStage> ConfigurationStages)
    : Challenge("ak-stage-authenticator-validate");

/// <summary>Shows the secret for an authenticator app, and asks for a code of it.</summary>
/// <param name="PendingUser">Who.</param>
/// <param name="PendingUserAvatar">Their picture.</param>
/// <param name="ConfigUrl">What apps read.</param>
/// <param name="ConfigQr">The same as a picture, a data URL; a field of our own.</param>
/// <param name="Digits">Digits of a code; a field of our own.</param>
internal sealed record TotpChallenge(string PendingUser, string PendingUserAvatar, string ConfigUrl, string ConfigQr, int Digits)
    : Challenge("ak-stage-authenticator-totp");

/// <summary>Shows recovery codes.</summary>
internal sealed record StaticChallenge(string PendingUser, string PendingUserAvatar, IReadOnlyList<string> Codes) : Challenge("ak-stage-authenticator-static");

/// <summary>Asks the browser for a new credential.</summary>
internal sealed record WebAuthnChallenge(string PendingUser, string PendingUserAvatar, JsonObject Registration) : Challenge("ak-stage-authenticator-webauthn");
