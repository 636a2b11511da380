namespace Gatehouse.Model.Prompts;

/// <summary>One field of a prompt: what is asked, under which name, in which form.</summary>
public sealed class PromptField
{
    /// <summary>Never changes.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique name, for administrators.</summary>
    public required string Name { get; set; }

    /// <summary>Name of the answer: <c>username</c>, <c>password</c>, <c>attributes.phone</c>.</summary>
    public required string FieldKey { get; set; }

    /// <summary>What people read.</summary>
    public required string Label { get; set; }

    /// <summary>A word of <see cref="PromptTypes"/>.</summary>
    public required string Type { get; set; }

    /// <summary>Whether it has to be filled in.</summary>
    public bool IsRequired { get; set; } = true;

    /// <summary>Hint inside the field; the choices of radio buttons and dropdowns.</summary>
    public string Placeholder { get; set; } = "";

    /// <summary>Whether <see cref="Placeholder"/> is an expression: see <see cref="PromptExpression"/>.</summary>
    public bool PlaceholderIsExpression { get; set; }

    /// <summary>What it holds at first.</summary>
    public string InitialValue { get; set; } = "";

    /// <summary>Whether <see cref="InitialValue"/> is an expression.</summary>
    public bool InitialValueIsExpression { get; set; }

    /// <summary>Lower comes first.</summary>
    public int Order { get; set; }

    /// <summary>Text below it.</summary>
    public string SubText { get; set; } = "";

    /// <summary>Moves on at each write; a stale value fails the save.</summary>
    public int Version { get; set; }
}

/// <summary>The forms a field can have; authentik's words.</summary>
public static class PromptTypes
{
    public const string Text = "text";
    public const string TextArea = "text_area";
    public const string TextReadOnly = "text_read_only";
    public const string TextAreaReadOnly = "text_area_read_only";
    public const string Username = "username";
    public const string Email = "email";
    public const string Password = "password";
    public const string Number = "number";
    public const string Checkbox = "checkbox";
    public const string Radio = "radio-button-group";
    public const string Dropdown = "dropdown";
    public const string Date = "date";
    public const string DateTime = "date-time";
    public const string File = "file";
    public const string Separator = "separator";
    public const string Hidden = "hidden";
    public const string Static = "static";
    public const string Info = "alert_info";
    public const string Warning = "alert_warning";
    public const string Danger = "alert_danger";
    public const string Locale = "ak-locale";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Text, TextArea, TextReadOnly, TextAreaReadOnly, Username, Email, Password, Number, Checkbox, Radio, Dropdown, Date, DateTime,
        File, Separator, Hidden, Static, Info, Warning, Danger, Locale,
    ];

    /// <summary>Whether it only shows something, and takes no answer.</summary>
    public static bool IsDisplay(string type) => type is Separator or Static or Info or Warning or Danger;

    /// <summary>Whether its value is the server's, whatever the browser sends.</summary>
    public static bool IsReadOnly(string type) => type is TextReadOnly or TextAreaReadOnly or Hidden;

    /// <summary>Whether people choose among values.</summary>
    public static bool IsChoice(string type) => type is Radio or Dropdown;
}
