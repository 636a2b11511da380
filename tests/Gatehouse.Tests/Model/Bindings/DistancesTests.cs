using System.Net;
using Gatehouse.Model.Bindings;

namespace Gatehouse.Tests.Model.Bindings;

/// <summary>Distances between sign-ins, and sessions bound to places.</summary>
public class DistancesTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly (double, double) Berlin = (52.52, 13.405);

    [Theory]
    [InlineData(52.52, 13.405, 52.52, 13.405, 0, 0)]
    [InlineData(52.52, 13.405, 48.8566, 2.3522, 876, 880)] // Berlin, Paris
    [InlineData(40.7128, -74.006, -33.8688, 151.2093, 15_980, 16_000)] // New York, Sydney
    [InlineData(0, 0, 0, 180, 20_014, 20_016)] // to the other side
    [InlineData(90, 0, -90, 0, 20_014, 20_016)]
    public void Great_circles(double latitude, double longitude, double otherLatitude, double otherLongitude, double least, double most) =>
        Assert.InRange(Distances.Between(latitude, longitude, otherLatitude, otherLongitude), least, most);

    [Theory]
    [InlineData(1000, 0, true)]
    [InlineData(828, 50, true)] // 878 in all, and Paris is just within
    [InlineData(820, 50, false)]
    [InlineData(100, 50, false)]
    public void History_has_to_be_near(int most, int tolerance, bool isFine) =>
        Assert.Equal(isFine, Distances.FaultOf(Settings(s => s with { ChecksHistory = true, MostKilometres = most, Tolerance = tolerance }), Berlin, [Paris(1)], Now) is null);

    [Theory]
    [InlineData(1, 0, true)] // 878 km in an hour
    [InlineData(0.5, 0, false)]
    [InlineData(0.5, 400, true)]
    [InlineData(0, 100, false)]
    [InlineData(-1, 100, false)] // a clock that went back helps nobody
    public void Nobody_travels_faster_than_a_plane(double hours, int tolerance, bool isFine) =>
        Assert.Equal(isFine, Distances.FaultOf(Settings(s => s with { ChecksTravel = true, TravelTolerance = tolerance }), Berlin, [Paris(hours)], Now) is null);

    [Fact]
    public void Only_so_many_sign_ins_are_looked_at_and_none_speaks_against_nobody()
    {
        var settings = Settings(s => s with { ChecksHistory = true, Logins = 1 });

        Assert.Null(Distances.FaultOf(settings, Berlin, [new PastLogin(Now, 52.5, 13.4), Paris(9)], Now));
        Assert.NotNull(Distances.FaultOf(settings with { Logins = 2 }, Berlin, [new PastLogin(Now, 52.5, 13.4), Paris(9)], Now));
        Assert.Null(Distances.FaultOf(settings, Berlin, [], Now));
    }

    [Theory]
    [InlineData("no_binding", "no_binding", "")]
    [InlineData("bind_asn", "no_binding", "asn=64500")]
    [InlineData("bind_asn", "bind_continent_country_city", "asn=64500|continent=EU|country=FR|city=Paris A")]
    [InlineData("bind_asn_network", "bind_continent", "continent=EU")]
    public void A_binding_names_the_place(string network, string place, string expected) =>
        Assert.Equal(expected, string.Join('|', PlaceBinding.PartsOf(new GeoFacts("FR", "Paris|A", "EU", 64500, null), network, place)!));

    [Theory]
    [InlineData("bind_asn", "no_binding")]
    [InlineData("no_binding", "bind_continent")]
    public void Nothing_is_bound_to_a_place_that_is_not_known(string network, string place)
    {
        Assert.Null(PlaceBinding.PartsOf(null, network, place));
        Assert.Null(PlaceBinding.PartsOf(new GeoFacts("FR", null, null, null, null), network, place));
    }

    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.9", true)]
    [InlineData("192.0.2.0/24", "198.51.100.9", false)]
    [InlineData("asn=64500", "192.0.2.9", true)]
    [InlineData("asn=64501", "192.0.2.9", false)]
    [InlineData("192.0.2.0/24|asn=64500|continent=EU|country=FR|city=Paris", "192.0.2.9", true)]
    [InlineData("192.0.2.0/24|country=DE", "192.0.2.9", false)]
    [InlineData("country=FR", "198.51.100.9", false)] // nothing is known of this one
    [InlineData("moon=1", "192.0.2.9", false)]
    [InlineData("nonsense", "192.0.2.9", false)]
    [InlineData("", "192.0.2.9", false)]
    public void A_session_stands_where_all_of_it_holds(string bound, string address, bool holds) =>
        Assert.Equal(holds, PlaceBinding.Holds(bound, IPAddress.Parse(address), new France()));

    private static PastLogin Paris(double hoursAgo) => new(Now.AddHours(-hoursAgo), 48.8566, 2.3522);

    private static PolicySettings.GeoIp Settings(Func<PolicySettings.GeoIp, PolicySettings.GeoIp> change) => change(new PolicySettings.GeoIp([], []));

    private sealed class France : IGeoReader
    {
        public bool IsAvailable => true;

        public GeoFacts? Find(IPAddress address) => address.ToString().StartsWith("192.", StringComparison.Ordinal) ? new GeoFacts("FR", "Paris", "EU", 64500, null) : null;
    }
}
