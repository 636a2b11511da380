using System.Text.Json;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Providers;

namespace Gatehouse.Identity.SignIn.Stages;

/// <summary>Reads the settings of a stage. They were checked when saved; one that can't be read stops the flow rather than being guessed.</summary>
internal sealed class StageSettings
{
    private readonly JsonElement root;

    /// <summary>Parses the settings of <paramref name="stage"/>.</summary>
    public StageSettings(Stage stage)
    {
        using var document = JsonDocument.Parse(stage.SettingsJson);
        root = document.RootElement.Clone();
    }

    /// <summary>A switch.</summary>
    public bool Flag(string name, bool otherwise) => Find(name) is { } value ? value.GetBoolean() : otherwise;

    /// <summary>A whole number.</summary>
    public int Number(string name, int otherwise) => Find(name) is { } value ? value.GetInt32() : otherwise;

    /// <summary>A number.</summary>
    public double Fraction(string name, double otherwise) => Find(name) is { } value ? value.GetDouble() : otherwise;

    /// <summary>What new devices are called: as the stage says, else <paramref name="otherwise"/>.</summary>
    public string NameOr(string otherwise) => Text("friendly_name", "") is { Length: > 0 } name ? name : otherwise;

    /// <summary>A text.</summary>
    public string Text(string name, string otherwise) => Find(name) is { } value ? value.GetString() ?? otherwise : otherwise;

    /// <summary>A list of texts.</summary>
    public IReadOnlyList<string> Texts(string name, IReadOnlyList<string> otherwise) =>
        Find(name) is { } value ? [.. value.EnumerateArray().Select(e => e.GetString() ?? "")] : otherwise;

    /// <summary>The id of another object, or null.</summary>
    public Guid? Id(string name) => Find(name) is { } value ? value.GetGuid() : null;

    /// <summary>A duration in authentik's words.</summary>
    public TimeSpan Period(string name, string otherwise) => ValidityPeriod.Parse(Text(name, otherwise));

    private JsonElement? Find(string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
