using System.Globalization;
using System.Text.Json;
using Gatehouse.Management.Writes;

namespace Gatehouse.Management.Http;

/// <summary>Reads the fields of a JSON object one by one and keeps every fault. A field that is absent or faulty reads as absent.</summary>
/// <param name="root">The object.</param>
/// <param name="nullIsAbsent">Cloudflare's clients write null for what they leave out; authentik's mean it.</param>
/// <param name="path">Where the object stands in the body, ending in a dot; empty at the top.</param>
internal sealed class BodyFields(JsonElement root, bool nullIsAbsent, string path = "")
{
    private static readonly JsonElement Empty = JsonDocument.Parse("{}").RootElement.Clone();

    /// <summary>The object itself.</summary>
    public JsonElement Root => root;

    /// <summary>What was wrong.</summary>
    public List<Fault> Faults { get; } = [];

    /// <summary>An object without fields.</summary>
    public static BodyFields Nothing() => new(Empty, nullIsAbsent: true);

    /// <summary>Notes a fault of <paramref name="name"/>.</summary>
    public void Refuse(string name, string text) => Faults.Add(new Fault(path + name, text));

    /// <summary>The raw value; false when absent, or null where that means absent.</summary>
    public bool TryGet(string name, out JsonElement value) =>
        root.TryGetProperty(name, out value) && !(nullIsAbsent && value.ValueKind == JsonValueKind.Null);

    /// <summary>Faults each of <paramref name="names"/> that is absent.</summary>
    public BodyFields Require(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (!TryGet(name, out _))
            {
                Refuse(name, "This field is required.");
            }
        }

