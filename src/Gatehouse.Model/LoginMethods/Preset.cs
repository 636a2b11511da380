using System.Text.Json;

namespace Gatehouse.Model.LoginMethods;

/// <summary>Reads what a preset was made of.</summary>
public static class Preset
{
    /// <summary>The setting of Cloudflare's name; empty when it is not set.</summary>
    public static string Of(LoginMethod method, string name) => All(method).GetValueOrDefault(name, "");

    /// <summary>All of them.</summary>
    public static IReadOnlyDictionary<string, string> All(LoginMethod method)
    {
        using var document = JsonDocument.Parse(method.PresetJson);
        return document.RootElement.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.String).ToDictionary(p => p.Name, p => p.Value.GetString() ?? "", StringComparer.Ordinal);
    }
}
