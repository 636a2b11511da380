using System.Diagnostics;

namespace Gatehouse.Model.Policies;

/// <summary>Puts rules into words: what was found, and what would have to be.</summary>
internal static class RuleText
{
    // A person in two hundred groups still gets a sentence.
    private const int MostValues = 8;

    /// <summary>A policy as sentences name it.</summary>
    public static string NameOf(CompiledPolicy policy) => $"{WordOf(policy.Action)} policy '{policy.Name}'";

    /// <summary>Cloudflare's words, for people.</summary>
    public static string WordOf(PolicyAction action) => action switch
    {
        PolicyAction.Allow => "allow",
        PolicyAction.Deny => "deny",
        PolicyAction.Bypass => "bypass",
        PolicyAction.NonIdentity => "service auth",
        _ => throw new UnreachableException($"action {action} has no word"),
    };

    /// <summary>What the visitor showed where <paramref name="rule"/> looked.</summary>
    public static string Found(Visitor visitor, Rule rule, IReadOnlyDictionary<Guid, CompiledGroup> groups)
    {
        var met = RuleEvaluator.Meets(visitor, rule, groups);
        return rule switch
        {
            Rule.Everyone => "it holds for everyone",
            Rule.Ip r => $"the client address {visitor.Address} is {(met ? "" : "not ")}in {r.Range}",
            Rule.Group g => GroupFound(visitor, g, met, groups),
            Rule.ServiceToken or Rule.AnyServiceToken => visitor.ServiceToken is { } token ? $"the request came with service token {token}" : "the request came without a service token",
            Rule.Certificate or Rule.CommonName => visitor.CommonName is { } name ? $"the request came with a client certificate of '{name}'" : "the request came without a client certificate that counts here",
            _ when visitor.Identity is null => "nobody has signed in",
            Rule.Email e => met ? $"the address is {e.Address}" : $"the address is {visitor.Identity.Email}, not {e.Address}" + Hint(visitor.Identity, rule),
            Rule.EmailDomain d => $"the address {visitor.Identity.Email} is {(met ? "" : "not ")}under {d.Domain}" + Hint(visitor.Identity, rule),
            Rule.LoginMethod m => met ? "they signed in through it" : $"they signed in through login method {visitor.Identity.LoginMethodId}, not {m.Id}",
            Rule.OidcClaim c => ClaimFound(visitor.Identity, c, met),
            _ => throw new UnreachableException($"rule {rule.GetType().Name} has no words"),
        };
    }

    /// <summary>What would have to be for <paramref name="rule"/> to come out as <paramref name="met"/>; follows "if".</summary>
    public static string Wanted(Rule rule, bool met, IReadOnlyDictionary<Guid, CompiledGroup> groups)
    {
        var not = met ? "" : "not ";
        return rule switch
        {
            Rule.Everyone => met ? "anyone were to do" : "it did not hold for everyone",
            Rule.Ip r => $"the client address were {not}in {r.Range}",
            Rule.Group g => $"they did {not}meet the group {GroupName(g, groups)}",
            Rule.Email e => $"the address were {not}{e.Address}",
            Rule.EmailDomain d => $"the address were {not}under {d.Domain}",
            Rule.LoginMethod m => $"they had {not}signed in through login method {m.Id}",
            Rule.ServiceToken t => $"the request came {(met ? "with" : "without")} service token {t.Id}",
            Rule.AnyServiceToken => $"the request came {(met ? "with" : "without")} a service token",
            Rule.Certificate => $"the request came {(met ? "with" : "without")} a client certificate that counts here",
            Rule.CommonName n => $"the request came {(met ? "with" : "without")} a client certificate of '{n.Name}'",
            Rule.OidcClaim c => $"the claim '{c.Name}' did {not}hold '{c.Value}'" + (c.LoginMethodId is { } id ? $" from login method {id}" : ""),
            _ => throw new UnreachableException($"rule {rule.GetType().Name} has no words"),
        };
    }

