using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Store.Bindings;

/// <summary>Gathers what the bound policies look at, and no more.</summary>
public sealed class FactsGatherer(ReputationBook reputations, IGeoReader places, TimeProvider clock)
{
    // As many as a policy may ask for.
    private const int MostLogins = 100;

    /// <summary>Gathers it.</summary>
    internal async Task<PolicyFacts> GatherAsync(
        GatehouseDb db, PolicySubject subject, IReadOnlyList<BoundPolicy> bindings, ProviderApplication? application, CancellationToken cancellationToken)
    {
        var kinds = bindings.Select(b => b.Policy?.Kind).OfType<PolicyKind>().ToHashSet();
        var person = subject.UserId == 0 ? PersonFacts.Nobody
            : kinds.Count > 0 ? await db.PersonAsync(subject.UserId, cancellationToken)
            : await PeopleReader.GroupsOnlyAsync(db, subject.UserId, cancellationToken);
        person = kinds.Contains(PolicyKind.Expression) ? await db.WithEntitlementsAsync(person, cancellationToken) : person;
        return new PolicyFacts
        {
            Person = person,
            ClientIp = subject.ClientIp,
            Context = subject.Context,
            Application = application,
            Reputations = kinds.Contains(PolicyKind.Reputation)
                ? await reputations.ReadAsync(db, person.User?.UsernameKey, NetworkName.Of(subject.ClientIp), cancellationToken) : null,
            PastPasswords = kinds.Contains(PolicyKind.UniquePassword) ? await PastAsync(db, person, cancellationToken) : null,
            Place = kinds.Overlaps([PolicyKind.GeoIp, PolicyKind.Expression]) && IPAddress.TryParse(subject.ClientIp, out var address) ? places.Find(address) : null,
            PastLogins = bindings.Any(b => b.Policy is { Kind: PolicyKind.GeoIp }) ? await PastLoginsAsync(db, person, cancellationToken) : null,
            Clock = clock,
        };
    }

    /// <summary>The same facts, asked for one application.</summary>
    internal static PolicyFacts For(PolicyFacts shared, ProviderApplication application) => new()
    {
        Person = shared.Person,
        ClientIp = shared.ClientIp,
        Context = shared.Context,
        Application = application,
        Reputations = shared.Reputations,
        PastPasswords = shared.PastPasswords,
        Place = shared.Place,
        PastLogins = shared.PastLogins,
        Clock = shared.Clock,
    };

    // Of what is written down of sign-ins; those from an address without a known place tell nothing.
    private static async Task<List<PastLogin>> PastLoginsAsync(GatehouseDb db, PersonFacts person, CancellationToken cancellationToken)
    {
        if (person.User is not { Id: var id })
        {
            return [];
        }

        var rows = await db.Events.AsNoTracking().Where(e => e.UserId == id && e.Action == EventActions.Login).OrderByDescending(e => e.CreatedAt).Take(MostLogins)
            .Select(e => new { e.CreatedAt, e.ContextJson }).ToListAsync(cancellationToken);
        return [.. rows.Select(r => Read(r.CreatedAt, JsonNode.Parse(r.ContextJson)?["geo"])).OfType<PastLogin>()];
    }

    private static PastLogin? Read(DateTimeOffset at, JsonNode? geo) =>
        geo?["lat"] is JsonValue latitude && geo["long"] is JsonValue longitude && latitude.TryGetValue<double>(out var north) && longitude.TryGetValue<double>(out var east)
            ? new PastLogin(at, north, east)
            : null;

    private static async Task<List<string>> PastAsync(GatehouseDb db, PersonFacts person, CancellationToken cancellationToken)
    {
        if (person.User is not { } user)
        {
            return []; // being made: there is no past
        }

        var past = await db.PastPasswords.AsNoTracking().Where(p => p.UserId == user.Id).OrderByDescending(p => p.ReplacedAt)
            .Select(p => p.Hash).Take(PasswordPast.Most).ToListAsync(cancellationToken);
        return user.PasswordHash is { } present ? [present, .. past] : past;
    }
}
