using System.Collections.Frozen;
using System.Net;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Model.Policies.Lint;

/// <summary>
/// Makes up visitors who should meet a policy: one for each way through its include rules and those of the groups it names. Each is judged by
/// <see cref="RuleEvaluator"/> before it counts, so whoever comes out really meets it.
/// </summary>
internal static class Candidates
{
    private const int Most = 256;

    // The first address of each range, and the last.
    private static readonly bool[] Ends = [false, true];

    /// <summary>Somebody whom no rule has in mind.</summary>
    public static Sketch Stranger(AppEntry app) => new(app.LoginMethods.Order().FirstOrDefault());

    /// <summary>Visitors who meet <paramref name="policy"/>; empty when none was found.</summary>
    public static List<Visitor> Of(AppEntry app, CompiledPolicy policy)
    {
        var ways = Any(policy.Include, app.Scope, 0);
        ways = policy.Require.Aggregate(ways, (sofar, rule) => Both(sofar, Ways(rule, app.Scope, 0)));
        return [.. ways
            .SelectMany(way => Ends.Select(last => way.Aggregate((Sketch?)Stranger(app), (sketch, rule) => sketch?.Meeting(rule, app.Scope, last))))
            .OfType<Sketch>()
            .Select(s => s.Visitor(app))
            .Where(v => RuleEvaluator.Meets(v, policy.Include, policy.Exclude, policy.Require, app.Scope))];
    }

    // Each way is a list of plain rules that all have to be met.
    private static IEnumerable<IReadOnlyList<Rule>> Ways(Rule rule, RuleScope scope, int depth)
    {
        if (rule is not Rule.Group named)
        {
            return [[rule]];
        }

        return depth < GroupSizes.Deepest && scope.Groups.TryGetValue(named.Id, out var group)
            ? group.Require.Aggregate(Any(group.Include, scope, depth + 1), (sofar, inner) => Both(sofar, Ways(inner, scope, depth + 1)))
            : [];
    }

    private static IEnumerable<IReadOnlyList<Rule>> Any(IReadOnlyList<Rule> rules, RuleScope scope, int depth) => rules.SelectMany(r => Ways(r, scope, depth)).Take(Most);

    private static IEnumerable<IReadOnlyList<Rule>> Both(IEnumerable<IReadOnlyList<Rule>> left, IEnumerable<IReadOnlyList<Rule>> right)
    {
        var known = right.ToList();
        return left.SelectMany(l => known.Select(r => (IReadOnlyList<Rule>)[.. l, .. r])).Take(Most);
    }
}

/// <summary>A visitor in the making: what is not settled yet can still be chosen.</summary>
internal sealed record Sketch(Guid LoginMethod)
{
    private const string AnyCountry = "ZZ"; // ISO 3166-1: nobody's
    private const string AnyLocalPart = "witness-7c1e";
    private static readonly IPAddress AnyAddress = IPAddress.Parse("203.0.113.77"); // RFC 5737: nobody's

    private string? Email { get; init; }

    private string? Domain { get; init; }

    private IPAddress? Address { get; init; }

    private string? Country { get; init; }

    private bool IsMethodSettled { get; init; }

    private IReadOnlyList<string> Amr { get; init; } = [];

    private IReadOnlyList<string> Passing { get; init; } = [];

    private IReadOnlyList<(string Name, string Value)> Claims { get; init; } = [];

    /// <summary>The sketch with the rule met; null when that contradicts what is settled. <paramref name="last"/> takes the other end of ranges.</summary>
    public Sketch? Meeting(Rule rule, RuleScope scope, bool last) => rule switch
    {
        Rule.Everyone => this,
        Rule.Email e => Settle(e.Address),
        Rule.EmailDomain d => Domain is null || Domain == d.Domain ? this with { Domain = d.Domain } : null,
        Rule.EmailList l => scope.Lists.TryGetValue(l.Id, out var list) && list.Emails is { Count: > 0 } emails ? SettleOneOf(emails) : null,
        Rule.Ip r => At(last ? LastOf(r.Range) : r.Range.BaseAddress, r.Range.Contains),
        Rule.IpList l => scope.Lists.TryGetValue(l.Id, out var list) && list.Networks is { Lowest: { } lowest } networks ? At(lowest, networks.Contain) : null,
        Rule.Country c => scope.KnowsPlaces && (Country is null || Country == c.Code) ? this with { Country = c.Code } : null,
        Rule.LoginMethod m => Through(m.Id),
        Rule.AuthMethod a => this with { Amr = [.. Amr, a.Method] },
        Rule.OidcClaim { LoginMethodId: { } id } c => Through(id)?.Claiming(c.Name, c.Value),
        Rule.OidcClaim c => Claiming(c.Name, c.Value),
        Rule.ProviderGroup g => Through(g.LoginMethodId)?.Claiming(ProviderGroups.Claim, g.Value),
        Rule.SamlClaim a => Through(a.LoginMethodId)?.Claiming(a.Name, a.Value),
        Rule.AuthContext c => Through(c.LoginMethodId)?.Claiming(RuleEvaluator.AuthContextClaim, c.ContextId),
        Rule.ExternalEvaluation e => this with { Passing = [.. Passing, Passed.Of(e)] },
        _ => null,
    };

    /// <summary>The visitor, with somebody's values for what no rule asked: of a country that no rule names, and to whom the other services said no.</summary>
    public Visitor Visitor(AppEntry app) => new(Address ?? AnyAddress, Identity(app)) { Country = Country ?? AnyCountry };

    private VisitorIdentity Identity(AppEntry app) => new()
    {
        Email = Email ?? $"{AnyLocalPart}@{Domain ?? "witness.invalid"}",
        LoginMethodId = LoginMethod,
        Claims = Claims.ToLookup(c => c.Name, c => c.Value).ToDictionary(g => g.Key, g => (IReadOnlyList<string>)[.. g], StringComparer.Ordinal),
        Amr = Amr,
        Passed = Passed.WithoutDoubt(Passing, app.Evaluations),
    };

    private Sketch? Settle(string email) =>
        (Email is null || Email == email) && (Domain is null || EmailAddress.DomainOf(email).SequenceEqual(Domain)) ? this with { Email = email } : null;

    private Sketch? SettleOneOf(FrozenSet<string> emails) =>
        Email is { } settled ? (emails.Contains(settled) ? this : null)
        : emails.Order(StringComparer.Ordinal).Select(Settle).FirstOrDefault(s => s is not null);

    private Sketch? At(IPAddress address, Func<IPAddress, bool> holds) =>
        Address is { } settled ? (holds(settled) ? this : holds(address) ? this with { Address = address } : null) : this with { Address = address };

    private Sketch? Through(Guid method) => !IsMethodSettled || LoginMethod == method ? this with { LoginMethod = method, IsMethodSettled = true } : null;

    private Sketch Claiming(string name, string value) => this with { Claims = [.. Claims, (name, value)] };

    private static IPAddress LastOf(IPNetwork range)
    {
        var bytes = range.BaseAddress.GetAddressBytes();
        for (var bit = range.PrefixLength; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }
}
