using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Policies;

namespace Gatehouse.Model.Snapshots;

/// <summary>Makes ready what rules may name. What there is to know of a group is found out once, however often it is named.</summary>
internal static class RuleScopeBuilder
{
    /// <summary>The scope of all groups and lists.</summary>
    public static RuleScope Build(AccessRows rows, GroupSizes sizes)
    {
        var lists = rows.Lists.ToFrozenDictionary(l => l.Id, Compile);
        var byId = rows.Groups.ToDictionary(g => g.Id);
        var groups = new Dictionary<Guid, CompiledGroup>();
        var known = new RuleScope { Groups = groups, Lists = lists, KnowsPlaces = rows.KnowsPlaces };
        foreach (var id in sizes.LeavesFirst)
        {
            groups.Add(id, Compile(byId[id], sizes.FaultOf(id), known));
        }

        return new RuleScope { Groups = groups.ToFrozenDictionary(), Lists = lists, KnowsPlaces = rows.KnowsPlaces };
    }

    /// <summary>All rules of a group.</summary>
    public static IReadOnlyList<Rule> RulesOf(RuleGroup group) => [.. group.Include, .. group.Exclude, .. group.Require];

    /// <summary>Why a rule can't be judged; null when it can.</summary>
    public static string? Fault(Rule rule, RuleScope scope) => rule switch
    {
        Rule.Country when !scope.KnowsPlaces => "it asks for a country, and there is no database of places (--geoip)",
        Rule.EmailList l => ListFault(l.Id, scope, l => l.Emails is not null, "addresses of people"),
        Rule.IpList l => ListFault(l.Id, scope, l => l.Networks is not null, "networks"),
        Rule.Group named => scope.Groups.TryGetValue(named.Id, out var group) ? group.BrokenBecause : $"it names group {named.Id}, which does not exist",
        _ => null,
    };

    /// <summary>Writes rules, and what stands for the content of the groups and lists they name.</summary>
    public static void Append(StringBuilder text, string kind, ImmutableArray<Rule> rules, RuleScope scope)
    {
        foreach (var rule in rules)
        {
            text.Append(kind).Append(RuleJson.Write(rule)).Append('\n');
            switch (rule)
            {
                case Rule.Group named when scope.Groups.TryGetValue(named.Id, out var group):
                    text.Append(group.ContentHash).Append('\n');
                    break;
                case Rule.EmailList list when scope.Lists.TryGetValue(list.Id, out var held):
                    text.Append(held.ContentHash).Append('\n');
                    break;
            }
        }
    }

    /// <summary>What stands for a text.</summary>
    public static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));

    private static CompiledGroup Compile(RuleGroup group, string? fault, RuleScope scope)
    {
        if (fault is not null)
        {
            // Without its rules, nothing that walks through it takes for ever.
            return new CompiledGroup(group.Name, [], [], []) { BrokenBecause = $"group '{group.Name}' {fault}" };
        }

        var compiled = new CompiledGroup(group.Name, [.. group.Include], [.. group.Exclude], [.. group.Require]);
        var text = new StringBuilder();
        Append(text, "i", compiled.Include, scope);
        Append(text, "e", compiled.Exclude, scope);
        Append(text, "r", compiled.Require, scope);
        return compiled with
        {
            BrokenBecause = compiled.Rules.Select(r => Fault(r, scope)).FirstOrDefault(f => f is not null),
            ContentHash = HashOf(text.ToString()),
        };
    }

    private static CompiledList Compile(AccessList list) => new()
    {
        Name = list.Name,
        Emails = list.Kind == AccessListKind.Email ? list.Items.Select(i => i.Value).ToFrozenSet(StringComparer.Ordinal) : null,
        Networks = list.Kind == AccessListKind.Ip ? new AddressRanges(list.Items.Select(i => RuleJson.Range(i.Value)).OfType<IPNetwork>()) : null,
        ContentHash = HashOf(string.Join('\n', list.Items.Select(i => i.Value))),
    };

    private static string? ListFault(Guid id, RuleScope scope, Func<CompiledList, bool> fits, string what) =>
        !scope.Lists.TryGetValue(id, out var list) ? $"it names list {id}, which does not exist"
        : fits(list) ? null
        : $"list '{list.Name}' does not hold {what}";
}
