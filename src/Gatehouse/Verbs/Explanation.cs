using System.Globalization;
using System.Text;
using System.Text.Json;
using Gatehouse.Logging;
using Gatehouse.Model.Audit;
using Gatehouse.Model.Policies;

namespace Gatehouse.Verbs;

/// <summary>A decision and its tree of reasons, for an administrator. Values a visitor chose are escaped: this goes to a terminal.</summary>
internal static class Explanation
{
    private static readonly JsonSerializerOptions AnyCase = new() { PropertyNameCaseInsensitive = true };
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>For programs.</summary>
    public static string Json(DecisionRecord record) => JsonSerializer.Serialize(
        new
        {
            record.Id,
            record.At,
            record.Allowed,
            record.Action,
            App = record.AppName,
            record.Email,
            record.Address,
            record.Method,
            record.Host,
            record.Path,
            Reasons = Tree(record),
        },
        Indented);

    /// <summary>For people.</summary>
    public static string Text(DecisionRecord record)
    {
        var tree = Tree(record);
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{(record.Allowed ? "Allowed" : "Denied")}: {LogText.Escape(tree.Outcome)}");
        if (tree.NearestMiss is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"Nearest miss: {LogText.Escape(tree.NearestMiss)}");
        }

        text.AppendLine();
        Fact(text, "decision", $"{record.Id}, {record.At.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)}");
        Fact(text, "app", record.AppName.Length == 0 ? "none covers this address" : record.AppName);
        Fact(text, "who", record.Email ?? "nobody had signed in");
        Fact(text, "from", record.Address);
        Fact(text, "asked", $"{record.Method} {record.Host}{record.Path} ({record.Action})");
        foreach (var policy in tree.Policies)
        {
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"  {(policy.Matched ? "matched" : "no match")}  policy \"{LogText.Escape(policy.Name)}\" ({LogText.Escape(policy.Action)}): {LogText.Escape(policy.Why)}");
            Rules(text, "include", policy.Include);
            Rules(text, "exclude", policy.Exclude);
            Rules(text, "require", policy.Require);
        }

        return text.ToString().TrimEnd();
    }

    private static void Fact(StringBuilder text, string name, string value) =>
        text.AppendLine(CultureInfo.InvariantCulture, $"  {name,-9} {LogText.Escape(value)}");

    private static void Rules(StringBuilder text, string part, IReadOnlyList<RuleReason>? rules)
    {
        foreach (var rule in rules ?? [])
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"    {part} {(rule.Met ? "met    " : "not met")} {LogText.Escape(rule.Rule)}; found {LogText.Escape(rule.Found)}");
        }
    }

    private static DecisionTree Tree(DecisionRecord record) =>
        JsonSerializer.Deserialize<DecisionTree>(record.TreeJson, AnyCase) ?? new DecisionTree("no reasons were recorded", null, []);
}
