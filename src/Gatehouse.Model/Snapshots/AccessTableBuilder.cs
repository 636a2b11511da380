using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Dns;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Origins;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Settings;

namespace Gatehouse.Model.Snapshots;

/// <summary>The rows an <see cref="AccessTable"/> is made from.</summary>
public sealed class AccessRows
{
    /// <summary>The tenant's settings.</summary>
    public required Organization Organization { get; init; }

    /// <summary>All apps with their <see cref="AppPolicy.Policy"/> loaded.</summary>
    public required IReadOnlyList<App> Apps { get; init; }

    /// <summary>All rule groups.</summary>
    public required IReadOnlyList<RuleGroup> Groups { get; init; }

    /// <summary>All login methods with their secrets opened.</summary>
    public required IReadOnlyList<LoginMethodEntry> LoginMethods { get; init; }

    /// <summary>All published hostnames.</summary>
    public required IReadOnlyList<PublicHostname> Hostnames { get; init; }

    /// <summary>All tunnels, those deleted included.</summary>
    public IReadOnlyList<TunnelEntry> Tunnels { get; init; } = [];

    /// <summary>All DNS records.</summary>
    public IReadOnlyList<DnsRecord> DnsRecords { get; init; } = [];

    /// <summary>Signing keys, the current one first.</summary>
    public required IReadOnlyList<AccessSigningKey> Keys { get; init; }

    /// <summary>All service tokens.</summary>
    public IReadOnlyList<ServiceToken> ServiceTokens { get; init; } = [];

    /// <summary>All authorities of client certificates.</summary>
    public IReadOnlyList<ClientAuthority> ClientAuthorities { get; init; } = [];

    /// <summary>What hosts do with client certificates.</summary>
    public IReadOnlyList<ClientCertificateSetting> ClientCertificateSettings { get; init; } = [];
}

/// <summary>Turns rows into an <see cref="AccessTable"/>. Pure.</summary>
public static class AccessTableBuilder
{
    // Deeper than any sane nesting; a cycle ends here.
    private const int DeepestGroup = 20;

    /// <summary>Builds the table. Never throws on odd rows: what can't be judged admits nobody.</summary>
    public static AccessTable Build(AccessRows rows)
    {
        var groups = rows.Groups.ToFrozenDictionary(g => g.Id, g => new CompiledGroup(g.Name, [.. g.Include], [.. g.Exclude], [.. g.Require]));
        var methods = rows.LoginMethods.Select(m => m.Method.Id).ToFrozenSet();
        var apps = rows.Apps.Select(a => Compile(a, groups, methods)).ToList();
        return new AccessTable
        {
            Organization = rows.Organization,
            AppsByAud = apps.ToFrozenDictionary(a => a.App.Aud, StringComparer.Ordinal),
            Apps = new AppMatcher(apps),
            Origins = new OriginMatcher(rows.Hostnames.Select(h => new OriginEntry { Hostname = h, Prefix = h.Service.TrimEnd('/') }).Concat(TunnelRoutes.Of(rows))),
            Tunnels = rows.Tunnels.ToFrozenDictionary(t => t.Tunnel.Id),
            LoginMethods = [.. rows.LoginMethods.OrderBy(m => m.Method.CreatedAt)],
            Keys = [.. rows.Keys],
            ServiceTokens = rows.ServiceTokens.ToFrozenDictionary(t => t.ClientId, t => new ServiceTokenEntry(t), StringComparer.Ordinal),
            ClientCertificates = new ClientCertificateTable(rows.ClientAuthorities, rows.ClientCertificateSettings),
        };
    }

    private static AppEntry Compile(App app, FrozenDictionary<Guid, CompiledGroup> groups, FrozenSet<Guid> methods)
    {
        var taken = app.AllowedLoginMethods.Count == 0 ? methods : methods.Where(app.AllowedLoginMethods.Contains).ToFrozenSet();
        var policies = app.Policies
            .Where(p => p.Policy is not null)
            .OrderBy(p => p.Precedence)
            .Select(p => Compile(p.Policy!, groups)) // filtered just above
            .ToList();
        var afterSignIn = policies.Where(p => p.Action is PolicyAction.Allow or PolicyAction.Deny).ToImmutableArray();
        return new AppEntry
        {
            App = app,
            BeforeSignIn = [.. policies.Where(p => p.Action is PolicyAction.Bypass or PolicyAction.NonIdentity)],
            AfterSignIn = afterSignIn,
            Groups = groups,
            HasContinuousRules = afterSignIn.Any(p => p.HasContinuousRules),
            LoginMethods = taken,
            TakesServiceTokens = policies.Any(p => p.Action is PolicyAction.Bypass or PolicyAction.NonIdentity && IsAboutServiceTokens(p, groups)),
            PolicyHash = Hash(taken, afterSignIn, groups),
        };
    }

