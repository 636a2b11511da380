using Gatehouse.Identity.SignIn.Flows;

namespace Gatehouse.Identity.Oidc.Device;

/// <summary>Asks for the code that a device shows.</summary>
internal sealed record DeviceCodeChallenge() : Challenge("ak-provider-oauth2-device-code");

/// <summary>The device has been let in; the browser is done.</summary>
internal sealed record DeviceCodeFinishChallenge() : Challenge("ak-provider-oauth2-device-code-finish");
