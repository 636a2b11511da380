using Gatehouse.Model.Apps;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Tests.Access.Saas.Saml;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Store;

public class SaasAppStoreTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_saml_application_is_served_as_it_was_kept(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var method = Guid.CreateVersion7();
        var app = ServiceProvider.App(new SaasSaml
        {
            ConsumerServiceUrl = ServiceProvider.Consumer,
            EntityId = ServiceProvider.Entity,
            NameIdFormat = SaasNameId.Id,
            DefaultRelayState = "/home",
            Attributes = [new SaasField { Name = "dept", FriendlyName = "Department", IsRequired = true, Source = new SaasSource { Name = "department", NameByLoginMethod = { [method] = "division" } } }],
        });
        await using (var db = store.Open())
        {
            db.Apps.Add(app);
            await db.SaveChangesAsync(Cancel);
        }

        await store.RestartAsync();
        await store.Get<Gatehouse.Store.Start.StoreStart>().RunAsync(Cancel);

        var read = store.Get<ISnapshot<AccessTable>>().Current.SaasApps[ServiceProvider.Id].App.Saas!;
        Assert.Null(read.Oidc);
        Assert.Equal((ServiceProvider.Consumer, ServiceProvider.Entity, SaasNameId.Id, "/home"), (read.Saml!.ConsumerServiceUrl, read.Saml.EntityId, read.Saml.NameIdFormat, read.Saml.DefaultRelayState));
        var attribute = Assert.Single(read.Saml.Attributes);
        Assert.Equal(("dept", "Department", true, "division", "department"), (attribute.Name, attribute.FriendlyName, attribute.IsRequired, attribute.Source.NameAt(method), attribute.Source.NameAt(Guid.Empty)));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_session_knows_when_its_person_proved_who_they_are(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        var sessions = store.Get<IAccessSessions>();
        var at = store.Clock.GetUtcNow().AddHours(-3);
        foreach (var said in new DateTimeOffset?[] { at, null })
        {
            var started = await sessions.StartAsync(
                new NewAccessSession
                {
                    Email = "ada@example.com",
                    Name = "",
                    Subject = "s",
                    LoginMethodId = Guid.CreateVersion7(),
                    ClaimsJson = "{}",
                    GroupsJson = "[]",
                    Amr = [],
                    AuthenticatedAt = said,
                    Address = "127.0.0.1",
                    Duration = TimeSpan.FromHours(1),
                    LongestToken = TimeSpan.FromHours(1),
                },
                Cancel);
            var found = (await sessions.FindAsync(started.Nonce, Cancel))!;
            Assert.Equal((said?.ToUnixTimeMilliseconds(), (said ?? found.CreatedAt).ToUnixTimeMilliseconds()), (found.AuthenticatedAt?.ToUnixTimeMilliseconds(), found.SignedInAt.ToUnixTimeMilliseconds()));
        }
    }
}
