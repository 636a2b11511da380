using System.Text.Json.Nodes;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Model.Claims;
using Gatehouse.Model.Events;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Identity.Oidc.Tokens;

/// <summary>Makes the claims that granted scopes bring, by their mappings.</summary>
internal sealed partial class ScopeClaims(ClaimsMaker maker, InstallId install, IEventLog events, ILogger<ScopeClaims> logger)
{
    /// <summary>Adds them. A mapping that faults adds nothing, and is an event.</summary>
    public async ValueTask AddAsync(JsonObject claims, GrantedAccess access, CancellationToken cancellationToken)
    {
        var user = access.Person.User;
        var person = access.Person.Facts with { Uid = UserUid.Of(user.Id, await install.GetAsync(cancellationToken)) };
        foreach (var fault in maker.Add(claims, MappingsOf(access.Client), FactsOf(access.Client, person, access.Scopes)))
        {
            LogFaulted(fault.Mapping, access.Client.Provider.ClientId, fault.Reason);
            events.Enqueue(new NewEvent(
                EventActions.PropertyMappingException,
                new EventActor(user.Id, user.Username, user.Email),
                null,
                new JsonObject { ["message"] = fault.Reason, ["mapping"] = fault.Mapping, ["provider"] = access.Client.Provider.Name }));
        }
    }

    /// <summary>The names of the claims that a client's mappings make, for discovery: of expressions, those they make for nobody.</summary>
    public IEnumerable<string> NamesOf(Client client)
    {
        var names = client.Scopes.SelectMany(s => ShippedClaims.NamesOf(s.Managed) ?? []);
        var made = new JsonObject();
        maker.Add(made, MappingsOf(client).Where(m => ShippedClaims.NamesOf(m.Managed) is null), FactsOf(client, PersonFacts.Nobody, [.. client.Scopes.Select(s => s.Name)]));
        return names.Concat(made.Select(c => c.Key)).Distinct();
    }

    private static IEnumerable<ClaimMapping> MappingsOf(Client client) =>
        client.Scopes.Select(s => new ClaimMapping(s.Mapping, s.Name, s.Managed, s.Expression));

    private static ClaimsFacts FactsOf(Client client, PersonFacts person, IReadOnlyList<string> scopes) => new()
    {
        Person = person,
        Provider = client.Provider,
        Application = client.Application is { } application
            ? new ProviderApplication { Id = application.Id, Slug = application.Slug, Name = application.Name, ProviderId = client.Provider.Id }
            : null,
        Scopes = scopes,
    };

    [LoggerMessage(EventId = 2125, Level = LogLevel.Warning, Message = "Scope mapping '{Mapping}' of client {ClientId} is left out: {Reason}")]
    private partial void LogFaulted(string mapping, string clientId, string reason);
}
