using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Model.Bindings;
using MaxMind.Db;

namespace Gatehouse.Store.Geo;

/// <summary>Looks addresses up in MaxMind databases: one of cities or countries, one of networks (ASN), or both in one.</summary>
internal sealed class MaxMindPlaces : IGeoReader, IDisposable
{
    private readonly Reader? places;
    private readonly Reader? networks;

    /// <summary>Opens the files; null means that there is none of that kind.</summary>
    /// <exception cref="StoreFaultException">One is missing, or no database of places.</exception>
    public MaxMindPlaces(string? places, string? networks = null)
    {
        this.places = places is null ? null : Open(places);
        try
        {
            this.networks = networks is null ? null : Open(networks);
        }
        catch (StoreFaultException)
        {
            this.places?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public bool IsAvailable => places is not null && !IsOf(places, "ASN");

    /// <inheritdoc/>
    public bool KnowsNetworks => networks is not null || (places is not null && !IsOf(places, "City") && !IsOf(places, "Country"));

    /// <inheritdoc/>
    public GeoFacts? Find(IPAddress address)
    {
        var (place, (network, range)) = (Find(places, address).Found, Find(networks, address));
        if (place is null && network is null)
        {
            return null;
        }

        // What the database of networks says of networks outweighs what the other may say.
        var owner = network ?? place!; // one of them is there
        return new GeoFacts(
            Inner(place, "country", "iso_code") as string,
            (Inner(place, "city", "names") as IDictionary<string, object>)?["en"] as string,
            Inner(place, "continent", "code") as string,
            owner.TryGetValue("autonomous_system_number", out var asn) ? Convert.ToInt64(asn, CultureInfo.InvariantCulture) : null,
            owner.GetValueOrDefault("autonomous_system_organization") as string)
        {
            Latitude = Inner(place, "location", "latitude") as double?,
            Longitude = Inner(place, "location", "longitude") as double?,
            Network = range,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        places?.Dispose();
        networks?.Dispose();
    }

    private static Reader Open(string file)
    {
        try
        {
            return new Reader(file, FileAccessMode.Memory);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDatabaseException)
        {
            throw new StoreFaultException($"the database of places {file} can't be read: {fault.Message}; expected a MaxMind .mmdb file");
        }
    }

    private static bool IsOf(Reader reader, string kind) => reader.Metadata.DatabaseType.Contains(kind, StringComparison.OrdinalIgnoreCase);

    private static (Dictionary<string, object>? Found, string? Range) Find(Reader? reader, IPAddress address)
    {
        if (reader is null || (address.AddressFamily == AddressFamily.InterNetworkV6 && reader.Metadata.IPVersion == 4))
        {
            return (null, null); // the reader would look up the first four bytes of a version 6 address
        }

        try
        {
            var found = reader.Find<Dictionary<string, object>>(address, out var prefix);
            return (found, found is null ? null : Masked(address, prefix));
        }
        catch (Exception fault) when (fault is InvalidDatabaseException or ArgumentException)
        {
            return (null, null); // a damaged entry: the place is unknown, and who asks for one is denied
        }
    }

    private static string? Masked(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = Math.Max(0, prefix); bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return prefix < 0 || prefix > bytes.Length * 8 ? null : new IPNetwork(new IPAddress(bytes), prefix).ToString();
    }

    private static object? Inner(Dictionary<string, object>? found, string outer, string inner) =>
        found?.GetValueOrDefault(outer) is IDictionary<string, object> map && map.TryGetValue(inner, out var value) ? value : null;
}
