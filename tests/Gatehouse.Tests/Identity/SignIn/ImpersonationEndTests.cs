using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Events;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Users;
using Gatehouse.Store.Events;
using Gatehouse.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Tests.Identity.SignIn;

/// <summary>An impersonation that ends with the right to it is told of once, however many requests find out.</summary>
public class ImpersonationEndTests
{
    private const string Token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task S09_of_requests_that_come_at_once_one_tells(DatabaseKind kind)
    {
        var clock = new FakeClock();
        await using var store = await TestStore.StartAsync(kind, clock);
        await SeedAsync(store, clock.GetUtcNow());

        var found = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => ComeAsync(store, clock), Stop)));

        Assert.All(found, f => Assert.Equal(("ada", false), (f?.User.Username, f?.IsImpersonating)));
        await using var db = store.Open();
        var told = Assert.Single(await db.Events.Where(e => e.Action == EventActions.ImpersonationEnded).ToListAsync(Stop));
        Assert.Equal("ada", told.Username);
        Assert.Contains("\"bob\"", told.OnBehalfOfJson, StringComparison.Ordinal);
        Assert.Null((await db.AuthenticatedSessions.SingleAsync(Stop)).ImpersonatedUserId);
    }

    // ada is no superuser any more.
    private static async Task SeedAsync(TestStore store, DateTimeOffset now)
    {
        await using var db = store.Open();
        var (ada, bob) = (NewUser("ada"), NewUser("bob"));
        db.AddRange(ada, bob);
        await db.SaveChangesAsync(Stop);
        db.Add(new AuthenticatedSession
        {
            Id = BrowserSessions.Hash(Token),
            Uuid = Guid.CreateVersion7(),
            UserId = ada.Id,
            ImpersonatedUserId = bob.Id,
            AuthenticatedAt = now,
            LastAddress = "",
            LastUserAgent = "",
            LastUsedAt = now,
            ExpiresAt = now.AddDays(1),
        });
        await db.SaveChangesAsync(Stop);

        User NewUser(string name) => new() { Uuid = Guid.CreateVersion7(), Username = name, UsernameKey = name, CreatedAt = now, UpdatedAt = now };
    }

    private static async Task<SignedInBrowser?> ComeAsync(TestStore store, FakeClock clock)
    {
        await using var db = store.Open();
        var events = new SignInEvents(db, store.Get<IEventLog>(), store.Get<IEventRows>(), store.Get<RepeatedEvents>());
        var sessions = new BrowserSessions(
            db,
            events,
            new RememberedBrowsers(db, events, store.Box, clock, NullLogger<RememberedBrowsers>.Instance),
            new Impersonators(new FakeSnapshot<SystemSettings>(new SystemSettings { AllowsImpersonation = true }, clock)),
            store.Get<IGeoReader>(),
            clock);
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = System.Net.IPAddress.Loopback } };
        context.Request.Headers.Cookie = $"{BrowserSessions.Cookie}={Token}";
        return await sessions.FindAsync(context.Request, Stop);
    }
}
