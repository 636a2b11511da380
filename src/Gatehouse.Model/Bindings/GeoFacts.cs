using System.Net;
using System.Text.Json.Nodes;

namespace Gatehouse.Model.Bindings;

/// <summary>Where an address is, as far as the database says.</summary>
/// <param name="Country">ISO 3166, two letters; null when unknown.</param>
/// <param name="Asn">Number of the autonomous system; null when unknown.</param>
public sealed record GeoFacts(string? Country, string? City, string? Continent, long? Asn, string? AsnOrganization)
{
    /// <summary>Degrees north; null when unknown.</summary>
    public double? Latitude { get; init; }

    /// <summary>Degrees east; null when unknown.</summary>
    public double? Longitude { get; init; }

    /// <summary>The network of the autonomous system that the address is in; null when unknown.</summary>
    public string? Network { get; init; }
}

/// <summary>Looks addresses up in a database of places.</summary>
public interface IGeoReader
{
    /// <summary>Whether there is a database of countries.</summary>
    bool IsAvailable { get; }

    /// <summary>Whether there is a database of networks (ASN).</summary>
    bool KnowsNetworks => false;

    /// <summary>What is known of an address; null for nothing.</summary>
    GeoFacts? Find(IPAddress address);
}

/// <summary>A place as authentik writes it into events, sessions and scores.</summary>
public static class GeoJson
{
    /// <summary>The place; null when its coordinates are not known.</summary>
    public static JsonObject? PlaceOf(GeoFacts? place) => place is { Latitude: { } latitude, Longitude: { } longitude } ? new JsonObject
    {
        ["continent"] = place.Continent ?? "",
        ["country"] = place.Country ?? "",
        ["lat"] = latitude,
        ["long"] = longitude,
        ["city"] = place.City ?? "",
    } : null;

    /// <summary>The network; null when it is not known.</summary>
    public static JsonObject? NetworkOf(GeoFacts? place) => place is { Asn: { } asn } ? new JsonObject
    {
        ["asn"] = asn,
        ["as_org"] = place.AsnOrganization,
        ["network"] = place.Network,
    } : null;
}
