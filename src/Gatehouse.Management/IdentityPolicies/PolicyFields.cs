using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;

namespace Gatehouse.Management.IdentityPolicies;

/// <summary>What a caller says about a policy. Absent settings stay as they are; on a new policy they take the documented default.</summary>
internal sealed class PolicyFields
{
    public Maybe<string> Name { get; init; }

    public Maybe<bool> LogsRuns { get; init; }

    /// <summary>The settings that were given, by name.</summary>
    public required IReadOnlyDictionary<string, JsonNode?> Settings { get; init; }

    /// <summary>Reads them.</summary>
    public static PolicyFields Read(BodyFields body, PolicyShape shape)
    {
        var settings = new Dictionary<string, JsonNode?>();
        foreach (var field in shape.Fields)
        {
            if (ReadOne(body, field, out var value))
            {
                settings[field.Name] = value;
            }
        }

        return new PolicyFields { Name = body.Text("name", 1000, mayBeBlank: false), LogsRuns = body.Flag("execution_logging"), Settings = settings };
    }

    /// <summary>All settings of a policy, written anew over what is kept.</summary>
    public string Over(string? kept, PolicyShape shape)
    {
        var before = kept is null ? null : JsonNode.Parse(kept) as JsonObject;
        var made = new JsonObject();
        foreach (var field in shape.Fields)
        {
            made[field.Name] = (Settings.TryGetValue(field.Name, out var given) ? given
                : before is not null && before.TryGetPropertyValue(field.Name, out var there) ? there
                : DefaultOf(field))?.DeepClone();
        }

        return made.ToJsonString();
    }

    /// <summary>What a setting is when nobody says.</summary>
    public static JsonNode? DefaultOf(SettingField field) => field.Kind switch
    {
        SettingKind.Texts or SettingKind.Numbers => new JsonArray(),
        _ => field.Default is null ? null : JsonSerializer.SerializeToNode(field.Default),
    };

    private static bool ReadOne(BodyFields body, SettingField field, out JsonNode? value)
    {
        value = null;
        switch (field.Kind)
        {
            case SettingKind.Flag:
                return Take(body.Flag(field.Name), flag => flag, out value);
            case SettingKind.Number:
                return Take(body.Number(field.Name), number => InRange(body, field, number), out value);
            case SettingKind.Text:
                return Take(body.Text(field.Name, field.Longest, mayBeBlank: !field.IsRequired), text => text, out value);
            case SettingKind.NullableText:
                return Take(body.NullableText(field.Name, field.Longest), text => text is { Length: > 0 } ? text : null, out value);
            case SettingKind.Texts:
                return Take(body.Texts(field.Name), texts => JsonList.Of(texts), out value);
            default:
                return Take(body.Numbers(field.Name), numbers => JsonList.Of(numbers, n => n), out value);
        }
    }

    private static JsonNode InRange(BodyFields body, SettingField field, int number)
    {
        if (number < field.Least || number > field.Most)
        {
            body.Refuse(field.Name, $"Ensure this value is from {field.Least} to {field.Most}.");
        }

        return number;
    }

    private static bool Take<T>(Maybe<T> maybe, Func<T, JsonNode?> write, out JsonNode? value)
    {
        value = maybe.Is(out var given) ? write(given) : null;
        return maybe.IsGiven;
    }
}
