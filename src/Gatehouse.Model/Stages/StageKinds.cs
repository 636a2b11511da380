using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Model.Flows;

namespace Gatehouse.Model.Stages;

/// <summary>All kinds of stage. A new one adds its file and its line here.</summary>
public static class StageKinds
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<StageKind> All { get; } =
    [
        AuthenticatorStaticSettings.Kind,
        AuthenticatorTotpSettings.Kind,
        AuthenticatorValidateSettings.Kind,
        AuthenticatorWebAuthnSettings.Kind,
        ConsentSettings.Kind,
        DenySettings.Kind,
        DeviceCodeSettings.Kind,
        DummySettings.Kind,
        EmailSettings.Kind,
        IdentificationSettings.Kind,
        InvitationSettings.Kind,
        PasswordSettings.Kind,
        PromptSettings.Kind,
        RedirectSettings.Kind,
        UserDeleteSettings.Kind,
        UserLoginSettings.Kind,
        UserLogoutSettings.Kind,
        UserWriteSettings.Kind,
    ];

    private static readonly FrozenDictionary<StageType, StageKind> ByType = All.ToFrozenDictionary(k => k.Type);

    /// <summary>The kind of <paramref name="type"/>.</summary>
    public static StageKind Of(StageType type) => ByType[type];

    /// <summary>Settings as they are kept: every field of the kind, the given ones replaced.</summary>
    public static string Write(StageType type, JsonObject given)
    {
        var whole = new JsonObject();
        foreach (var field in Of(type).Fields)
        {
            whole[field.Name] = given.TryGetPropertyValue(field.Name, out var value) ? value?.DeepClone() : field.DefaultJson;
        }

        return whole.ToJsonString();
    }

    /// <summary>A setting of <paramref name="stage"/>.</summary>
    public static T Setting<T>(this Stage stage, StageField<T> field)
    {
        using var document = JsonDocument.Parse(stage.SettingsJson);
        return field.Of(document.RootElement);
    }
}