    private static CompiledPolicy Compile(Policy policy, FrozenDictionary<Guid, CompiledGroup> groups)
    {
        List<Rule> rules = [.. policy.Include, .. policy.Exclude, .. policy.Require];
        var fault = rules.Select(r => Fault(r, groups, 0)).FirstOrDefault(f => f is not null);
        if (fault is null && policy.Action is PolicyAction.Bypass or PolicyAction.NonIdentity && rules.Exists(r => NeedsSignIn(r, groups, 0)))
        {
            // Such a rule is never met before a sign-in: as an exclude it would keep nobody out.
            fault = "it is judged before anyone signs in, but holds a rule about who they are";
        }

        return new CompiledPolicy(
            policy.Id, policy.Name, policy.Action, [.. policy.Include], [.. policy.Exclude], [.. policy.Require], policy.SessionDuration, fault)
        {
            HasContinuousRules = rules.Exists(r => IsContinuous(r, groups, 0)),
        };
    }

    private static IEnumerable<Rule> Rules(CompiledGroup group) => group.Include.Concat(group.Exclude).Concat(group.Require);

    private static string? Fault(Rule rule, FrozenDictionary<Guid, CompiledGroup> groups, int depth)
    {
        if (rule is not Rule.Group named)
        {
            return null;
        }

        if (!groups.TryGetValue(named.Id, out var group))
        {
            return $"it names group {named.Id}, which does not exist";
        }

        return depth == DeepestGroup
            ? $"group '{group.Name}' is nested over {DeepestGroup} deep or contains itself"
            : Rules(group).Select(r => Fault(r, groups, depth + 1)).FirstOrDefault(f => f is not null);
    }

    private static bool IsAboutServiceTokens(CompiledPolicy policy, FrozenDictionary<Guid, CompiledGroup> groups) =>
        policy.Include.Concat(policy.Require).Any(r => IsAboutServiceTokens(r, groups, 0));

    private static bool IsAboutServiceTokens(Rule rule, FrozenDictionary<Guid, CompiledGroup> groups, int depth) =>
        rule is Rule.ServiceToken or Rule.AnyServiceToken
        || (rule is Rule.Group named && depth < DeepestGroup && groups.TryGetValue(named.Id, out var group)
            && Rules(group).Any(r => IsAboutServiceTokens(r, groups, depth + 1)));

    private static bool NeedsSignIn(Rule rule, FrozenDictionary<Guid, CompiledGroup> groups, int depth) => rule switch
    {
        Rule.Ip or Rule.Everyone or Rule.ServiceToken or Rule.AnyServiceToken or Rule.Certificate or Rule.CommonName => false,
        Rule.Group named => depth < DeepestGroup && groups.TryGetValue(named.Id, out var group) && Rules(group).Any(r => NeedsSignIn(r, groups, depth + 1)),
        _ => true,
    };

    private static bool IsContinuous(Rule rule, FrozenDictionary<Guid, CompiledGroup> groups, int depth) =>
        rule.IsContinuous
        || (rule is Rule.Group named && depth < DeepestGroup && groups.TryGetValue(named.Id, out var group)
            && Rules(group).Any(r => IsContinuous(r, groups, depth + 1)));

    // Names stay out of it: renaming a policy must not send anyone back to the login page.
    private static string Hash(FrozenSet<Guid> methods, ImmutableArray<CompiledPolicy> policies, FrozenDictionary<Guid, CompiledGroup> groups)
    {
        var text = new StringBuilder();
        text.AppendJoin(',', methods.Order()).Append('\n');
        foreach (var policy in policies)
        {
            text.Append(policy.Id).Append('|').Append(policy.Action).Append('|').Append(policy.SessionDuration).Append('|').Append(policy.BrokenBecause).Append('\n');
            Append(text, "i", policy.Include, groups, 0);
            Append(text, "e", policy.Exclude, groups, 0);
            Append(text, "r", policy.Require, groups, 0);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 8));
    }

    private static void Append(StringBuilder text, string kind, ImmutableArray<Rule> rules, FrozenDictionary<Guid, CompiledGroup> groups, int depth)
    {
        foreach (var rule in rules)
        {
            text.Append(kind).Append(RuleJson.Write(rule)).Append('\n');
            if (rule is Rule.Group named && depth < DeepestGroup && groups.TryGetValue(named.Id, out var group))
            {
                Append(text, kind + "i", group.Include, groups, depth + 1);
                Append(text, kind + "e", group.Exclude, groups, depth + 1);
                Append(text, kind + "r", group.Require, groups, depth + 1);
            }
        }
    }
}