    /// <summary>Why a set of rules did not match.</summary>
    public static string Failing(
        Visitor visitor, IReadOnlyList<Rule> include, IReadOnlyList<Rule> exclude, IReadOnlyList<Rule> require, IReadOnlyDictionary<Guid, CompiledGroup> groups)
    {
        List<string> parts = [];
        if (!include.Any(r => RuleEvaluator.Meets(visitor, r, groups)))
        {
            parts.Add(include.Count == 0 ? "it includes nobody" : "no include rule is met");
        }

        Count(require.Count(r => !RuleEvaluator.Meets(visitor, r, groups)), "require", "not met");
        Count(exclude.Count(r => RuleEvaluator.Meets(visitor, r, groups)), "exclude", "met");
        return string.Join("; ", parts);

        void Count(int count, string kind, string state)
        {
            if (count > 0)
            {
                parts.Add(count == 1 ? $"1 {kind} rule is {state}" : $"{count} {kind} rules are {state}");
            }
        }
    }

    /// <summary>What the visitor has that nearly meets the rule, as the end of a sentence; empty when nothing does.</summary>
    public static string Hint(VisitorIdentity identity, Rule rule) => rule switch
    {
        Rule.EmailDomain d => DomainHint(EmailAddress.DomainOf(identity.Email).ToString(), d.Domain),
        Rule.Email e when Likeness.Of(identity.Email, e.Address) is { } how => $" (they {how})",
        Rule.OidcClaim c when Values(identity, c.Name) is { } values =>
            values.Select(v => Likeness.Of(v, c.Value) is { } how ? $" ('{v}' and '{c.Value}' {how})" : null).FirstOrDefault(h => h is not null) ?? "",
        _ => "",
    };

    private static string DomainHint(string found, string wanted)
    {
        if (found == wanted)
        {
            return "";
        }

        if (found.EndsWith("." + wanted, StringComparison.Ordinal))
        {
            return $" (a domain rule never covers sub-domains; {found} needs a rule of its own)";
        }

        if (wanted.EndsWith("." + found, StringComparison.Ordinal))
        {
            return $" (the rule names the sub-domain {wanted} only)";
        }

        return Likeness.Of(found, wanted) is { } how ? $" ({found} and {wanted} {how})" : "";
    }

    private static string GroupFound(Visitor visitor, Rule.Group rule, bool met, IReadOnlyDictionary<Guid, CompiledGroup> groups)
    {
        if (!groups.TryGetValue(rule.Id, out var group))
        {
            return $"there is no group {rule.Id}";
        }

        if (met)
        {
            return $"they meet the group '{group.Name}'";
        }

        var failing = Failing(visitor, group.Include, group.Exclude, group.Require, groups);
        var first = group.Require.Concat(group.Include).FirstOrDefault(r => r is not Rule.Group && !RuleEvaluator.Meets(visitor, r, groups));
        return $"they do not meet the group '{group.Name}': {failing}" + (first is null ? "" : $"; {Found(visitor, first, groups)}");
    }

    private static string GroupName(Rule.Group rule, IReadOnlyDictionary<Guid, CompiledGroup> groups) =>
        groups.TryGetValue(rule.Id, out var group) ? $"'{group.Name}'" : rule.Id.ToString();

    private static string ClaimFound(VisitorIdentity identity, Rule.OidcClaim rule, bool met)
    {
        if (met)
        {
            return $"the claim '{rule.Name}' holds '{rule.Value}'";
        }

        if (rule.LoginMethodId is { } method && method != identity.LoginMethodId)
        {
            return $"they signed in through login method {identity.LoginMethodId}, and the rule counts for {method} only";
        }

        if (Values(identity, rule.Name) is not { } values)
        {
            var sent = identity.Claims.Keys.Order(StringComparer.Ordinal).ToList();
            return $"the login method gave no claim '{rule.Name}'" + (sent.Count == 0 ? "; it gave none at all" : "; it gave " + List(sent));
        }

        return values.Count == 0
            ? $"the claim '{rule.Name}' is empty"
            : $"the claim '{rule.Name}' holds {List(values)}, not '{rule.Value}'" + Hint(identity, rule);
    }

    private static IReadOnlyList<string>? Values(VisitorIdentity identity, string name) => identity.Claims.GetValueOrDefault(name);

    private static string List(IReadOnlyList<string> values) =>
        string.Join(", ", values.Take(MostValues).Select(v => $"'{v}'")) + (values.Count > MostValues ? $" and {values.Count - MostValues} more" : "");
}
