using System.Text.Json;

namespace Gatehouse.Model.Bindings;

/// <summary>Makes of JSON what policies look into: dictionaries all the way down.</summary>
public static class ContextValues
{
    /// <summary>An object becomes a dictionary, a text a text; all else stays JSON.</summary>
    public static object Of(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() ?? "" : element.Clone();
        }

        var made = new Dictionary<string, object>();
        foreach (var property in element.EnumerateObject())
        {
            made[property.Name] = Of(property.Value);
        }

        return made;
    }
}
