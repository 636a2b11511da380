using System.Text.Json.Nodes;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>Many writers at once.</summary>
public class ConcurrencyTests
{
    [Fact]
    public async Task One_of_many_who_ask_for_the_same_domain_gets_it()
    {
        await using var host = await ApiHost.StartAsync();

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            host.CloudflareAsync("POST", "/access/apps", new JsonObject { ["type"] = "self_hosted", ["domain"] = "a.example.com" })));

        Assert.Equal([201, 409, 409, 409, 409, 409, 409, 409], replies.Select(r => r.Status).Order());
    }

    [Fact]
    public async Task One_of_many_who_ask_for_the_same_username_gets_it()
    {
        await using var host = await ApiHost.StartAsync();

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            host.AuthentikAsync("POST", "/core/users/", new JsonObject { ["username"] = "alice", ["name"] = "" })));

        Assert.Equal([201, 400, 400, 400, 400, 400, 400, 400], replies.Select(r => r.Status).Order());
    }

    [Fact]
    public async Task Writes_to_the_same_object_all_count()
    {
        await using var host = await ApiHost.StartAsync();
        string[] fields = ["meta_description", "meta_publisher", "group", "meta_launch_url"];
        (await host.AuthentikAsync("POST", "/core/applications/", new JsonObject { ["name"] = "a", ["slug"] = "a" })).Expect(201);

        var replies = await Task.WhenAll(fields.Select(f => host.AuthentikAsync("PATCH", "/core/applications/a/", new JsonObject { [f] = "https://x" })));

        Assert.All(replies, r => r.Expect(200));
        var read = await host.AuthentikAsync("GET", "/core/applications/a/");
        Assert.All(fields, f => Assert.Equal("https://x", read.Text(f)));
    }

    [Theory]
    [InlineData(1, 200)]
    [InlineData(2, 200)]
    [InlineData(int.MaxValue, 409)]
    public async Task A_stale_version_is_tried_again_and_then_told(int meddles, int status)
    {
        var meddler = new Meddler(meddles);
        await using var host = await ApiHost.StartAsync(services => services.AddScoped<GatehouseDb>(s => Meddled(s, meddler)));
        meddler.UserId = host.UserId;

        var reply = (await host.AuthentikAsync("PATCH", $"/core/users/{host.UserId}/", new JsonObject { ["name"] = "Bob" })).Expect(status);

        Assert.Equal(status == 200 ? "Bob" : "", (await host.AuthentikAsync("GET", $"/core/users/{host.UserId}/")).Text("name"));
        Assert.Equal(status == 409, reply.Text("detail") is not null);
    }

    private static SqliteDb Meddled(IServiceProvider services, Meddler meddler)
    {
        using var plain = services.GetRequiredService<IDbContextFactory<GatehouseDb>>().CreateDbContext();
        return new SqliteDb(new DbContextOptionsBuilder<SqliteDb>().UseSqlite(plain.Database.GetConnectionString()).AddInterceptors(meddler).Options);
    }

    // Changes the row between its being read and its being saved, as a sign-in would.
    private sealed class Meddler(int times) : SaveChangesInterceptor
    {
        private int left = times;

        public int UserId { get; set; }

        public override async ValueTask<InterceptionResult<int>> SavingChangesAsync(
            DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            if (left-- > 0)
            {
                await eventData.Context!.Set<Gatehouse.Model.Users.User>().Where(u => u.Id == UserId)
                    .ExecuteUpdateAsync(u => u.SetProperty(x => x.Version, x => x.Version + 1), cancellationToken);
            }

            return result;
        }
    }
}
