using System.Runtime.CompilerServices;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Identity.Oidc.Clients;

/// <summary>Finds clients in the table that the change feed keeps up to date on every node. No request asks the database for them.</summary>
internal sealed class ClientDirectory(ISnapshot<ClientTable> clients)
{
    // Goes with its entry when the table is swapped.
    private readonly ConditionalWeakTable<ClientEntry, Client> known = [];

    /// <summary>All clients.</summary>
    public IEnumerable<Client> All => clients.Current.All.Select(e => known.GetValue(e, made => new Client(made)));

    /// <summary>The client with this <c>client_id</c>, byte for byte.</summary>
    public Client? Find(string clientId) => Of(clients.Current.OfClientId(clientId));

    /// <summary>The client of the application with this slug.</summary>
    public Client? FindBySlug(string slug) => Of(clients.Current.OfSlug(slug));

    /// <summary>The client of this provider.</summary>
    public Client? Find(int providerId) => Of(clients.Current.OfProvider(providerId));

    private Client? Of(ClientEntry? entry) => entry is null ? null : known.GetValue(entry, e => new Client(e));
}
