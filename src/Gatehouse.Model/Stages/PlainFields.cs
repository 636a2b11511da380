using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Model.Providers;

namespace Gatehouse.Model.Stages;

/// <summary>A switch.</summary>
public sealed class FlagField(string name, bool otherwise) : StageField<bool>(name, otherwise)
{
    /// <inheritdoc/>
    public override JsonNode? DefaultJson => Default;

    /// <inheritdoc/>
    public override string? Fault(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "Must be a valid boolean.";

    /// <inheritdoc/>
    protected override bool Read(JsonElement value) => value.GetBoolean();
}

/// <summary>A whole number between two others.</summary>
public sealed class NumberField(string name, int otherwise, int least, int most) : StageField<int>(name, otherwise)
{
    /// <inheritdoc/>
    public override JsonNode? DefaultJson => Default;

    /// <inheritdoc/>
    public override string? Fault(JsonElement value) =>
        value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var number) ? "A valid integer is required."
        : number < least ? string.Create(CultureInfo.InvariantCulture, $"Ensure this value is greater than or equal to {least}.")
        : number > most ? string.Create(CultureInfo.InvariantCulture, $"Ensure this value is less than or equal to {most}.")
        : null;

    /// <inheritdoc/>
    protected override int Read(JsonElement value) => value.GetInt32();
}

/// <summary>A number that need not be whole, from zero up.</summary>
public sealed class FractionField(string name, double otherwise) : StageField<double>(name, otherwise)
{
    /// <inheritdoc/>
    public override JsonNode? DefaultJson => Default;

    /// <inheritdoc/>
    public override string? Fault(JsonElement value) => value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || !double.IsFinite(number)
        ? "A valid number is required."
        : number is < 0 or > 1_000_000 ? "Ensure this value is from 0 to 1000000." : null;

    /// <inheritdoc/>
    protected override double Read(JsonElement value) => value.GetDouble();
}

/// <summary>One word of a closed set, or null.</summary>
public sealed class OptionalChoiceField(string name, params string[] choices) : StageField<string?>(name, null)
{
    /// <inheritdoc/>
    public override bool MayBeNull => true;

    /// <inheritdoc/>
    public override JsonNode? DefaultJson => null;

    /// <inheritdoc/>
    public override string? Fault(JsonElement value) => Words.Fault(value, choices, new Dictionary<string, string>());

    /// <inheritdoc/>
    protected override string? Read(JsonElement value) => value.GetString();
}

/// <summary>A text of bounded length.</summary>
public class TextField(string name, string otherwise, int longest = 1000) : StageField<string>(name, otherwise)
{
    /// <summary>Whether it may be empty.</summary>
    public bool MayBeBlank { get; init; } = true;

    /// <summary>More that has to be true; says what is not.</summary>
    public Func<string, string?>? Rule { get; init; }

    /// <inheritdoc/>
    public override JsonNode? DefaultJson => Default;

    /// <inheritdoc/>
    public override string? Fault(JsonElement value) => value.ValueKind != JsonValueKind.String ? "Not a valid string."
        : value.GetString() is not { } text || text.Length > longest ? string.Create(CultureInfo.InvariantCulture, $"Ensure this field has no more than {longest} characters.")
        : text.Length == 0 && !MayBeBlank ? "This field may not be blank."
        : Rule?.Invoke(text);

    /// <inheritdoc/>
    protected override string Read(JsonElement value) => value.GetString() ?? Default;
}

/// <summary>A text that is written only. The settings hold it sealed, in base64.</summary>
public sealed class SecretField(string name) : TextField(name, "")
{
    /// <inheritdoc/>
    public override bool IsSecret => true;
}

/// <summary>One word of a closed set.</summary>
public sealed class ChoiceField(string name, string otherwise, params string[] choices) : StageField<string>(name, otherwise)
{
    /// <summary>Choices that authentik has and that can't be kept here, with the reason.</summary>
    public IReadOnlyDictionary<string, string> Refused { get; init; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    public override JsonNode? DefaultJson => Default;

    /// <inheritdoc/>
    public override string? Fault(JsonElement value) => Words.Fault(value, choices, Refused);

    /// <inheritdoc/>
    protected override string Read(JsonElement value) => value.GetString() ?? Default;
}

/// <summary>Some words of a closed set, in order.</summary>
public sealed class ChoicesField(string name, IReadOnlyList<string> otherwise, params string[] choices) : StageField<IReadOnlyList<string>>(name, otherwise)
{
    /// <summary>Choices that authentik has and that can't be kept here, with the reason.</summary>
    public IReadOnlyDictionary<string, string> Refused { get; init; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    public override JsonNode? DefaultJson => new JsonArray([.. Default.Select(d => (JsonNode)d)]);

    /// <inheritdoc/>
    public override string? Fault(JsonElement value) => value.ValueKind != JsonValueKind.Array
        ? "Expected a list of items."
        : value.EnumerateArray().Select(item => Words.Fault(item, choices, Refused)).FirstOrDefault(f => f is not null);

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Read(JsonElement value) => [.. value.EnumerateArray().Select(e => e.GetString() ?? "")];
}

/// <summary>A duration in authentik's words: <c>hours=3;minutes=1</c>.</summary>
public sealed class PeriodField(string name, string otherwise) : StageField<TimeSpan>(name, ValidityPeriod.Parse(otherwise))
{
    /// <inheritdoc/>
    public override JsonNode? DefaultJson => otherwise;

    /// <inheritdoc/>
    public override string? Fault(JsonElement value) => value.ValueKind == JsonValueKind.String && ValidityPeriod.TryParse(value.GetString() ?? "", out _)
        ? null
        : "Not a duration; expected pairs such as hours=3;minutes=1.";

    /// <inheritdoc/>
    protected override TimeSpan Read(JsonElement value) => ValidityPeriod.Parse(value.GetString() ?? "");
}

/// <summary>Judges words of closed sets.</summary>
file static class Words
{
    public static string? Fault(JsonElement value, string[] choices, IReadOnlyDictionary<string, string> refused)
    {
        var word = value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : null;
        return word is not null && refused.TryGetValue(word, out var why) ? why
            : word is not null && choices.Contains(word, StringComparer.Ordinal) ? null
            : $"\"{(word is { Length: > 100 } ? word[..100] : word ?? value.ValueKind.ToString())}\" is not a valid choice. Known: {string.Join(", ", choices)}.";
    }
}
