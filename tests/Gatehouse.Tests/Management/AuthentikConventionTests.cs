using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Gatehouse.Tests.Management;

/// <summary>What holds for every route of authentik's API (contract §4.1).</summary>
public class AuthentikConventionTests
{
    [Fact]
    public async Task Refusals_have_the_status_and_the_words_clients_know()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal("Authentication credentials were not provided.", (await host.AuthentikAsync("GET", "/core/users/", key: null)).Expect(403).Text("detail"));
        Assert.Equal("Token invalid/expired", (await host.AuthentikAsync("GET", "/core/users/", key: "nope")).Expect(403).Text("detail"));
        Assert.Equal("No User matches the given query.", (await host.AuthentikAsync("GET", "/core/users/999/")).Expect(404).Text("detail"));
        Assert.Equal("No User matches the given query.", (await host.AuthentikAsync("GET", "/core/users/99999999999999999999/")).Expect(404).Text("detail"));
        Assert.Equal("No Group matches the given query.", (await host.AuthentikAsync("GET", "/core/groups/x/")).Expect(404).Text("detail"));
        Assert.Contains("\"PUT\" not allowed", (await host.AuthentikAsync("PUT", "/core/users/")).Expect(405).Text("detail"), StringComparison.Ordinal);
        (await host.AuthentikAsync("PUT", "/core/users/", key: null)).Expect(403);
        (await host.AuthentikAsync("GET", "/core/users")).Expect(404);
        (await host.AuthentikAsync("GET", "/nothing/here/")).Expect(404);
    }

    [Fact]
    public async Task Every_answer_names_its_request_and_is_not_kept()
    {
        await using var host = await ApiHost.StartAsync();

        var reply = (await host.AuthentikAsync("GET", "/root/config/", key: null)).Expect(200);

        Assert.Matches("^[0-9a-f]{32}$", reply.Headers.GetValues("X-authentik-id").Single());
        Assert.Equal("no-store", reply.Headers.GetValues("Cache-Control").Single());
        Assert.IsType<JsonArray>(reply.Body!["capabilities"]);
    }

    [Fact]
    public async Task Bytes_that_are_not_utf8_are_refused()
    {
        await using var host = await ApiHost.StartAsync();
        using var content = new ByteArrayContent([.. "{\"username\":\"a"u8, 0xff, .. "\",\"name\":\"\"}"u8]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v3/core/users/") { Content = content };
        request.Headers.Authorization = new("Bearer", ApiHost.AdminKey);

        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task N06_a_body_over_one_mebibyte_is_refused_with_and_without_a_declared_length()
    {
        await using var host = await ApiHost.StartAsync();
        var large = "{\"username\":\"a\",\"name\":\"" + new string('x', 1024 * 1024) + "\"}";

        (await host.SendAsync("POST", "/api/v3/core/users/", large, ApiHost.AdminKey)).Expect(413);

        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v3/core/users/") { Content = new StringContent(large, Encoding.UTF8, "application/json") };
        request.Headers.TransferEncodingChunked = true;
        request.Headers.Authorization = new("Bearer", ApiHost.AdminKey);
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Lists_come_in_pages()
    {
        await using var host = await ApiHost.StartAsync();
        for (var i = 0; i < 23; i++)
        {
            (await host.AuthentikAsync("POST", "/core/users/", new JsonObject { ["username"] = $"user{i:00}", ["name"] = "" })).Expect(201);
        }

        var last = (await host.AuthentikAsync("GET", "/core/users/?page=3&page_size=10&ordering=-username")).Expect(200);

        Assert.Equal("""{"next":0,"previous":2,"count":25,"current":3,"total_pages":3,"start_index":21,"end_index":25}""", last.Text("pagination"));
        Assert.Equal(["user02", "user01", "user00", "bob", "akadmin"], last.Body!["results"]!.AsArray().Select(u => u!["username"]!.GetValue<string>()));
        Assert.Equal("{}", last.Text("autocomplete"));
        Assert.Equal("Invalid page.", (await host.AuthentikAsync("GET", "/core/users/?page=99")).Expect(404).Text("detail"));
        (await host.AuthentikAsync("GET", "/core/users/?page=0")).Expect(404);
        (await host.AuthentikAsync("GET", "/core/users/?page=2147483647&page_size=100")).Expect(404);
        Assert.Equal("20", (await host.AuthentikAsync("GET", "/core/users/")).Text("pagination.end_index"));
        Assert.Equal(
            """{"next":0,"previous":0,"count":0,"current":1,"total_pages":1,"start_index":0,"end_index":0}""",
            (await host.AuthentikAsync("GET", "/core/users/?username=none")).Expect(200).Text("pagination"));
    }
}
