using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Management.Blueprints;
using Gatehouse.Management.Invitations;
using Gatehouse.Management.Tokens;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Blueprints;
using Gatehouse.Model.Events;
using Gatehouse.Model.Invitations;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>Blueprints that are applied by themselves, minute by minute and hour by hour.</summary>
public class KeepBlueprintsTests
{
    private const string Group = "version: 1\nentries:\n  - {model: authentik_core.group, identifiers: {name: team}}\n";
    private const string Carol = "version: 1\nentries:\n  - {model: authentik_core.user, identifiers: {username: carol}, attrs: {name: Carol}}\n";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_that_fails_holds_up_no_other_and_is_tried_again_with_the_next_hour()
    {
        await using var host = await ApiHost.StartAsync(s => s.AddScoped<Gatehouse.Management.AuthentikV3.Groups>(_ => throw new InvalidOperationException("broken")));
        var keeper = Keeper(host);
        var (first, second) = (await KeepAsync(host, "a", Group), await KeepAsync(host, "b", Carol));

        Assert.Equal((2, 0), (await keeper.RunAsync(Stop), await keeper.RunAsync(Stop)));

        Assert.Equal(("error", "successful"), (await StatusAsync(host, first), await StatusAsync(host, second)));
        host.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal((2, 0), (await keeper.RunAsync(Stop), await keeper.RunAsync(Stop)));
    }

