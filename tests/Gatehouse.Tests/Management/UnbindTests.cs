using Gatehouse.Management.Applications;
using Gatehouse.Management.Brands;
using Gatehouse.Management.Flows;
using Gatehouse.Management.Notifications;
using Gatehouse.Management.Stages;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Brands;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Notifications;
using Gatehouse.Model.Providers;
using Gatehouse.Store;
using Gatehouse.Store.Snapshots;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary>What is bound to something goes with it, on both databases; what is bound to anything else stays.</summary>
public class UnbindTests
{
    public static TheoryData<DatabaseKind> Both => Databases.Both;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_deleted_flow_takes_its_bindings_and_those_of_its_stages_along(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var (flow, place) = Lay(db, "gone");
        var (other, otherPlace) = Lay(db, "other");
        await BindAsync(db, flow.Id, place.Id, other.Id, otherPlace.Id);

        Assert.IsType<WriteResult<Flow>.Done>(await new DeleteFlow(db, WriterOf(store, db)).RunAsync("gone", Stop));

        Assert.True((await BoundAsync(store)).SetEquals([other.Id, otherPlace.Id]));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_flow_that_can_not_be_deleted_keeps_its_bindings(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var (flow, place) = Lay(db, "used");
        db.Providers.Add(new OAuth2Provider
        {
            Name = "p",
            ClientId = "p",
            SealedClientSecret = [1],
            RedirectUris = [],
            AuthorizationFlowId = flow.Id,
            InvalidationFlowId = flow.Id,
        });
        await BindAsync(db, flow.Id, place.Id);

        Assert.IsType<WriteResult<Flow>.InUse>(await new DeleteFlow(db, WriterOf(store, db)).RunAsync("used", Stop));

        Assert.True((await BoundAsync(store)).SetEquals([flow.Id, place.Id]));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_stage_taken_out_of_a_flow_takes_the_bindings_of_that_place_along(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var (flow, place) = Lay(db, "flow");
        await BindAsync(db, flow.Id, place.Id);

        Assert.IsType<WriteResult<FlowStageBinding>.Done>(await new DeleteBinding(db, WriterOf(store, db)).RunAsync(place.Id, Stop));

        Assert.True((await BoundAsync(store)).SetEquals([flow.Id]));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_deleted_stage_takes_the_bindings_of_all_its_places_along(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var (flow, place) = Lay(db, "flow");
        await BindAsync(db, flow.Id, place.Id);

        Assert.IsType<WriteResult<Stage>.Done>(await new DeleteStage(db, WriterOf(store, db)).RunAsync(place.StageId, null, Stop));

        Assert.True((await BoundAsync(store)).SetEquals([flow.Id]));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_deleted_application_takes_its_bindings_along(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var application = new ProviderApplication { Id = Guid.CreateVersion7(), Name = "Wiki", Slug = "wiki" };
        db.Add(application);
        var bystander = Guid.CreateVersion7();
        await BindAsync(db, application.Id, bystander);

        Assert.IsType<WriteResult<ProviderApplication>.Done>(await new DeleteApplication(db, WriterOf(store, db)).RunAsync("wiki", Stop));

        Assert.True((await BoundAsync(store)).SetEquals([bystander]));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_deleted_notification_rule_takes_its_bindings_along(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var (rule, other) = (new NotificationRule { Id = Guid.CreateVersion7(), Name = "gone" }, new NotificationRule { Id = Guid.CreateVersion7(), Name = "other" });
        db.AddRange(rule, other);
        await BindAsync(db, rule.Id, other.Id);

        Assert.IsType<WriteResult<NotificationRule>.Done>(await new SaveRule(db, WriterOf(store, db)).DeleteAsync(rule.Id, Stop));

        Assert.True((await BoundAsync(store)).SetEquals([other.Id]));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_deleted_brand_takes_its_bindings_along(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var db = store.Open();
        var (brand, bystander) = (new Brand { Id = Guid.CreateVersion7(), Domain = "x.example.com" }, Guid.CreateVersion7());
        db.Add(brand);
        await BindAsync(db, brand.Id, bystander);

        Assert.IsType<WriteResult<Brand>.Done>(await new SaveBrand(db, WriterOf(store, db)).DeleteAsync(brand.Id, Stop));

        Assert.True((await BoundAsync(store)).SetEquals([bystander]));
    }

    private static Writer WriterOf(TestStore store, GatehouseDb db) =>
        new(db, store.Get<ChangeFeed>(), new WriteGate(), new WriteEvents(db, new FakeEvents(store.Clock), new Actor()), store.Get<PublicUrls>(), store.Clock);

    private static (Flow Flow, FlowStageBinding Place) Lay(GatehouseDb db, string slug)
    {
        var flow = new Flow { Id = Guid.CreateVersion7(), Slug = slug, Name = slug, Title = slug, Designation = "authorization" };
        var stage = new Stage { Id = Guid.CreateVersion7(), Name = slug, Type = StageType.Dummy };
        var place = new FlowStageBinding { Id = Guid.CreateVersion7(), FlowId = flow.Id, StageId = stage.Id, Order = 0 };
        db.AddRange(flow, stage, place);
        return (flow, place);
    }

    private static async Task BindAsync(GatehouseDb db, params Guid[] targets)
    {
        await db.PolicyBindings.ExecuteDeleteAsync(Stop); // the shipped ones
        var group = await db.Groups.FirstAsync(Stop);
        db.PolicyBindings.AddRange(targets.Select(t => new PolicyBinding { Id = Guid.CreateVersion7(), TargetId = t, GroupId = group.Id, Order = 0 }));
        await db.SaveChangesAsync(Stop);
    }

    private static async Task<HashSet<Guid>> BoundAsync(TestStore store)
    {
        await using var db = store.Open();
        return await db.PolicyBindings.Select(b => b.TargetId).ToHashSetAsync(Stop);
    }
}
