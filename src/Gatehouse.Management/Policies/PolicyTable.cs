using Gatehouse.Model.Apps;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
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

    /// <summary>Compiles <paramref name="apps"/>, by their ids. Nobody signs in with this, so it holds no secrets.</summary>
    public Dictionary<Guid, AppEntry> Compile(IReadOnlyList<App> apps) => AccessTableBuilder.Build(new AccessRows
    {
        Organization = Organization,
        Apps = apps,
        Groups = Groups,
        Lists = Lists,
        KnowsPlaces = KnowsPlaces,
        LoginMethods = LoginMethods.ConvertAll(m => new LoginMethodEntry { Method = m, ClientSecret = "" }),
        Hostnames = [],
        Keys = [],
    }).AppsByAud.Values.ToDictionary(a => a.App.Id);

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
}
