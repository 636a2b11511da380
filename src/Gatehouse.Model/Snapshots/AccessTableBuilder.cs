using System.Collections.Frozen;
using System.Collections.Immutable;
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

    /// <summary>All lists.</summary>
    public IReadOnlyList<AccessList> Lists { get; init; } = [];

    /// <summary>All custom pages.</summary>
    public IReadOnlyList<CustomPage> CustomPages { get; init; } = [];

    /// <summary>Whether there is a database of places.</summary>
    public bool KnowsPlaces { get; init; } = true;

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
    /// <summary>Builds the table. Never throws on odd rows: what can't be judged admits nobody.</summary>
    public static AccessTable Build(AccessRows rows)
    {
        var sizes = new GroupSizes(rows.Groups.ToDictionary(g => g.Id, RuleScopeBuilder.RulesOf));
        var scope = RuleScopeBuilder.Build(rows, sizes);
        var methods = rows.LoginMethods.Select(m => m.Method.Id).ToFrozenSet();
        var apps = rows.Apps.Select(a => Compile(rows.Organization, a, scope, sizes, methods)).ToList();
        return new AccessTable
        {
            Organization = rows.Organization,
            AppsByAud = apps.ToFrozenDictionary(a => a.App.Aud, StringComparer.Ordinal),
            SaasApps = apps.Where(a => a.App is { Saas: not null, SsoId: not null }).ToFrozenDictionary(a => a.App.SsoId!, StringComparer.Ordinal), // filtered just before
            Launcher = apps.Find(a => a.App.Type == AppType.AppLauncher),
            Apps = new AppMatcher(apps),
            Origins = new OriginMatcher(rows.Hostnames.Select(h => new OriginEntry { Hostname = h, Prefix = h.Service.TrimEnd('/') }).Concat(TunnelRoutes.Of(rows))),
            Tunnels = rows.Tunnels.ToFrozenDictionary(t => t.Tunnel.Id),
            CustomPages = rows.CustomPages.ToFrozenDictionary(p => p.Id),
            LoginMethods = [.. rows.LoginMethods.OrderBy(m => m.Method.CreatedAt)],
            AttributeHeaders = rows.LoginMethods.SelectMany(m => m.Saml?.Headers ?? []).Select(h => h.Folded).ToFrozenSet(StringComparer.Ordinal),
            Keys = [.. rows.Keys],
            ServiceTokens = rows.ServiceTokens.ToFrozenDictionary(t => t.ClientId, t => new ServiceTokenEntry(t), StringComparer.Ordinal),
            ClientCertificates = new ClientCertificateTable(rows.ClientAuthorities, rows.ClientCertificateSettings),
        };
    }

    private static AppEntry Compile(Organization organization, App app, RuleScope scope, GroupSizes sizes, FrozenSet<Guid> methods)
    {
        var taken = app.AllowedLoginMethods.Count == 0 ? methods : methods.Where(app.AllowedLoginMethods.Contains).ToFrozenSet();
        var policies = app.Policies
            .Where(p => p.Policy is not null)
            .OrderBy(p => p.Precedence)
            .Select(p => Compile(p.Policy!, scope, sizes) with { Mfa = MfaDemand.Of(organization, app, p.Policy!) }) // filtered just above
            .ToList();
        var afterSignIn = policies.Where(p => p.Action is PolicyAction.Allow or PolicyAction.Deny).ToImmutableArray();
        return new AppEntry
        {
            App = app,
            BeforeSignIn = [.. policies.Where(p => p.Action is PolicyAction.Bypass or PolicyAction.NonIdentity)],
            AfterSignIn = afterSignIn,
            Scope = scope,
            HasContinuousRules = afterSignIn.Any(p => p.HasContinuousRules),
            AsksForCountry = policies.SelectMany(Rules).Any(r => RuleWalk.Any(r, scope, one => one is Rule.Country)),
            Evaluations = [.. afterSignIn.SelectMany(Rules).SelectMany(r => RuleWalk.All(r, scope)).OfType<Rule.ExternalEvaluation>().Distinct()],
            LoginMethods = taken,
            LinkedApps =
            [
                .. policies.Where(p => p.Action is PolicyAction.Bypass or PolicyAction.NonIdentity)
                    .SelectMany(Rules).SelectMany(r => RuleWalk.All(r, scope)).OfType<Rule.LinkedAppToken>().Select(l => l.AppId).Distinct(),
            ],
            Groups = app.Saas?.Oidc?.GroupFilter is { } pattern ? GroupFilter.Of(pattern) : null,
            TakesServiceTokens = policies
                .Where(p => p.Action is PolicyAction.Bypass or PolicyAction.NonIdentity)
                .SelectMany(p => p.Include.Concat(p.Require))
                .Any(r => RuleWalk.Any(r, scope, one => one is Rule.ServiceToken or Rule.AnyServiceToken)),
            PolicyHash = Hash(taken, afterSignIn, scope),
        };
    }

    private static CompiledPolicy Compile(Policy policy, RuleScope scope, GroupSizes sizes)
    {
        List<Rule> rules = [.. policy.Include, .. policy.Exclude, .. policy.Require];
        var fault = rules.Select(r => RuleScopeBuilder.Fault(r, scope)).FirstOrDefault(f => f is not null)
            ?? (sizes.Of(rules) > GroupSizes.Most ? $"it comes to more than {GroupSizes.Most} rules with those of the groups it names" : null);
        if (fault is null && policy.Action is PolicyAction.Bypass or PolicyAction.NonIdentity && rules.Exists(r => RuleWalk.Any(r, scope, one => one.NeedsSignIn)))
        {
            // Such a rule is never met before a sign-in: as an exclude it would keep nobody out.
            fault = "it is judged before anyone signs in, but holds a rule about who they are";
        }

        if (fault is null && policy.ApprovalRequired && policy.ApprovalGroups.Count == 0)
        {
            fault = "it asks for an approval and names nobody who may give one";
        }

        return new CompiledPolicy(
            policy.Id, policy.Name, policy.Action, [.. policy.Include], [.. policy.Exclude], [.. policy.Require], policy.SessionDuration, fault)
        {
            PurposeRequired = policy.PurposeRequired,
            PurposePrompt = policy.PurposePrompt,
            ApprovalGroups = policy.ApprovalRequired ? [.. policy.ApprovalGroups] : [],
            HasContinuousRules = rules.Exists(r => RuleWalk.Any(r, scope, one => one.IsContinuous)),
        };
    }

    private static IEnumerable<Rule> Rules(CompiledPolicy policy) => policy.Include.Concat(policy.Exclude).Concat(policy.Require);

    // Names stay out of it: renaming a policy must not send anyone back to the login page.
    private static string Hash(FrozenSet<Guid> methods, ImmutableArray<CompiledPolicy> policies, RuleScope scope)
    {
        var text = new StringBuilder();
        text.AppendJoin(',', methods.Order()).Append('\n');
        foreach (var policy in policies)
        {
            text.Append(policy.Id).Append('|').Append(policy.Action).Append('|').Append(policy.SessionDuration).Append('|').Append(policy.BrokenBecause)
                .Append('|').Append(policy.PurposeRequired).Append('|').Append(policy.ApprovalGroups.Length > 0).Append('|').Append(policy.Mfa).Append('\n');
            RuleScopeBuilder.Append(text, "i", policy.Include, scope);
            RuleScopeBuilder.Append(text, "e", policy.Exclude, scope);
            RuleScopeBuilder.Append(text, "r", policy.Require, scope);
        }

        return RuleScopeBuilder.HashOf(text.ToString());
    }
}
