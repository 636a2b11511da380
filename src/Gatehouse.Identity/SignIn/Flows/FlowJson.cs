using System.Text.Json.Serialization;
using Gatehouse.Identity.Mfa;
using Gatehouse.Identity.Mfa.Setup;
using Gatehouse.Identity.Mfa.Validate;
using Gatehouse.Identity.Oidc.Device;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>The JSON of the executor and of stored plans.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IdentificationChallenge))]
[JsonSerializable(typeof(PasswordChallenge))]
[JsonSerializable(typeof(ConsentChallenge))]
[JsonSerializable(typeof(IframeLogoutChallenge))]
[JsonSerializable(typeof(AccessDeniedChallenge))]
[JsonSerializable(typeof(SessionEndChallenge))]
[JsonSerializable(typeof(RedirectChallenge))]
[JsonSerializable(typeof(DeviceCodeChallenge))]
[JsonSerializable(typeof(DeviceCodeFinishChallenge))]
[JsonSerializable(typeof(ValidateChallenge))]
[JsonSerializable(typeof(TotpChallenge))]
[JsonSerializable(typeof(StaticChallenge))]
[JsonSerializable(typeof(WebAuthnChallenge))]
[JsonSerializable(typeof(Enrolment))]
[JsonSerializable(typeof(RememberedMfa))]
[JsonSerializable(typeof(PromptChallenge))]
[JsonSerializable(typeof(UserLoginChallenge))]
[JsonSerializable(typeof(EmailChallenge))]
[JsonSerializable(typeof(DummyChallenge))]
[JsonSerializable(typeof(FlowErrorChallenge))]
[JsonSerializable(typeof(FlowState))]
[JsonSerializable(typeof(ErrorBody))]
internal sealed partial class FlowJson : JsonSerializerContext;

/// <summary>A refusal of the API itself, as authentik words it.</summary>
internal sealed record ErrorBody(string Detail);
