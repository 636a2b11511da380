using System.Text.Json;
using Gatehouse.Management.Http;
using Gatehouse.Management.Policies;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;

namespace Gatehouse.Management.CloudflareV4;

/// <summary>Reads the kinds of field that only Cloudflare's API has.</summary>
internal static class BodyReading
{
    /// <summary>A Go duration.</summary>
    public static Maybe<TimeSpan> Duration(this BodyFields body, string name)
    {
        if (!body.Text(name, 100).Is(out var text))
        {
            return default;
        }

        if (GoDuration.TryParse(text, out var duration))
        {
            return duration;
        }

        body.Refuse(name, $"{name} '{text}' is no duration; expected one such as 24h, 30m or 2h45m");
        return default;
    }

    /// <summary>The three blocks of rules.</summary>
    public static RuleSet Rules(this BodyFields body) => new(body.RuleList("include"), body.RuleList("exclude"), body.RuleList("require"));

    /// <summary>Refuses fields that Cloudflare has and we do not, unless they ask for nothing. Dropping them could leave a door open that was to be shut.</summary>
    public static void NotYet(this BodyFields body, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (body.TryGet(name, out var value) && !AsksForNothing(value))
            {
                body.Refuse(name, $"{name} is not supported yet");
            }
        }
    }

    private static List<Rule> RuleList(this BodyFields body, string block)
    {
        var rules = new List<Rule>();
        foreach (var element in body.Elements(block).Or([]))
        {
            if (RuleJson.TryRead(element, out var rule, out var fault))
            {
                rules.Add(rule);
            }
            else
            {
                body.Refuse(block, $"invalid '{block}' configuration: {fault}");
            }
        }

        return rules;
    }

    private static bool AsksForNothing(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.String => value.GetString()?.Length == 0,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.EnumerateObject().All(p => AsksForNothing(p.Value)),
        _ => false,
    };
}
