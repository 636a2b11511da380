using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Prompts;

namespace Gatehouse.Identity.SignIn.Prompts;

/// <summary>Reads one answer by the type of its field.</summary>
internal static partial class PromptValues
{
    private const int LongestText = 1000;
    private const int LongestArea = 10_000;
    private const int LongestFile = 48 * 1024;

    /// <summary>The answer as it is kept, or what is wrong with it. A blank one reads as an empty text.</summary>
    public static (JsonElement Value, string? Fault) Read(PromptField field, IReadOnlyList<PromptChoice> choices, JsonElement given) => field.Type switch
    {
        PromptTypes.Checkbox => given.ValueKind is JsonValueKind.True or JsonValueKind.False ? (given, null) : (given, "Must be a valid boolean."),
        PromptTypes.Number => Number(given),
        _ => given.ValueKind == JsonValueKind.String ? Text(field, choices, given.GetString() ?? "") : (given, "Not a valid string."),
    };

    /// <summary>A text as a value.</summary>
    public static JsonElement Of(string text)
    {
        using var document = JsonDocument.Parse(JsonValue.Create(text).ToJsonString());
        return document.RootElement.Clone();
    }

    private static (JsonElement Value, string? Fault) Number(JsonElement given)
    {
        if (given.ValueKind == JsonValueKind.Number && given.GetRawText().Length <= 40)
        {
            return (given, null);
        }

        var text = given.ValueKind == JsonValueKind.String ? given.GetString() ?? "" : "?";
        if (text.Length == 0)
        {
            return (Of(""), null);
        }

        if (!decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return (given, "A valid number is required.");
        }

        using var document = JsonDocument.Parse(number.ToString(CultureInfo.InvariantCulture));
        return (document.RootElement.Clone(), null);
    }

    private static (JsonElement Value, string? Fault) Text(PromptField field, IReadOnlyList<PromptChoice> choices, string text)
    {
        var longest = field.Type switch { PromptTypes.TextArea => LongestArea, PromptTypes.File => LongestFile, _ => LongestText };
        if (text.Length > longest)
        {
            return (Of(""), string.Create(CultureInfo.InvariantCulture, $"Ensure this field has no more than {longest} characters."));
        }

        if (text.Contains('\0', StringComparison.Ordinal))
        {
            return (Of(""), "Null characters are not allowed.");
        }

        if (field.Type is not (PromptTypes.Password or PromptTypes.TextArea))
        {
            text = text.Trim();
        }

        return text.Length == 0 ? (Of(""), null) : (Of(text), FaultOf(field, choices, text));
    }

    private static string? FaultOf(PromptField field, IReadOnlyList<PromptChoice> choices, string text) => field.Type switch
    {
        PromptTypes.Email when EmailAddress.Canonical(text) is null => "Enter a valid email address.",
        PromptTypes.Date when !DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) => "Date has wrong format. Use this format: YYYY-MM-DD.",
        PromptTypes.DateTime when !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _) || text.Length < 16 => "Datetime has wrong format. Use this format: YYYY-MM-DDThh:mm.",
        PromptTypes.Radio or PromptTypes.Dropdown when !choices.Any(c => c.Value == text) => $"\"{(text.Length > 100 ? text[..100] : text)}\" is not a valid choice.",
        PromptTypes.Locale when !Locale().IsMatch(text) => "Enter a language such as en or de-AT.",
        PromptTypes.File when !text.StartsWith("data:", StringComparison.Ordinal) => "Send the file as a data URL.",
        _ => null,
    };

    [GeneratedRegex(@"\A[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Locale();
}
