using System.Diagnostics;

namespace Gatehouse.Model.Policies;

/// <summary>Says whether a visitor meets one rule. Pure; allocates nothing.</summary>
public static class RuleEvaluator
{
    /// <summary>Whether <paramref name="visitor"/> meets <paramref name="rule"/>. A group that is not in <paramref name="groups"/> is never met.</summary>
    public static bool Meets(Visitor visitor, Rule rule, IReadOnlyDictionary<Guid, CompiledGroup> groups) => rule switch
    {
        Rule.Email e => visitor.Identity is { } i && string.Equals(i.Email, e.Address, StringComparison.Ordinal),
        Rule.EmailDomain d => visitor.Identity is { } i && EmailAddress.DomainOf(i.Email).Equals(d.Domain, StringComparison.Ordinal),
        Rule.Everyone => true,
        Rule.Ip r => r.Range.Contains(visitor.Address),
        Rule.LoginMethod m => visitor.Identity?.LoginMethodId == m.Id,
        Rule.Group g => groups.TryGetValue(g.Id, out var group) && Meets(visitor, group.Include, group.Exclude, group.Require, groups),
        Rule.OidcClaim c => visitor.Identity is { } i && HasClaim(i, c),
        Rule.ServiceToken t => visitor.ServiceToken == t.Id,
        Rule.AnyServiceToken => visitor.ServiceToken is not null,
        Rule.Certificate => visitor.CommonName is not null,
        Rule.CommonName n => string.Equals(visitor.CommonName, n.Name, StringComparison.Ordinal),
        _ => throw new UnreachableException($"rule {rule.GetType().Name} has no case"),
    };

    /// <summary>Any include, every require, no exclude.</summary>
    public static bool Meets(
        Visitor visitor, IReadOnlyList<Rule> include, IReadOnlyList<Rule> exclude, IReadOnlyList<Rule> require, IReadOnlyDictionary<Guid, CompiledGroup> groups)
    {
        for (var n = 0; n < require.Count; n++)
        {
            if (!Meets(visitor, require[n], groups))
            {
                return false;
            }
        }

        for (var n = 0; n < exclude.Count; n++)
        {
            if (Meets(visitor, exclude[n], groups))
            {
                return false;
            }
        }

        for (var n = 0; n < include.Count; n++)
        {
            if (Meets(visitor, include[n], groups))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasClaim(VisitorIdentity identity, Rule.OidcClaim rule)
    {
        if (rule.LoginMethodId is { } method && method != identity.LoginMethodId)
        {
            return false;
        }

        if (!identity.Claims.TryGetValue(rule.Name, out var values))
        {
            return false;
        }

        for (var n = 0; n < values.Count; n++)
        {
            if (string.Equals(values[n], rule.Value, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
