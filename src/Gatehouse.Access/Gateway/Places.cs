using System.Net;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Access.Gateway;

/// <summary>Puts visitors together: their country is looked up only for apps that ask for one, and remembered for a while.</summary>
internal sealed class Places(IGeoReader reader)
{
    // One slot per hash of an address, overwritten when two meet: bounded, and without locks.
    private const int Slots = 4096;

    private readonly Found?[] known = new Found?[Slots];

    /// <summary>The visitor of <paramref name="app"/>.</summary>
    public Visitor Visitor(AppEntry app, IPAddress address, VisitorIdentity? identity) =>
        app.AsksForCountry ? new Visitor(address, identity) { Country = CountryOf(address) } : new Visitor(address, identity);

    /// <summary>The country of an address; null when not known.</summary>
    public string? CountryOf(IPAddress address)
    {
        if (!reader.IsAvailable)
        {
            return null;
        }

        var slot = (int)((uint)address.GetHashCode() % Slots);
        if (Volatile.Read(ref known[slot]) is { } found && found.Address.Equals(address))
        {
            return found.Country;
        }

        var country = reader.Find(address)?.Country;
        Volatile.Write(ref known[slot], new Found(address, country));
        return country;
    }

    private sealed record Found(IPAddress Address, string? Country);
}
