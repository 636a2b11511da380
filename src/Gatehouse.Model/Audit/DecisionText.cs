using System.Globalization;
using System.Text;
using Gatehouse.Model.Policies;

namespace Gatehouse.Model.Audit;

/// <summary>A decision as text for a terminal: what <c>gatehouse explain</c> prints.</summary>
public static class DecisionText
{
    /// <summary>The whole of <paramref name="record"/>. Control characters in what visitors sent come out as <c>?</c>.</summary>
    public static string Render(DecisionRecord record)
    {
        var text = new StringBuilder();
        Line(text, $"Decision {record.Id}: {(record.Allowed ? "allowed" : "denied")}");
        Line(text, $"  when     {record.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC");
        Line(text, $"  app      {(record.AppId is { } id ? $"{record.AppName} ({id})" : "none covers this address")}");
        Line(text, $"  asked    {record.Method} {record.Host}{record.Path} ({record.Action})");
        Line(text, $"  who      {record.Email ?? "nobody had signed in"}, from {record.Address}{(record.LoginMethodId is { } method ? $", through login method {method}" : "")}");
        if (record.Country is { } country)
        {
            Line(text, $"  country  {country}");
        }

        if (record.Purpose is { } purpose)
        {
            Line(text, $"  purpose  {purpose}");
        }

        if (record.Approvers is { } approvers)
        {
            Line(text, $"  approved by {approvers}");
        }

        if (DecisionJson.Read(record.TreeJson) is not { } tree)
        {
            Line(text, "  why      the reasons were kept in a form that this version does not read");
            return text.ToString();
        }

        Line(text, $"  why      {tree.Outcome}");
        if (tree.NearestMiss is { } miss)
        {
            Line(text, $"  nearest  {miss}");
        }

        for (var n = 0; n < tree.Policies.Count; n++)
        {
            Policy(text, n + 1, tree.Policies[n]);
        }

        return text.ToString();
    }

    private static void Policy(StringBuilder text, int number, PolicyReason policy)
    {
        Line(text, "");
        Line(text, $"  {number}. {policy.Action} '{policy.Name}': {policy.Why}");
        Rules(text, "include", policy.Include);
        Rules(text, "require", policy.Require);
        Rules(text, "exclude", policy.Exclude);
    }

    private static void Rules(StringBuilder text, string kind, IReadOnlyList<RuleReason> rules)
    {
        foreach (var rule in rules)
        {
            Line(text, $"     {kind} {(rule.Met ? "met    " : "not met")} {rule.Rule}");
            Line(text, $"                     {rule.Found}");
        }
    }

    private static void Line(StringBuilder text, string line)
    {
        foreach (var c in line)
        {
            text.Append(char.IsControl(c) ? '?' : c);
        }

        text.Append('\n');
    }
}
