using System.Net;
using Gatehouse.Model.Bindings;
using Gatehouse.Store;
using Gatehouse.Store.Geo;
using static Gatehouse.Tests.Fakes.TestPlaces;

namespace Gatehouse.Tests.Store;

/// <summary>Places by a database file, and without one.</summary>
public sealed class MaxMindPlacesTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gatehouse-geo-");

    [Fact]
    public void Finds_country_city_and_network()
    {
        using var places = new MaxMindPlaces(Write(
            folder,
            "Test",
            ("country", Map(("iso_code", Text("FR")))),
            ("city", Map(("names", Map(("en", Text("Paris")))))),
            ("location", Map(("latitude", Number(48.5)), ("longitude", Number(2.5)))),
            ("autonomous_system_number", [(6 << 5) | 2, 64500 >> 8, 64500 & 0xff])));

        Assert.Equal(new GeoFacts("FR", "Paris", null, 64500, null) { Latitude = 48.5, Longitude = 2.5 }, places.Find(IPAddress.Parse("10.1.2.3")));
        Assert.Null(places.Find(IPAddress.Parse("192.0.2.7"))); // the upper half holds nothing
        Assert.Null(places.Find(IPAddress.Parse("2001:db8::1")));
        Assert.True(places.IsAvailable);
    }

    [Fact]
    public void Two_files_say_together_where_an_address_is_and_whose()
    {
        using var places = new MaxMindPlaces(
            Write(folder, "City", ("country", Map(("iso_code", Text("FR")))), ("autonomous_system_number", [(6 << 5) | 1, 7])),
            Write(folder, "Test-ASN", ("autonomous_system_number", [(6 << 5) | 1, 9]), ("autonomous_system_organization", Text("Example"))));
        using var networks = new MaxMindPlaces(null, Write(folder, "Test-ASN", ("autonomous_system_number", [(6 << 5) | 1, 9])));

        Assert.Equal(new GeoFacts("FR", null, null, 9, "Example") { Network = "0.0.0.0/1" }, places.Find(IPAddress.Parse("10.1.2.3")));
        Assert.Equal((true, true), (places.IsAvailable, places.KnowsNetworks));
        Assert.Equal(new GeoFacts(null, null, null, 9, null) { Network = "0.0.0.0/1" }, networks.Find(IPAddress.Parse("10.1.2.3")));
        Assert.Equal((false, true), (networks.IsAvailable, networks.KnowsNetworks));
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
