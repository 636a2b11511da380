using Gatehouse.Model.Apps;
using Gatehouse.Model.Dns;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Origins;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Policies.Lint;
using Gatehouse.Model.Snapshots;
using Gatehouse.Model.Tunnels.Ingress;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Policies;

/// <summary>The stored apps, groups, lists and login methods, from which policies can be judged without the gateway.</summary>
internal sealed class PolicyTable
{
    public required Gatehouse.Model.Settings.Organization Organization { get; init; }

    public required List<App> Apps { get; init; }

    public required List<RuleGroup> Groups { get; init; }

    public required List<AccessList> Lists { get; init; }

    public required List<LoginMethod> LoginMethods { get; init; }

    public required bool KnowsPlaces { get; init; }

    /// <summary>Reads it; nothing of it is tracked.</summary>
    public static async Task<PolicyTable> ReadAsync(GatehouseDb db, bool knowsPlaces, CancellationToken cancellationToken) => new()
    {
        Organization = await db.Organizations.AsNoTracking().SingleAsync(cancellationToken),
        Apps = await db.Apps.AsNoTracking().Include(a => a.Policies).ThenInclude(l => l.Policy).AsSplitQuery().ToListAsync(cancellationToken),
        Groups = await db.RuleGroups.AsNoTracking().ToListAsync(cancellationToken),
        Lists = await db.AccessLists.AsNoTracking().ToListAsync(cancellationToken),
        LoginMethods = await db.LoginMethods.AsNoTracking().ToListAsync(cancellationToken),
        KnowsPlaces = knowsPlaces,
    };

    /// <summary>The apps beside what is published, as far as <see cref="PolicyLinter.CheckWildcards"/> looks at it.</summary>
    public async Task<AccessTable> PublishedAsync(GatehouseDb db, CancellationToken cancellationToken)
    {
        var configurations = await db.TunnelConfigurations.AsNoTracking().ToDictionaryAsync(c => c.TunnelId, cancellationToken);
        var tunnels = await db.Tunnels.AsNoTracking().Where(t => t.DeletedAt == null).ToListAsync(cancellationToken);
        return AccessTableBuilder.Build(Rows(
            Apps,
            await db.PublicHostnames.AsNoTracking().ToListAsync(cancellationToken),
            await db.DnsRecords.AsNoTracking().ToListAsync(cancellationToken),
            tunnels.ConvertAll(t => new TunnelEntry
            {
                Tunnel = t,
                SecretHash = [],
                Ingress = t.IsRemotelyManaged && configurations.TryGetValue(t.Id, out var kept) ? IngressReader.ReadKept(kept.Json) : null,
            })));
    }

    /// <summary>Compiles <paramref name="apps"/>, by their ids. Nobody signs in with this, so it holds no secrets.</summary>
    public Dictionary<Guid, AppEntry> Compile(IReadOnlyList<App> apps) => AccessTableBuilder.Build(Rows(apps, [], [], [])).AppsByAud.Values.ToDictionary(a => a.App.Id);

    /// <summary>An app that stands for no stored one, with these policies in order.</summary>
    public AppEntry Compile(IReadOnlyList<Policy> policies)
    {
        var id = Guid.CreateVersion7();
        var app = new App
        {
            Id = id,
            Aud = id.ToString("N"),
            Name = "test",
            Domains = ["test.invalid"],
            Policies = [.. policies.Index().Select(p => new AppPolicy { AppId = id, PolicyId = p.Item.Id, Policy = p.Item, Precedence = p.Index + 1 })],
        };
        return Compile([app])[id];
    }

    private AccessRows Rows(IReadOnlyList<App> apps, IReadOnlyList<PublicHostname> hostnames, IReadOnlyList<DnsRecord> records, IReadOnlyList<TunnelEntry> tunnels) => new()
    {
        Organization = Organization,
        Apps = apps,
        Groups = Groups,
        Lists = Lists,
        KnowsPlaces = KnowsPlaces,
        LoginMethods = LoginMethods.ConvertAll(m => new LoginMethodEntry { Method = m, ClientSecret = "" }),
        Hostnames = hostnames,
        DnsRecords = records,
        Tunnels = tunnels,
        Keys = [],
    };
}
