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
    public static string Found(Visitor visitor, Rule rule, RuleScope scope)
    {
        var met = RuleEvaluator.Meets(visitor, rule, scope);
        return rule switch
        {
            Rule.Everyone => "it holds for everyone",
            Rule.Ip r => $"the client address {visitor.Address} is {(met ? "" : "not ")}in {r.Range}",
            Rule.IpList l => $"the client address {visitor.Address} is {(met ? "" : "not ")}on the list {ListName(l.Id, scope)}",
            Rule.Country c => CountryFound(visitor, c, scope),
            Rule.Group g => GroupFound(visitor, g, met, scope),
            Rule.ServiceToken or Rule.AnyServiceToken => visitor.ServiceToken is { } token ? $"the request came with service token {token}" : "the request came without a service token",
            Rule.LinkedAppToken => visitor.LinkedApp is { } linked ? $"the request came with a token of SaaS application {linked}" : "the request came without a token of a linked SaaS application",
            Rule.Certificate or Rule.CommonName => visitor.CommonName is { } name ? $"the request came with a client certificate of '{name}'" : "the request came without a client certificate that counts here",
            _ when visitor.Identity is null => "nobody has signed in",
            Rule.Email e => met ? $"the address is {e.Address}" : $"the address is {visitor.Identity.Email}, not {e.Address}" + Hint(visitor.Identity, rule),
            Rule.EmailDomain d => $"the address {visitor.Identity.Email} is {(met ? "" : "not ")}under {d.Domain}" + Hint(visitor.Identity, rule),
            Rule.EmailList l => $"the address {visitor.Identity.Email} is {(met ? "" : "not ")}on the list {ListName(l.Id, scope)}",
            Rule.AuthMethod a => AmrFound(visitor.Identity, a, met),
            Rule.ProviderGroup g => ProviderGroupFound(visitor.Identity, g, met),
            Rule.SamlClaim a => ClaimFound(visitor.Identity, "attribute", a.Name, a.Value, a.LoginMethodId, met, rule),
            Rule.AuthContext c => met ? $"the authentication context {c.ContextId} was fulfilled" : $"the login method did not say that the authentication context {c.ContextId} was fulfilled",
            Rule.ExternalEvaluation e => met ? $"{HostOf(e)} said yes" : visitor.Identity.Passed.Contains(Passed.RefusedBy(e)) ? $"{HostOf(e)} said no" : $"{HostOf(e)} has not said yes or no when they signed in",
            Rule.LoginMethod m => met ? "they signed in through it" : $"they signed in through login method {visitor.Identity.LoginMethodId}, not {m.Id}",
            Rule.OidcClaim c => ClaimFound(visitor.Identity, "claim", c.Name, c.Value, c.LoginMethodId, met, rule),
            _ => throw new UnreachableException($"rule {rule.GetType().Name} has no words"),
        };
    }

    /// <summary>What would have to be for <paramref name="rule"/> to come out as <paramref name="met"/>; follows "if".</summary>
    public static string Wanted(Rule rule, bool met, RuleScope scope)
    {
        var not = met ? "" : "not ";
        return rule switch
        {
            Rule.Everyone => met ? "anyone were to do" : "it did not hold for everyone",
            Rule.Ip r => $"the client address were {not}in {r.Range}",
            Rule.Group g => $"they did {not}meet the group {GroupName(g, scope)}",
            Rule.IpList l => $"the client address were {not}on the list {ListName(l.Id, scope)}",
            Rule.Country c => $"the client address were {not}in {c.Code}",
            Rule.EmailList l => $"the address were {not}on the list {ListName(l.Id, scope)}",
            Rule.AuthMethod a => $"they had {not}signed in by '{a.Method}'",
            Rule.ProviderGroup g => $"they were {not}in the group '{g.Value}' of login method {g.LoginMethodId}",
            Rule.SamlClaim a => $"the attribute '{a.Name}' did {not}hold '{a.Value}' from login method {a.LoginMethodId}",
            Rule.AuthContext c => $"the authentication context {c.ContextId} had {not}been fulfilled",
            Rule.ExternalEvaluation e => $"{HostOf(e)} had {not}said yes",
            Rule.Email e => $"the address were {not}{e.Address}",
            Rule.EmailDomain d => $"the address were {not}under {d.Domain}",
            Rule.LoginMethod m => $"they had {not}signed in through login method {m.Id}",
            Rule.ServiceToken t => $"the request came {(met ? "with" : "without")} service token {t.Id}",
            Rule.AnyServiceToken => $"the request came {(met ? "with" : "without")} a service token",
            Rule.LinkedAppToken t => $"the request came {(met ? "with" : "without")} a token of SaaS application {t.AppId}",
            Rule.Certificate => $"the request came {(met ? "with" : "without")} a client certificate that counts here",
            Rule.CommonName n => $"the request came {(met ? "with" : "without")} a client certificate of '{n.Name}'",
            Rule.OidcClaim c => $"the claim '{c.Name}' did {not}hold '{c.Value}'" + (c.LoginMethodId is { } id ? $" from login method {id}" : ""),
            _ => throw new UnreachableException($"rule {rule.GetType().Name} has no words"),
        };
    }

    /// <summary>Why a set of rules did not match.</summary>
    public static string Failing(
        Visitor visitor, IReadOnlyList<Rule> include, IReadOnlyList<Rule> exclude, IReadOnlyList<Rule> require, RuleScope scope, bool doubt = false)
    {
        List<string> parts = [];
        if (!include.Any(r => RuleEvaluator.Meets(visitor, r, scope, doubt)))
        {
            parts.Add(include.Count == 0 ? "it includes nobody" : "no include rule is met");
        }

        Count(require.Count(r => !RuleEvaluator.Meets(visitor, r, scope, doubt)), "require", "not met");
        Count(exclude.Count(r => RuleEvaluator.Meets(visitor, r, scope, !doubt)), "exclude", "met");
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
        Rule.OidcClaim c => ValueHint(identity, c.Name, c.Value),
        Rule.SamlClaim a => ValueHint(identity, a.Name, a.Value),
        _ => "",
    };

    private static string ValueHint(VisitorIdentity identity, string name, string wanted) =>
        Values(identity, name)?.Select(v => Likeness.Of(v, wanted) is { } how ? $" ('{v}' and '{wanted}' {how})" : null).FirstOrDefault(h => h is not null) ?? "";

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

    private static string GroupFound(Visitor visitor, Rule.Group rule, bool met, RuleScope scope)
    {
        if (!scope.Groups.TryGetValue(rule.Id, out var group))
        {
            return $"there is no group {rule.Id}";
        }

        if (met)
        {
            return $"they meet the group '{group.Name}'";
        }

        var failing = Failing(visitor, group.Include, group.Exclude, group.Require, scope);
        var first = group.Require.Concat(group.Include).FirstOrDefault(r => r is not Rule.Group && !RuleEvaluator.Meets(visitor, r, scope));
        return $"they do not meet the group '{group.Name}': {failing}" + (first is null ? "" : $"; {Found(visitor, first, scope)}");
    }

    private static string GroupName(Rule.Group rule, RuleScope scope) =>
        scope.Groups.TryGetValue(rule.Id, out var group) ? $"'{group.Name}'" : rule.Id.ToString();

    private static string ListName(Guid id, RuleScope scope) => scope.Lists.TryGetValue(id, out var list) ? $"'{list.Name}'" : $"{id}, which does not exist";

    // The path of such a URL may hold a key of its service.
    private static string HostOf(Rule.ExternalEvaluation rule) => Uri.TryCreate(rule.EvaluateUrl, UriKind.Absolute, out var url) ? url.Host : "the external evaluation";

    private static string CountryFound(Visitor visitor, Rule.Country rule, RuleScope scope) => visitor.Country switch
    {
        _ when !scope.KnowsPlaces => "there is no database of places here (--geoip), so no country is known",
        null => $"the country of {visitor.Address} is not known",
        var found => found == rule.Code ? $"the client address {visitor.Address} is in {found}" : $"the client address {visitor.Address} is in {found}, not {rule.Code}",
    };

    private static string AmrFound(VisitorIdentity identity, Rule.AuthMethod rule, bool met) =>
        met ? $"they signed in by '{rule.Method}'"
        : identity.Amr.Count == 0 ? "the login method did not say how they signed in"
        : $"they signed in by {List(identity.Amr)}, not '{rule.Method}'";

    private static string ProviderGroupFound(VisitorIdentity identity, Rule.ProviderGroup rule, bool met)
    {
        if (met)
        {
            return $"they are in the group '{rule.Value}'";
        }

        if (rule.LoginMethodId != identity.LoginMethodId)
        {
            return $"they signed in through login method {identity.LoginMethodId}, and the rule counts for {rule.LoginMethodId} only";
        }

        return Values(identity, ProviderGroups.Claim) is { Count: > 0 } held ? $"they are in {List(held)}, not in '{rule.Value}'" : "the login method gave no groups";
    }

    private static string ClaimFound(VisitorIdentity identity, string what, string name, string value, Guid? loginMethod, bool met, Rule rule)
    {
        if (met)
        {
            return $"the {what} '{name}' holds '{value}'";
        }

        if (loginMethod is { } method && method != identity.LoginMethodId)
        {
            return $"they signed in through login method {identity.LoginMethodId}, and the rule counts for {method} only";
        }

        if (Values(identity, name) is not { } values)
        {
            var sent = identity.Claims.Keys.Order(StringComparer.Ordinal).ToList();
            return $"the login method gave no {what} '{name}'" + (sent.Count == 0 ? "; it gave none at all" : "; it gave " + List(sent));
        }

        return values.Count == 0
            ? $"the {what} '{name}' is empty"
            : $"the {what} '{name}' holds {List(values)}, not '{value}'" + Hint(identity, rule);
    }

    private static IReadOnlyList<string>? Values(VisitorIdentity identity, string name) => identity.Claims.GetValueOrDefault(name);

    private static string List(IReadOnlyList<string> values) =>
        string.Join(", ", values.Take(MostValues).Select(v => $"'{v}'")) + (values.Count > MostValues ? $" and {values.Count - MostValues} more" : "");
}
