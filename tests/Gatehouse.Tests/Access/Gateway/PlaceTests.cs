using System.Net;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Policies;
using Gatehouse.Store.Geo;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Access.Gateway;

/// <summary>Rules about countries at the gateway, by a real database of places in which this machine is in France.</summary>
public sealed class PlaceTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("gatehouse-places-");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData(PolicyAction.Bypass, "FR", 200)]
    [InlineData(PolicyAction.Bypass, "DE", 302)]
    [InlineData(PolicyAction.NonIdentity, "FR", 200)]
    [InlineData(PolicyAction.NonIdentity, "DE", 403)]
    public async Task A_request_is_judged_by_where_it_comes_from(PolicyAction action, string country, int status)
    {
        using var places = new MaxMindPlaces(TestPlaces.Write(folder));
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.Geo = places;
            host.AddApp("staff", "app.test", action == PolicyAction.Bypass
                ? [GatewayHost.Policy(action, new Rule.Country(country)), GatewayHost.Allow(new Rule.EmailDomain("example.com"))]
                : [GatewayHost.Policy(action, new Rule.Country(country))]);
            host.Publish("app.test");
        });

        Assert.Equal(status, (await gateway.GetAsync("/")).Status);
        Assert.Equal(status == 200 ? 1 : 0, gateway.Origin.Requests.Count);
    }

    [Fact]
    public async Task L06_a_person_is_let_in_from_one_country_and_without_the_database_from_none()
    {
        using var places = new MaxMindPlaces(TestPlaces.Write(folder));
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.Geo = places;
            host.AddApp("staff", "app.test", GatewayHost.Allow(new Rule.EmailDomain("example.com")));
            host.Publish("app.test");
        });
        var policy = gateway.Tables.Current.AppsByAud[GatewayHost.AudOf("staff")].App.Policies[0].Policy!;
        policy.Require = [new Rule.Country("FR")];
        gateway.Reload();
        var ada = gateway.SignIn();
        Assert.Equal(200, (await gateway.GetAsync("/", ada)).Status);

        policy.Require = [new Rule.Country("DE")];
        gateway.Reload();
        Assert.Equal(403, (await gateway.GetAsync("/", ada)).Status);

        policy.Require = [new Rule.Country("FR")];
        gateway.Geo = null; // so the table is made without one, and the policy is broken
        gateway.Reload();
        Assert.Equal(403, (await gateway.GetAsync("/", ada)).Status);
    }

    [Theory]
    [InlineData(PolicyAction.Bypass)]
    [InlineData(PolicyAction.NonIdentity)]
    [InlineData(PolicyAction.Deny)]
    public async Task L06_a_database_of_places_that_breaks_admits_nobody(PolicyAction action)
    {
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.Geo = new BrokenPlaces();
            host.AddApp("staff", "app.test", GatewayHost.Policy(action, new Rule.Country("FR")), GatewayHost.Allow(new Rule.Everyone()));
            host.Publish("app.test");
        });

        Assert.InRange((await gateway.GetAsync("/")).Status, 302, 599); // whom nobody knows yet is asked to sign in before a denial looks at them
        Assert.InRange((await gateway.GetAsync("/", gateway.SignIn())).Status, 500, 599);
        Assert.Empty(gateway.Origin.Requests);
    }

    private sealed class BrokenPlaces : IGeoReader
    {
        public bool IsAvailable => true;

        public GeoFacts? Find(IPAddress address) => throw new InvalidDataException("the database of places is cut off");
    }
}
