using System.Text.Json.Nodes;
using Gatehouse.Management.Blueprints;
using Gatehouse.Management.Users;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>Passwords that blueprints give: hashed while everybody else may write.</summary>
public class BlueprintPasswordTests
{
    private const string Three = """
        version: 1
        context: {common: a long password of two}
        entries:
          - model: authentik_core.user
            identifiers: {username: carol}
            attrs: {name: Carol, password: !Context common}
          - model: authentik_core.user
            identifiers: {username: dave}
            attrs: {name: Dave, password: !Context common}
          - model: authentik_core.user
            id: erin
            identifiers: {username: erin}
            attrs: {name: !Format ["Erin after %s", !Find [authentik_core.user, [username, dave]]], password: a long password of erin}
          - model: authentik_core.group
            identifiers: {name: team}
            attrs: {users: [!KeyOf erin]}
          - model: authentik_core.user
            identifiers: {username: nobody}
            conditions: [false]
            attrs: {name: Nobody, password: never to be hashed}

        """;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Others_may_write_while_its_passwords_are_hashed_and_checked(DatabaseKind kind)
    {
        var hashing = new Watched();
        await using var host = await StartAsync(kind, hashing);

        await ApplyAsync(host, Three, isDone: true);

        Assert.Equal((3, 0, 0), (hashing.Made, hashing.Checked, hashing.Alone));
        await using var db = host.Open();
        var before = await PasswordsAsync(db);
        Assert.True(PasswordHash.Verify("a long password of two", before["carol"]!) && PasswordHash.Verify("a long password of two", before["dave"]!));
        Assert.True(PasswordHash.Verify("a long password of erin", before["erin"]!));
        Assert.NotEqual(before["carol"], before["dave"]); // each has a salt of their own
        Assert.Equal("1", (await host.AuthentikAsync("GET", "/core/groups/?name=team&members_by_username=erin")).Text("pagination.count"));
        Assert.Equal("3", (await host.AuthentikAsync("GET", "/events/events/?action=password_set")).Text("pagination.count"));

        // Once more: two have it already, one gets another.
        await ApplyAsync(host, Three.Replace("of erin", "of Erin", StringComparison.Ordinal), isDone: true);

        Assert.Equal((4, 3, 0), (hashing.Made, hashing.Checked, hashing.Alone));
        var after = await PasswordsAsync(db);
        Assert.Equal((before["carol"], before["dave"]), (after["carol"], after["dave"]));
        Assert.True(PasswordHash.Verify("a long password of Erin", after["erin"]!));
        Assert.Equal("4", (await host.AuthentikAsync("GET", "/events/events/?action=password_set")).Text("pagination.count"));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task One_that_fails_hashes_nothing_and_leaves_nothing(DatabaseKind kind)
    {
        var hashing = new Watched();
        await using var host = await StartAsync(kind, hashing);

        var reply = await ApplyAsync(host, Three + "  - {model: authentik_core.group, identifiers: {name: !KeyOf nobody}}\n", isDone: false);

        Assert.Contains("nobody", reply.Body!["logs"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal((0, 0), (hashing.Made, hashing.Checked));
        Assert.Equal("0", (await host.AuthentikAsync("GET", "/core/users/?username=carol")).Text("pagination.count"));
        Assert.Equal("0", (await host.AuthentikAsync("GET", "/events/events/")).Text("pagination.count"));
    }

    [Fact]
    public async Task A_password_that_is_too_long_is_refused_before_it_is_hashed()
    {
        var hashing = new Watched();
        await using var host = await StartAsync(DatabaseKind.Sqlite, hashing);

        var reply = await ApplyAsync(
            host, $"version: 1\nentries:\n  - {{model: authentik_core.user, identifiers: {{username: carol}}, attrs: {{name: C, password: {new string('x', SetPassword.Longest + 1)}}}}}\n", isDone: false);

        Assert.Contains("set_password/ was refused", reply.Body!["logs"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(0, hashing.Made);
    }

    [Fact]
    public async Task The_hourly_round_neither_hashes_nor_checks_what_is_so()
    {
        var hashing = new Watched();
        await using var host = await StartAsync(DatabaseKind.Sqlite, hashing);
        (await host.AuthentikAsync("POST", "/managed/blueprints/", new JsonObject { ["name"] = "three", ["content"] = Three })).Expect(201);
        var keeper = host.Services.GetRequiredService<KeepBlueprints>();

        Assert.Equal(1, await keeper.RunAsync(Stop));
        host.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, await keeper.RunAsync(Stop));

        Assert.Equal((3, 0, 0), (hashing.Made, hashing.Checked, hashing.Alone));
    }

    private static async Task<ApiHost> StartAsync(DatabaseKind kind, Watched hashing)
    {
        var host = await ApiHost.StartAsync(kind, s => s.AddSingleton<IPasswordHashing>(hashing));
        hashing.Host = host;
        return host;
    }

    private static Task<Dictionary<string, string?>> PasswordsAsync(GatehouseDb db) =>
        db.Users.AsNoTracking().ToDictionaryAsync(u => u.Username, u => u.PasswordHash, Stop);

    private static async Task<ApiReply> ApplyAsync(ApiHost host, string text, bool isDone)
    {
        using var form = new MultipartFormDataContent { { new StringContent(text), "file", "blueprint.yaml" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v3/managed/blueprints/import/") { Content = form };
        request.Headers.Authorization = new("Bearer", ApiHost.AdminKey);
        using var response = await host.Client.SendAsync(request, Stop);
        var reply = (await ApiReply.ReadAsync(response)).Expect(200);
        Assert.True(reply.Text("success") == (isDone ? "true" : "false"), reply.Body!.ToJsonString());
        return reply;
    }

    /// <summary>Hashes, and sees whether somebody else could write at that moment.</summary>
    private sealed class Watched : IPasswordHashing
    {
        public ApiHost? Host { get; set; }

        public int Made { get; private set; }

        public int Checked { get; private set; }

        /// <summary>How often nobody else could.</summary>
        public int Alone { get; private set; }

        public string Make(string password)
        {
            Look();
            Made++;
            return PasswordHash.Make(password);
        }

        public bool Verify(string password, string kept)
        {
            Look();
            Checked++;
            return PasswordHash.Verify(password, kept);
        }

        private void Look()
        {
            try
            {
                using var write = Task.Run(() => WriteAsync(Host!), Stop); // set before anything is asked
                write.Wait(Stop);
            }
            catch (AggregateException)
            {
                Alone++;
            }
        }

        private static async Task WriteAsync(ApiHost host)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            limit.CancelAfter(TimeSpan.FromSeconds(2));
            await using var db = host.Open();
            await using var turn = await host.Services.GetRequiredService<WriteGate>().EnterAsync(db, limit.Token) ?? throw new InvalidOperationException("no turn");
            db.Database.SetCommandTimeout(1);
            await db.Users.Where(u => u.Username == "bob").ExecuteUpdateAsync(u => u.SetProperty(x => x.Version, x => x.Version + 1), limit.Token);
        }
    }
}
