using System.Net;
using Gatehouse.Model.Bindings;
using Gatehouse.Store;
using Gatehouse.Store.Geo;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Store;

/// <summary>Places by a database file, and without one.</summary>
public sealed class MaxMindPlacesTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gatehouse-geo-");

    [Fact]
    public void Finds_country_city_and_network()
    {
        using var places = new MaxMindPlaces(TestPlaces.Write(folder));

        Assert.Equal(new GeoFacts("FR", "Paris", null, 64500, null), places.Find(IPAddress.Parse("10.1.2.3")));
        Assert.Null(places.Find(IPAddress.Parse("192.0.2.7"))); // the upper half holds nothing
        Assert.Null(places.Find(IPAddress.Parse("2001:db8::1")));
        Assert.True(places.IsAvailable);
    }

    [Fact]
    public void A_file_that_is_no_database_stops_the_start()
    {
        var file = Path.Combine(folder.FullName, "bad.mmdb");
        File.WriteAllText(file, "not a database");

        Assert.Contains(".mmdb", Assert.Throws<StoreFaultException>(() => new MaxMindPlaces(file)).Message, StringComparison.Ordinal);
        Assert.Throws<StoreFaultException>(() => new MaxMindPlaces(file + ".missing"));
    }

    public void Dispose() => folder.Delete(recursive: true);
}
