using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>Filters of a list by settings that are kept as JSON: each names a setting, and a list fits that holds one of the values.</summary>
internal sealed class SettingsFilter
{
    private readonly List<(string Name, IReadOnlyList<string> Values)> wanted;

    private SettingsFilter(List<(string Name, IReadOnlyList<string> Values)> wanted) => this.wanted = wanted;

    /// <summary>Reads those of <paramref name="settings"/> that the query names; null when it names none.</summary>
    /// <param name="settings">Every setting with its default, which tells what values it can have.</param>
    public static SettingsFilter? Read(ListQuery query, IEnumerable<(string Name, JsonNode? Default)> settings)
    {
        List<(string Name, IReadOnlyList<string> Values)> wanted = [];
        foreach (var (name, absent) in settings)
        {
            IReadOnlyList<string> values = absent?.GetValueKind() switch
            {
                JsonValueKind.True or JsonValueKind.False => query.Flag(name) is { } flag ? [flag ? "true" : "false"] : [],
                JsonValueKind.Number => query.Signed(name) is { } number ? [number.ToString(System.Globalization.CultureInfo.InvariantCulture)] : [],
                _ => query.Texts(name),
            };
            if (values.Count > 0)
            {
                wanted.Add((name, values));
            }
        }

        return wanted.Count > 0 ? new SettingsFilter(wanted) : null;
    }

    /// <summary>Whether an object with these settings belongs to the list.</summary>
    public bool Fits(JsonObject settings) => wanted.TrueForAll(w => settings[w.Name] switch
    {
        null => false,
        JsonArray items => items.Any(i => i is not null && w.Values.Contains(TextOf(i))),
        var one => w.Values.Contains(TextOf(one)),
    });

    private static string TextOf(JsonNode value) => value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();
}
