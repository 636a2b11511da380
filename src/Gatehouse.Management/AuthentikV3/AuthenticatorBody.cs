using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.Management.Authenticators;
using Gatehouse.Management.Http;
using Gatehouse.Model.Authenticators;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>Authenticators as authentik's API shapes them. No secret is among it.</summary>
internal static class AuthenticatorBody
{
    // Codes are kept hashed: how many are left can be told, and no more.
    private const string Hidden = "********";

    /// <summary>As the lists of all classes show one.</summary>
    public static JsonObject Of(Authenticator device)
    {
        var model = device.Class.Model();
        return new JsonObject
        {
            ["verbose_name"] = VerboseName(device.Class),
            ["verbose_name_plural"] = VerboseName(device.Class) + "s",
            ["meta_model_name"] = model,
            ["pk"] = device.Id.ToString(CultureInfo.InvariantCulture),
            ["name"] = device.Name,
            ["type"] = model,
            ["confirmed"] = true,
            ["created"] = JsonList.Time(device.CreatedAt),
            ["last_updated"] = JsonList.Time(device.UpdatedAt),
            ["last_used"] = device.LastUsedAt is { } used ? JsonList.Time(used) : null,
            ["extra_description"] = Extra(device),
            ["external_id"] = device is WebAuthnDevice key ? key.CredentialId : null,
        };
    }

    /// <summary>As the lists of its class show it.</summary>
    public static JsonObject Of<T>(DeviceFacts<T> facts, string uid)
        where T : Authenticator
    {
        var body = new JsonObject { ["name"] = facts.Device.Name, ["pk"] = facts.Device.Id, ["user"] = UserBody.Partial(facts.Owner, uid) };
        switch (facts.Device)
        {
            case StaticDevice codes:
                body["token_set"] = JsonList.Of(codes.Codes, _ => new JsonObject { ["token"] = Hidden });
                break;
            case WebAuthnDevice key:
                body["created_on"] = JsonList.Time(key.CreatedAt);
                body["device_type"] = null; // no list of models is shipped
                body["aaguid"] = key.Aaguid.ToString();
                break;
            default:
                break;
        }

        return body;
    }

    private static string VerboseName(AuthenticatorClass which) => which switch
    {
        AuthenticatorClass.Totp => "TOTP Device",
        AuthenticatorClass.Static => "Static Device",
        _ => "WebAuthn Device",
    };

    private static string? Extra(Authenticator device) => device switch
    {
        StaticDevice codes => string.Create(CultureInfo.InvariantCulture, $"{codes.Codes.Count} left"),
        WebAuthnDevice { IsBackupEligible: true } => "Passkey",
        WebAuthnDevice => "Security key",
        _ => null,
    };
}