        return this;
    }

    public Maybe<string> Text(string name, int longest, bool mayBeBlank = true) => Read<string>(name, value => value.ValueKind switch
    {
        JsonValueKind.String => Checked(value.GetString() ?? "", longest, mayBeBlank),
        _ => (null, "Not a valid string."),
    });

    public Maybe<string?> NullableText(string name, int longest) =>
        IsNull(name) ? (Maybe<string?>)(string?)null : Text(name, longest) is var text && text.Is(out var given) ? given : default(Maybe<string?>);

    public Maybe<bool> Flag(string name) => ReadValue<bool>(name, value => value.ValueKind switch
    {
        JsonValueKind.True => (true, null),
        JsonValueKind.False => (false, null),
        _ => (null, "Must be a valid boolean."),
    });

    public Maybe<int> Number(string name) => ReadValue<int>(name, value => IsNumber(value, out var number) ? (number, null) : (null, "A valid integer is required."));

    public Maybe<int?> NullableNumber(string name) =>
        IsNull(name) ? (Maybe<int?>)(int?)null : Number(name) is var number && number.Is(out var given) ? given : default(Maybe<int?>);

    public Maybe<Guid> Id(string name) => ReadValue<Guid>(name, value => IsId(value, out var id) ? (id, null) : (null, $"\"{Show(value)}\" is not a valid UUID."));

    public Maybe<Guid?> NullableId(string name) =>
        IsNull(name) ? (Maybe<Guid?>)(Guid?)null : Id(name) is var id && id.Is(out var given) ? given : default(Maybe<Guid?>);

    public Maybe<DateTimeOffset?> NullableTime(string name) => IsNull(name)
        ? (Maybe<DateTimeOffset?>)(DateTimeOffset?)null
        : ReadValue<DateTimeOffset>(name, value =>
            value.ValueKind == JsonValueKind.String && DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
                ? (time, null)
                : (null, "Datetime has wrong format; expected RFC 3339, such as 2026-01-02T03:04:05Z.")) is var read && read.Is(out var given) ? given : default(Maybe<DateTimeOffset?>);

    public Maybe<T> Choice<T>(string name, IReadOnlyDictionary<string, T> choices)
        where T : struct => ReadValue<T>(name, value =>
            value.ValueKind == JsonValueKind.String && choices.TryGetValue(value.GetString() ?? "", out var choice)
                ? (choice, null)
                : (null, $"\"{Show(value)}\" is not a valid choice. Known: {string.Join(", ", choices.Keys)}."));

    public Maybe<List<string>> Texts(string name) => List(name, value => value.ValueKind == JsonValueKind.String ? value.GetString() : null, "Not a valid string.");

    public Maybe<List<Guid>> Ids(string name) => Unbox(List(name, value => IsId(value, out var id) ? (object)id : null, "Not a valid UUID."), o => (Guid)o);

    public Maybe<List<int>> Numbers(string name) => Unbox(List(name, value => IsNumber(value, out var number) ? (object)number : null, "A valid integer is required."), o => (int)o);

    /// <summary>An object kept as JSON text.</summary>
    public Maybe<string> ObjectText(string name) => Read<string>(name, value =>
        value.ValueKind == JsonValueKind.Object ? (value.GetRawText(), null) : (null, "Expected an object."));

    /// <summary>The elements of a list; faults what is no list.</summary>
    public Maybe<List<JsonElement>> Elements(string name) => Read<List<JsonElement>>(name, value =>
        value.ValueKind == JsonValueKind.Array ? ([.. value.EnumerateArray()], null) : (null, $"Expected a list of items but got type \"{Kind(value)}\"."));

    /// <summary>The fields of an object inside; null when absent or no object.</summary>
    public BodyFields? Inner(string name)
    {
        if (!TryGet(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            return new BodyFields(value, nullIsAbsent, path + name + ".");
        }

        Refuse(name, "Expected an object.");
        return null;
    }

    private bool IsNull(string name) => TryGet(name, out var value) && value.ValueKind == JsonValueKind.Null;

    private Maybe<List<T>> List<T>(string name, Func<JsonElement, T?> item, string fault)
        where T : class
    {
        if (!Elements(name).Is(out var elements))
        {
            return default;
        }

        var items = new List<T>(elements.Count);
        foreach (var element in elements)
        {
            if (item(element) is not { } read)
            {
                Refuse(name, fault);
                return default;
            }

            items.Add(read);
        }

        return items;
    }

    private Maybe<T> Read<T>(string name, Func<JsonElement, (T? Value, string? Fault)> read)
        where T : class
    {
        if (!TryGet(name, out var element))
        {
            return default;
        }

        var (value, fault) = element.ValueKind == JsonValueKind.Null ? (null, "This field may not be null.") : read(element);
        if (value is not null)
        {
            return value;
        }

        Refuse(name, fault ?? "Not valid.");
        return default;
    }

    private Maybe<T> ReadValue<T>(string name, Func<JsonElement, (T? Value, string? Fault)> read)
        where T : struct
    {
        var boxed = Read<object>(name, element => read(element) is var (value, fault) && value is { } given ? (given, null) : (null, fault));
        return boxed.Is(out var found) ? (T)found : default(Maybe<T>);
    }

    private static Maybe<List<T>> Unbox<T>(Maybe<List<object>> list, Func<object, T> item) => list.Is(out var items) ? items.ConvertAll(o => item(o)) : default(Maybe<List<T>>);

    private static (string? Value, string? Fault) Checked(string text, int longest, bool mayBeBlank) =>
        text.Length > longest ? (null, $"Ensure this field has no more than {longest} characters.")
        : !mayBeBlank && string.IsNullOrWhiteSpace(text) ? (null, "This field may not be blank.")
        : (text, null);

    private static bool IsNumber(JsonElement value, out int number)
    {
        number = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out number);
    }

    private static bool IsId(JsonElement value, out Guid id)
    {
        id = default;
        return value.ValueKind == JsonValueKind.String && Guid.TryParse(value.GetString(), out id);
    }

    private static string Show(JsonElement value) => value.ToString() is { Length: <= 100 } text ? text : value.ToString()[..100] + "...";

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => "str",
        JsonValueKind.Object => "dict",
        JsonValueKind.Number => "int",
        JsonValueKind.True or JsonValueKind.False => "bool",
        _ => "null",
    };
}
