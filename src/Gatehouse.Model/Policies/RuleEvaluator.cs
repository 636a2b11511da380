using System.Diagnostics;
using Gatehouse.Model.Hosts;

namespace Gatehouse.Model.Policies;

/// <summary>Says whether a visitor meets one rule. Pure; allocates nothing.</summary>
public static class RuleEvaluator
{
    /// <summary>The claim in which Entra ID says which authentication contexts it fulfilled.</summary>
    public const string AuthContextClaim = "acrs";

    /// <summary>
    /// Whether <paramref name="visitor"/> meets <paramref name="rule"/>. A group or list that is not in <paramref name="scope"/> is never met. What is
    /// not known counts as <paramref name="doubt"/>: as met where a rule keeps people out, as not met where it lets them in.
    /// </summary>
    public static bool Meets(Visitor visitor, Rule rule, RuleScope scope, bool doubt = false) => rule switch
    {
        Rule.Email e => visitor.Identity is { } i && string.Equals(i.Email, e.Address, StringComparison.Ordinal),
        Rule.EmailDomain d => visitor.Identity is { } i && EmailAddress.DomainOf(i.Email).Equals(d.Domain, StringComparison.Ordinal),
        Rule.EmailList l => visitor.Identity is { } i && scope.Lists.TryGetValue(l.Id, out var list) && list.Emails?.Contains(i.Email) == true,
        Rule.Everyone => true,
        Rule.Ip r => r.Range.Contains(visitor.Address),
        Rule.IpList l => scope.Lists.TryGetValue(l.Id, out var list) && list.Networks?.Contain(visitor.Address) == true,
        Rule.Country c => visitor.Country is { } country ? string.Equals(country, c.Code, StringComparison.Ordinal) : doubt && !TargetAddress.IsOfNoCountry(visitor.Address),
        Rule.LoginMethod m => visitor.Identity?.LoginMethodId == m.Id,
        Rule.AuthMethod a => visitor.Identity is { } i && Holds(i.Amr, a.Method),
        Rule.Group g => scope.Groups.TryGetValue(g.Id, out var group) && Meets(visitor, group.Include, group.Exclude, group.Require, scope, doubt),
        Rule.OidcClaim c => visitor.Identity is { } i && HasClaim(i, c),
        Rule.ServiceToken t => visitor.ServiceToken == t.Id,
        Rule.AnyServiceToken => visitor.ServiceToken is not null,
        Rule.LinkedAppToken t => visitor.LinkedApp == t.AppId,
        Rule.Certificate => visitor.CommonName is not null,
        Rule.CommonName n => string.Equals(visitor.CommonName, n.Name, StringComparison.Ordinal),
        Rule.ProviderGroup g => visitor.Identity is { } i && i.LoginMethodId == g.LoginMethodId && IsMember(i, g),
        Rule.SamlClaim a => visitor.Identity is { } i && i.LoginMethodId == a.LoginMethodId && i.Claims.TryGetValue(a.Name, out var held) && Holds(held, a.Value),
        Rule.AuthContext c => visitor.Identity is { } i && i.LoginMethodId == c.LoginMethodId && i.Claims.TryGetValue(AuthContextClaim, out var contexts) && Holds(contexts, c.ContextId),
        Rule.ExternalEvaluation e => visitor.Identity is { } i && (Holds(i.Passed, Passed.Of(e)) || (doubt && !Holds(i.Passed, Passed.RefusedBy(e)))),
        _ => throw new UnreachableException($"rule {rule.GetType().Name} has no case"),
    };

    /// <summary>Any include, every require, no exclude. What is not known counts as <paramref name="doubt"/>, and in an exclude as the opposite.</summary>
    public static bool Meets(
        Visitor visitor, IReadOnlyList<Rule> include, IReadOnlyList<Rule> exclude, IReadOnlyList<Rule> require, RuleScope scope, bool doubt = false)
    {
        for (var n = 0; n < require.Count; n++)
        {
            if (!Meets(visitor, require[n], scope, doubt))
            {
                return false;
            }
        }

        for (var n = 0; n < exclude.Count; n++)
        {
            if (Meets(visitor, exclude[n], scope, !doubt))
            {
                return false;
            }
        }

        for (var n = 0; n < include.Count; n++)
        {
            if (Meets(visitor, include[n], scope, doubt))
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

        return Holds(values, rule.Value);
    }

    private static bool IsMember(VisitorIdentity identity, Rule.ProviderGroup rule)
    {
        if (!identity.Claims.TryGetValue(ProviderGroups.Claim, out var held))
        {
            return false;
        }

        for (var n = 0; n < held.Count; n++)
        {
            if (ProviderGroups.Equal(rule.Kind, held[n], rule.Value))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Holds(IReadOnlyList<string> values, string wanted)
    {
        for (var n = 0; n < values.Count; n++)
        {
            if (string.Equals(values[n], wanted, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
