using System.Net;

namespace Gatehouse.Model.Bindings;

/// <summary>Where an address is, as far as the database says.</summary>
/// <param name="Country">ISO 3166, two letters; null when unknown.</param>
/// <param name="Asn">Number of the autonomous system; null when unknown.</param>
public sealed record GeoFacts(string? Country, string? City, string? Continent, long? Asn, string? AsnOrganization);

/// <summary>Looks addresses up in a database of places.</summary>
public interface IGeoReader
{
    /// <summary>Whether there is a database.</summary>
    bool IsAvailable { get; }

    /// <summary>What is known of an address; null for nothing.</summary>
    GeoFacts? Find(IPAddress address);
}