    [Fact]
    public async Task A_file_that_can_not_be_read_is_passed_over()
    {
        await WithFolderAsync(async (host, folder) =>
        {
            var keeper = Keeper(host);
            await File.WriteAllTextAsync(Path.Combine(folder, "a.yaml"), Group, Stop);
            await File.WriteAllTextAsync(Path.Combine(folder, "b.yaml"), Carol, Stop);
            File.CreateSymbolicLink(Path.Combine(folder, "gone.yaml"), "/nowhere.yaml");
            Directory.CreateSymbolicLink(Path.Combine(folder, "loop"), ".");
            await using (new FileStream(Path.Combine(folder, "a.yaml"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            {
                Assert.Equal((1, 0), (await keeper.RunAsync(Stop), await keeper.RunAsync(Stop)));
                var available = (await host.AuthentikAsync("GET", "/managed/blueprints/available/")).Expect(200);
                Assert.Equal(("b.yaml", 1), (available.Text("0.path"), available.Body!.AsArray().Count));
            }

            Assert.Equal((1, 0), (await keeper.RunAsync(Stop), await keeper.RunAsync(Stop)));
            host.Clock.Advance(TimeSpan.FromHours(1));
            await using (new FileStream(Path.Combine(folder, "a.yaml"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            {
                Assert.Equal((1, 0), (await keeper.RunAsync(Stop), await keeper.RunAsync(Stop)));
            }
        });
    }

    [Fact]
    public async Task A_file_that_is_no_blueprint_any_more_is_told_once()
    {
        await WithFolderAsync(async (host, folder) =>
        {
            var file = Path.Combine(folder, "a.yaml");
            await File.WriteAllTextAsync(file, Carol, Stop);
            Assert.Equal(1, await Keeper(host).RunAsync(Stop));

            await File.WriteAllTextAsync(file, "entries: [", Stop);

            Assert.Equal((1, 0), (await Keeper(host).RunAsync(Stop), await Keeper(host).RunAsync(Stop)));
            Assert.Equal("error", (await host.AuthentikAsync("GET", "/managed/blueprints/")).Text("results.0.status"));
        });
    }

    [Fact]
    public async Task A_name_that_no_database_keeps_is_none()
    {
        await WithFolderAsync(async (host, folder) =>
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "a.yaml"), "metadata: {name: \"a\\0b\"}\n" + Carol, Stop);

            Assert.Equal(1, await Keeper(host).RunAsync(Stop));

            Assert.Equal("a.yaml", (await host.AuthentikAsync("GET", "/managed/blueprints/")).Text("results.0.name"));
        });
    }

    [Fact]
    public void A_new_file_is_found_behind_any_number_of_known_ones()
    {
        var data = Directory.CreateTempSubdirectory("gatehouse-blueprints-");
        try
        {
            var folder = data.CreateSubdirectory("blueprints").FullName;
            for (var i = 0; i <= 500; i++)
            {
                File.WriteAllText(Path.Combine(folder, $"{i:000}.yaml"), Carol);
            }

            var found = new BlueprintFiles([new StoreOptions { DataFolder = data.FullName }]).All(name => name == "500.yaml");

            Assert.Equal("500.yaml", Assert.Single(found).Path);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task An_invitation_is_made_by_a_person_and_kept_from_then_on()
    {
        await using var host = await ApiHost.StartAsync();
        var path = await KeepAsync(host, "a", "version: 1\nentries:\n  - {model: authentik_stages_invitation.invitation, identifiers: {name: for-carol}, attrs: {single_use: true}}\n");

        Assert.Equal((1, 0), (await Keeper(host).RunAsync(Stop), await Keeper(host).RunAsync(Stop)));
        Assert.Equal("error", await StatusAsync(host, path));
        await using (var scope = host.Services.CreateAsyncScope())
        {
            var nobodys = await scope.ServiceProvider.GetRequiredService<SaveInvitation>().CreateAsync(new InvitationFields { Name = "x" }, 0, Stop);
            Assert.Equal("created_by", Assert.Single(Assert.IsType<WriteResult<Invitation>.Refused>(nobodys).Faults).Field);
        }

        Assert.Equal("successful", (await host.AuthentikAsync("POST", path + "apply/", new JsonObject())).Expect(200).Text("status"));
        host.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, await Keeper(host).RunAsync(Stop));
        Assert.Equal("successful", await StatusAsync(host, path));
        Assert.Equal("akadmin", (await host.AuthentikAsync("GET", "/stages/invitation/invitations/")).Text("results.0.created_by.username"));
    }

    [Fact]
    public async Task Passwords_are_set_again_only_when_text_or_context_changed_or_a_person_says_so()
    {
        await using var host = await ApiHost.StartAsync();
        var text = $$"""
            version: 1
            entries:
              - model: authentik_core.user
                identifiers: {username: eve}
                attrs: {name: Eve, password: "eve has a long password"}
              - model: authentik_core.user
                identifiers: {username: hal}
                attrs: {name: Hal, password_hash: "{{OfDjango("hal has a long password")}}"}

            """;
        var path = await KeepAsync(host, "a", text);
        Assert.Equal(1, await Keeper(host).RunAsync(Stop));
        Assert.Equal("successful", await StatusAsync(host, path));

        await ExpectAsync(isSet: false, () => Task.CompletedTask);
        await ExpectAsync(isSet: true, async () => (await host.AuthentikAsync("PATCH", path, new JsonObject { ["content"] = text + "# another text\n" })).Expect(200));
        await ExpectAsync(isSet: true, async () => (await host.AuthentikAsync("PATCH", path, new JsonObject { ["context"] = new JsonObject { ["a"] = 1 } })).Expect(200));
        await ExpectAsync(isSet: false, async () => (await host.AuthentikAsync("PATCH", path, new JsonObject { ["context"] = new JsonObject { ["a"] = 1 } })).Expect(200));
        await ExpectAsync(isSet: true, async () => (await host.AuthentikAsync("POST", path + "apply/", new JsonObject())).Expect(200));

        // Others than the blueprint says: hal's hash was renewed when he signed in, eve took another password.
        async Task ExpectAsync(bool isSet, Func<Task> happens)
        {
            await using var db = host.Open();
            foreach (var (name, password) in new[] { ("eve", "eve has another password"), ("hal", "hal has a long password") })
            {
                var hash = PasswordHash.Make(password);
                await db.Users.Where(u => u.Username == name).ExecuteUpdateAsync(u => u.SetProperty(x => x.PasswordHash, hash), Stop);
            }

            var (before, events) = (await HashesAsync(db), await SetsAsync(db));
            await happens();
            host.Clock.Advance(TimeSpan.FromHours(1));
            Assert.Equal(1, await Keeper(host).RunAsync(Stop));
            Assert.Equal("successful", await StatusAsync(host, path));

            var after = await HashesAsync(db);
            Assert.Equal((isSet, isSet), (before[0] != after[0], before[1] != after[1]));
            Assert.Equal(isSet ? 2 : 0, await SetsAsync(db) - events);
        }

        static Task<List<string?>> HashesAsync(GatehouseDb db) => db.Users.Where(u => u.Username == "eve" || u.Username == "hal").OrderBy(u => u.Username).Select(u => u.PasswordHash).ToListAsync(Stop);

        static Task<int> SetsAsync(GatehouseDb db) => db.Events.CountAsync(e => e.Action == EventActions.PasswordSet, Stop);
    }

    [Fact]
    public async Task What_is_so_already_makes_no_table_old()
    {
        await using var host = await ApiHost.StartAsync();
        await KeepAsync(host, "a", Carol);
        Assert.Equal(1, await Keeper(host).RunAsync(Stop));
        await using var db = host.Open();
        var before = await db.Revisions.AsNoTracking().SumAsync(r => r.Value, Stop);

        host.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal((1, 0), (await Keeper(host).RunAsync(Stop), await Keeper(host).RunAsync(Stop)));

        Assert.Equal(before, await db.Revisions.AsNoTracking().SumAsync(r => r.Value, Stop));
        Assert.Equal(host.Clock.GetUtcNow(), (await db.Blueprints.AsNoTracking().SingleAsync(Stop)).LastAppliedAt);
    }

    [Fact]
    public async Task The_life_of_an_api_token_is_not_renewed_by_the_hour()
    {
        await using var host = await ApiHost.StartAsync();
        await KeepAsync(host, "a", $$"""
            version: 1
            entries:
              - model: authentik_core.token
                identifiers: {identifier: robot}
                attrs: {intent: api, user: {{host.AdminId}}, expires: "2099-01-01T00:00:00Z"}

            """);
        Assert.Equal(1, await Keeper(host).RunAsync(Stop));
        var end = (await host.AuthentikAsync("GET", "/core/tokens/robot/")).Expect(200).Text("expires");

        host.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, await Keeper(host).RunAsync(Stop));

        Assert.Equal(end, (await host.AuthentikAsync("GET", "/core/tokens/robot/")).Expect(200).Text("expires"));
        (await host.AuthentikAsync("PATCH", "/core/tokens/robot/", new JsonObject { ["expiring"] = false })).Expect(200);
        var renewed = (await host.AuthentikAsync("PATCH", "/core/tokens/robot/", new JsonObject { ["expiring"] = true })).Expect(200).Text("expires");
        Assert.True(string.CompareOrdinal(renewed, end) > 0, renewed);
    }

    [Fact]
    public async Task What_was_switched_off_in_the_meantime_is_left_alone()
    {
        await using var host = await ApiHost.StartAsync();
        var path = await KeepAsync(host, "a", Carol);
        (await host.AuthentikAsync("PATCH", path, new JsonObject { ["enabled"] = false })).Expect(200);
        await using var scope = host.Services.CreateAsyncScope();
        var itself = new ApiCaller(new EventActor(0, "", ""), true, Guid.Empty, null);

        var result = await scope.ServiceProvider.GetRequiredService<SaveBlueprint>().RunAsync(Guid.Parse(path.Split('/')[^2]), itself, Stop);

        Assert.IsType<WriteResult<BlueprintInstance>.Missing>(result);
        Assert.Equal("0", (await host.AuthentikAsync("GET", "/core/users/?username=carol")).Text("pagination.count"));
    }

    [Theory]
    [InlineData("!ParseJSON '{\"x\": 1, \"x\": 2}'")]
    [InlineData("!ParseJSON '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]'")]
    [InlineData("\"a\\0b\"")]
    public async Task What_the_api_would_not_read_is_a_fault_of_the_blueprint(string value)
    {
        await using var host = await ApiHost.StartAsync();
        var text = $"version: 1\nentries:\n  - {{model: authentik_core.group, identifiers: {{name: g}}, attrs: {{attributes: {{a: {value}}}}}}}\n";
        var path = await KeepAsync(host, "a", text);

        var reply = (await ImportAsync(host, ("file", text))).Expect(200);

        Assert.Equal("false", reply.Text("success"));
        Assert.Equal("error", (await host.AuthentikAsync("POST", path + "apply/", new JsonObject())).Expect(200).Text("status"));
    }

    [Fact]
    public async Task Values_that_stand_twice_and_impossible_paths_are_refused()
    {
        await using var host = await ApiHost.StartAsync(s => s.AddSingleton(new StoreOptions { DataFolder = Path.GetTempPath() }));

        (await ImportAsync(host, ("file", Carol), ("context", """{"a": 1, "a": 2}"""))).Expect(400);
        (await ImportAsync(host, ("path", "a\0b.yaml"))).Expect(400);
    }

    private static KeepBlueprints Keeper(ApiHost host) => host.Services.GetRequiredService<KeepBlueprints>();

    private static async Task<string> KeepAsync(ApiHost host, string name, string text) =>
        $"/managed/blueprints/{(await host.AuthentikAsync("POST", "/managed/blueprints/", new JsonObject { ["name"] = name, ["content"] = text })).Expect(201).Text("pk")}/";

    private static async Task<string?> StatusAsync(ApiHost host, string path) => (await host.AuthentikAsync("GET", path)).Expect(200).Text("status");

    private static async Task<ApiReply> ImportAsync(ApiHost host, params (string Name, string Value)[] fields)
    {
        using var form = new MultipartFormDataContent();
        foreach (var (name, value) in fields)
        {
            if (name == "file")
            {
                form.Add(new StringContent(value), name, "blueprint.yaml");
            }
            else
            {
                form.Add(new StringContent(value), name);
            }
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v3/managed/blueprints/import/") { Content = form };
        request.Headers.Authorization = new("Bearer", ApiHost.AdminKey);
        using var response = await host.Client.SendAsync(request, Stop);
        return await ApiReply.ReadAsync(response);
    }

    private static async Task WithFolderAsync(Func<ApiHost, string, Task> test)
    {
        var data = Directory.CreateTempSubdirectory("gatehouse-blueprints-");
        try
        {
            await using var host = await ApiHost.StartAsync(s => s.AddSingleton(new StoreOptions { DataFolder = data.FullName }));
            await test(host, data.CreateSubdirectory("blueprints").FullName);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    // As Django writes it: renewed at the first sign-in.
    private static string OfDjango(string password) =>
        $"pbkdf2_sha256$1000$saltsalt${Convert.ToBase64String(Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), "saltsalt"u8, 1000, HashAlgorithmName.SHA256, 32))}";
}
