using System.Globalization;
using System.Net;

namespace Gatehouse.Model.Bindings;

/// <summary>What a session is bound to: a network, a provider of networks, a place; parts joined by bars, all of which have to hold.</summary>
public static class PlaceBinding
{
    /// <summary>The parts that bind to a place; null when the place is not known so exactly, and nothing could ever hold.</summary>
    public static IReadOnlyList<string>? PartsOf(GeoFacts? place, string networkBinding, string geoipBinding)
    {
        List<string?> parts = [];
        if (networkBinding == "bind_asn")
        {
            parts.Add(place?.Asn is { } asn ? Network(asn) : null);
        }

        if (geoipBinding != "no_binding")
        {
            parts.Add(Named("continent", place?.Continent));
            parts.AddRange(geoipBinding switch
            {
                "bind_continent" => [],
                "bind_continent_country" => [Named("country", place?.Country)],
                _ => [Named("country", place?.Country), Named("city", place?.City)],
            });
        }

        return parts.Contains(null) ? null : [.. parts.OfType<string>()];
    }

    /// <summary>Whether a request from <paramref name="address"/> is within what <paramref name="bound"/> says.</summary>
    public static bool Holds(string bound, IPAddress address, IGeoReader places)
    {
        var parts = bound.Split('|');
        var place = Array.Exists(parts, p => p.Contains('=', StringComparison.Ordinal)) ? places.Find(address) : null;
        return Array.TrueForAll(parts, part => part.Split('=', 2) switch
        {
            ["asn", _] => place?.Asn is { } asn && part == Network(asn),
            ["continent", _] => part == Named("continent", place?.Continent),
            ["country", _] => part == Named("country", place?.Country),
            ["city", _] => part == Named("city", place?.City),
            [var network] => IPNetwork.TryParse(network, out var range) && range.Contains(address),
            _ => false,
        });
    }

    private static string Network(long asn) => "asn=" + asn.ToString(CultureInfo.InvariantCulture);

    // Names of cities come from a file of others: a bar in one must not end the part.
    private static string? Named(string kind, string? name) => name is { Length: > 0 } ? $"{kind}={name.Replace('|', ' ')}" : null;
}
