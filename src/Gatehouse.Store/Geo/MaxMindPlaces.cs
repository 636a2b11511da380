using System.Net;
using System.Net.Sockets;
using Gatehouse.Model.Bindings;
using MaxMind.Db;

namespace Gatehouse.Store.Geo;

/// <summary>Looks addresses up in a MaxMind database: of cities or countries, of networks (ASN), or both in one.</summary>
internal sealed class MaxMindPlaces : IGeoReader, IDisposable
{
    private readonly Reader reader;

    /// <summary>Opens the file.</summary>
    /// <exception cref="StoreFaultException">It is missing, or no database of places.</exception>
    public MaxMindPlaces(string file)
    {
        try
        {
            reader = new Reader(file, FileAccessMode.Memory);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDatabaseException)
        {
            throw new StoreFaultException($"the database of places {file} can't be read: {fault.Message}; expected a MaxMind .mmdb file");
        }
    }

    /// <inheritdoc/>
    public bool IsAvailable => true;

    /// <inheritdoc/>
    public GeoFacts? Find(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && reader.Metadata.IPVersion == 4)
        {
            return null; // the reader would look up its first four bytes
        }

        Dictionary<string, object>? found;
        try
        {
            found = reader.Find<Dictionary<string, object>>(address);
        }
        catch (Exception fault) when (fault is InvalidDatabaseException or ArgumentException)
        {
            return null; // a damaged entry: the place is unknown, and who asks for one is denied
        }

        return found is null ? null : new GeoFacts(
            Inner(found, "country", "iso_code") as string,
            (Inner(found, "city", "names") as IDictionary<string, object>)?["en"] as string,
            Inner(found, "continent", "code") as string,
            found.TryGetValue("autonomous_system_number", out var asn) ? Convert.ToInt64(asn, System.Globalization.CultureInfo.InvariantCulture) : null,
            found.GetValueOrDefault("autonomous_system_organization") as string);
    }

    /// <inheritdoc/>
    public void Dispose() => reader.Dispose();

    private static object? Inner(Dictionary<string, object> found, string outer, string inner) =>
        found.GetValueOrDefault(outer) is IDictionary<string, object> map && map.TryGetValue(inner, out var value) ? value : null;
}
