using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Policies;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Policies;

/// <summary>What rules may refer to: all groups and login methods as stored. Answers whether a set of rules makes sense among them.</summary>
internal sealed class RuleBook
{
    /// <summary>Cloudflare's limit.</summary>
    private const int MostRules = 1000;

    private readonly Dictionary<Guid, RuleSet> groups;
    private readonly Dictionary<Guid, AccessListKind> lists;
    private readonly HashSet<Guid> loginMethods;
    private readonly HashSet<Guid> serviceTokens;
    private readonly HashSet<Guid> clients;
    private readonly bool knowsPlaces;
    private readonly MfaMethods factors;
    private GroupSizes? sizes;

    private RuleBook(
        Dictionary<Guid, RuleSet> groups, Dictionary<Guid, AccessListKind> lists, HashSet<Guid> loginMethods, HashSet<Guid> serviceTokens, HashSet<Guid> clients, bool knowsPlaces, MfaMethods factors)
    {
        this.clients = clients;
        this.groups = groups;
        this.lists = lists;
        this.loginMethods = loginMethods;
        this.serviceTokens = serviceTokens;
        this.knowsPlaces = knowsPlaces;
        this.factors = factors;
    }

    /// <summary>Reads it. There are hundreds of groups at most, and only administrators' writes come here.</summary>
    public static async Task<RuleBook> ReadAsync(GatehouseDb db, IGeoReader places, CancellationToken cancellationToken) => new(
        await db.RuleGroups.AsNoTracking().ToDictionaryAsync(g => g.Id, RuleSet.Of, cancellationToken),
        await db.AccessLists.AsNoTracking().Select(l => new { l.Id, l.Kind }).ToDictionaryAsync(l => l.Id, l => l.Kind, cancellationToken),
        (await db.LoginMethods.Select(m => m.Id).ToListAsync(cancellationToken)).ToHashSet(),
        (await db.ServiceTokens.Select(t => t.Id).ToListAsync(cancellationToken)).ToHashSet(),
        (await db.Apps.Where(a => a.ClientSecretHash != null).Select(a => a.Id).ToListAsync(cancellationToken)).ToHashSet(),
        places.IsAvailable,
        await db.Organizations.AsNoTracking().Select(o => o.Mfa).SingleOrDefaultAsync(cancellationToken) is { } mfa ? mfa.Allowed : MfaMethods.None);

    /// <summary>What is wrong with who may approve. <paramref name="path"/> leads to the policy in the body.</summary>
    public IEnumerable<Fault> Check(IEnumerable<ApprovalGroup> approvers, string path)
    {
        foreach (var (index, group) in approvers.Index())
        {
            var at = $"{path}approval_groups.{index}";
            if (group.EmailListId is { } id && lists.GetValueOrDefault(id, AccessListKind.Ip) != AccessListKind.Email)
            {
                yield return new Fault(at + ".email_list_uuid", $"there is no list of e-mail addresses {id}");
            }
            else if (group.EmailListId is null && group.Emails.Distinct().Count() < group.Needed)
            {
                yield return new Fault(at + ".approvals_needed", $"{group.Needed} approvals are needed, but the group has {group.Emails.Distinct().Count()} address(es)");
            }
        }
    }

    /// <summary>What is wrong with the second factor that a policy or an app asks for. <paramref name="path"/> leads to it in the body.</summary>
    public IEnumerable<Fault> Check(MfaRules? mfa, string path) => MfaFault(mfa, factors) is { } fault ? [new Fault(path + "mfa_config", fault)] : [];

    /// <summary>Why <paramref name="mfa"/> can't be had where the organization takes <paramref name="factors"/>; null when it can.</summary>
    public static string? MfaFault(MfaRules? mfa, MfaMethods factors) => mfa switch
    {
        null or { IsDisabled: true } => null,
        _ when factors == MfaMethods.None => "turn second factors on for the organization first (mfa_config.allowed_authenticators)",
        _ when (mfa.Allowed & ~factors) is var more && more != MfaMethods.None => $"the organization does not take {string.Join(", ", more.Each().Select(m => m.Word()))}",
        _ => null,
    };

    /// <summary>Judges as if <paramref name="group"/> held <paramref name="rules"/>.</summary>
    public void Suppose(Guid group, RuleSet rules)
    {
        groups[group] = rules;
        sizes = null;
    }

    /// <summary>What is too much with a group, or with one or a policy that names it at any depth; null when nothing is.</summary>
    public string? SizeFault(Guid group, IEnumerable<Policy> policies) =>
        groups.Where(g => g.Key == group || Names(g.Value, group))
            .Select(g => Sizes.FaultOf(g.Key) is { } fault ? (g.Key == group ? "the group " : $"group {g.Key}, which names this one, ") + fault : null)
            .FirstOrDefault(f => f is not null)
        ?? policies.Where(p => Names(RuleSet.Of(p), group) && IsTooMuch(RuleSet.Of(p)))
            .Select(p => $"policy '{p.Name}' uses this group and comes to more than {GroupSizes.Most} rules with it")
            .FirstOrDefault();

    /// <summary>What is wrong with the rules of one policy or group. <paramref name="path"/> leads to it in the body.</summary>
    public IEnumerable<Fault> Check(RuleSet rules, string path)
    {
        if (rules.Include.Count == 0)
        {
            yield return new Fault(path + "include", "invalid 'include' configuration: at least one rule is required");
        }

        if (rules.All.Count() > MostRules)
        {
            yield return new Fault(path + "include", $"at most {MostRules} rules are allowed");
        }

        foreach (var (block, rule) in rules.All)
        {
            if (Unknown(rule) is { } missing)
            {
                yield return new Fault(path + block, $"invalid '{block}' configuration: {missing}");
            }
        }
    }

    /// <summary>What is wrong with a policy: its rules, and for bypass and service auth those that need to know who asks.</summary>
    public IEnumerable<Fault> Check(PolicyAction action, RuleSet rules, string path)
    {
        foreach (var fault in Check(rules, path))
        {
            yield return fault;
        }

        if (IsTooMuch(rules))
        {
            yield return new Fault(path + "include", $"at most {GroupSizes.Most} rules are allowed, those of the groups that are named included");
        }

        if (action is PolicyAction.Bypass or PolicyAction.NonIdentity && rules.All.FirstOrDefault(r => NeedsSignIn(r.Rule, [])) is { Rule: { } odd, Block: var block })
        {
            yield return new Fault(
                path + block,
                $"invalid '{block}' configuration: a {(action == PolicyAction.Bypass ? "bypass" : "non_identity")} policy is judged before anyone signs in, so it takes ip, ip_list, geo, everyone, service tokens, tokens of linked applications, certificates and groups of those only; found {RuleJson.Write(odd)}");
        }
    }

    /// <summary>Whether <paramref name="group"/> contains itself, at any depth.</summary>
    public bool IsCircular(Guid group) => groups.TryGetValue(group, out var rules) && Names(rules, group);

    /// <summary>Whether one of the rules names <paramref name="group"/>, at any depth.</summary>
    public bool Names(RuleSet rules, Guid group)
    {
        var seen = new HashSet<Guid>();
        return rules.All.Any(r => Reaches(r.Rule, group, seen));
    }

    /// <summary>Whether judging the rule needs to know who asks. Groups are looked into; a group that is gone counts as needing it.</summary>
    public bool NeedsSignIn(Rule rule, HashSet<Guid> seen) => rule switch
    {
        Rule.Group named when !seen.Add(named.Id) => false, // being looked into
        Rule.Group named => !groups.TryGetValue(named.Id, out var rules) || rules.All.Any(r => NeedsSignIn(r.Rule, seen)),
        _ => rule.NeedsSignIn,
    };

    private GroupSizes Sizes => sizes ??= new GroupSizes(groups.ToDictionary(g => g.Key, g => (IReadOnlyList<Rule>)[.. g.Value.All.Select(r => r.Rule)]));

    private bool IsTooMuch(RuleSet rules) => Sizes.Of(rules.All.Select(r => r.Rule)) > GroupSizes.Most;

    private bool Reaches(Rule rule, Guid group, HashSet<Guid> seen) =>
        rule is Rule.Group named
        && (named.Id == group || (seen.Add(named.Id) && groups.TryGetValue(named.Id, out var rules) && rules.All.Any(r => Reaches(r.Rule, group, seen))));

    private string? ListFault(Guid id, AccessListKind kind, string what) =>
        !lists.TryGetValue(id, out var found) ? $"there is no list {id}"
        : found != kind ? $"list {id} does not hold {what}"
        : null;

    private string? Unknown(Rule rule) => rule switch
    {
        Rule.Group g when !groups.ContainsKey(g.Id) => $"there is no group {g.Id}",
        Rule.ServiceToken t when !serviceTokens.Contains(t.Id) => $"there is no service token {t.Id}",
        Rule.LinkedAppToken l when !clients.Contains(l.AppId) => $"there is no SaaS application by OpenID Connect {l.AppId}",
        Rule.LoginMethod m when !loginMethods.Contains(m.Id) => $"there is no login method {m.Id}",
        Rule.OidcClaim { LoginMethodId: { } id } when !loginMethods.Contains(id) => $"there is no login method {id}",
        Rule.ProviderGroup { LoginMethodId: var id } when !loginMethods.Contains(id) => $"there is no login method {id}",
        Rule.SamlClaim { LoginMethodId: var id } when !loginMethods.Contains(id) => $"there is no login method {id}",
        Rule.AuthContext { LoginMethodId: var id } when !loginMethods.Contains(id) => $"there is no login method {id}",
        Rule.EmailList l => ListFault(l.Id, AccessListKind.Email, "e-mail addresses"),
        Rule.IpList l => ListFault(l.Id, AccessListKind.Ip, "IP addresses"),
        Rule.Country when !knowsPlaces => "selector 'geo' needs a database of places: start Gatehouse with --geoip FILE.mmdb",
        _ => null,
    };
}
