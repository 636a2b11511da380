using System.Text.Json.Nodes;
using Gatehouse.Tests.Fakes;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary>/stages/invitation/invitations/&lt;id&gt;/send_email/: the link of an invitation, sent.</summary>
public class InvitationMailTests
{
    private const string Root = "/stages/invitation/invitations/";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Everybody_gets_a_message_of_their_own_with_the_link(DatabaseKind kind)
    {
        await using var host = await ApiHost.StartAsync(kind);
        var id = await InviteAsync(host, new JsonObject { ["single_use"] = true, ["expires"] = "2090-01-02T03:04:05.000Z" });

        (await SendAsync(host, id, new JsonObject
        {
            ["email_addresses"] = new JsonArray("Carol@Example.com", "dave@example.com", "carol@example.com"),
            ["cc_addresses"] = new JsonArray("erin@example.com"),
            ["bcc_addresses"] = new JsonArray("frank@example.com"),
            ["template"] = "invitation",
        })).Expect(204);

        Assert.Equal(["carol@example.com", "dave@example.com", "erin@example.com", "frank@example.com"], host.Mail.Sent.Select(m => m.To));
        var link = $"{ApiHost.Urls.Identity}/if/flow/default-provider-authorization-implicit-consent/?itoken={id}";
        Assert.All(host.Mail.Sent, m =>
        {
            Assert.Contains(link, m.Text, StringComparison.Ordinal);
            Assert.Contains($"href=\"{link}\"", m.Html, StringComparison.Ordinal);
            Assert.Contains("works once, until 2090-01-02 03:04 UTC.", m.Text, StringComparison.Ordinal);
            Assert.Null(m.Server); // the operator's
        });
        Assert.DoesNotContain("dave", host.Mail.Sent.First().Text, StringComparison.Ordinal);

        await using var db = host.Open();
        var told = await db.Events.Where(e => e.Action == "email_sent").ToListAsync(Stop);
        Assert.Equal(host.Mail.Sent.Select(m => ("join", m.To)), told.Select(e => JsonNode.Parse(e.ContextJson)!).Select(c => (c["invitation"]!.GetValue<string>(), c["to"]!.GetValue<string>())).Order());
        Assert.All(told, e => Assert.Equal(host.AdminId, e.UserId));
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task What_the_server_does_not_take_is_said_and_is_no_event(DatabaseKind kind)
    {
        await using var host = await ApiHost.StartAsync(kind);
        var id = await InviteAsync(host, []);
        host.Mail.Fault = "the server said 550";

        var reply = (await SendAsync(host, id, To("carol@example.com", "dave@example.com"))).Expect(400);

        Assert.Equal("The message to carol@example.com was not sent: the server said 550.", reply.Text("email_addresses.0"));
        Assert.Equal("0", (await host.AuthentikAsync("GET", "/events/events/?action=email_sent")).Text("pagination.count"));
        host.Mail.Fault = null;
        (await SendAsync(host, id, To("carol@example.com"))).Expect(204);
        Assert.Contains("The link works. Whoever has it can use it", Assert.Single(host.Mail.Sent).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_could_let_nobody_in_is_not_sent()
    {
        await using var host = await ApiHost.StartAsync();
        var old = await InviteAsync(host, new JsonObject { ["expires"] = "2001-01-01T00:00:00.000Z" });
        var lost = await InviteAsync(host, new JsonObject { ["flow"] = null });

        Assert.Contains("expired", (await SendAsync(host, old, To("a@example.com"))).Expect(400).Text("non_field_errors.0"), StringComparison.Ordinal);
        Assert.Contains("no flow", (await SendAsync(host, lost, To("a@example.com"))).Expect(400).Text("non_field_errors.0"), StringComparison.Ordinal);
        (await SendAsync(host, Guid.CreateVersion7().ToString(), To("a@example.com"))).Expect(404);
        (await SendAsync(host, "nonsense", To("a@example.com"))).Expect(404);
        Assert.Empty(host.Mail.Sent);
    }

    [Theory]
    [InlineData("""{}""", "email_addresses")]
    [InlineData("""{"email_addresses":[]}""", "email_addresses")]
    [InlineData("""{"email_addresses":"carol@example.com"}""", "email_addresses")]
    [InlineData("""{"email_addresses":[1]}""", "email_addresses")]
    [InlineData("""{"email_addresses":["carol"]}""", "email_addresses")]
    [InlineData("""{"email_addresses":["carol@example.com\r\nBcc: all@example.com"]}""", "email_addresses")]
    [InlineData("""{"email_addresses":["a@example.com"],"bcc_addresses":["b"]}""", "bcc_addresses")]
    [InlineData("""{"email_addresses":["a@example.com"],"template":"../../etc/passwd"}""", "template")]
    public async Task What_is_no_list_of_addresses_is_refused_under_its_field(string body, string field)
    {
        await using var host = await ApiHost.StartAsync();

        var reply = (await SendAsync(host, await InviteAsync(host, []), JsonNode.Parse(body)!.AsObject())).Expect(400);

        Assert.NotNull(reply.Body![field]);
        Assert.Empty(host.Mail.Sent);
    }

    [Fact]
    public async Task So_many_addresses_and_no_more()
    {
        await using var host = await ApiHost.StartAsync();
        var id = await InviteAsync(host, []);
        string[] many = [.. Enumerable.Range(0, 51).Select(n => $"user{n}@example.com")];

        (await SendAsync(host, id, To(many))).Expect(400);
        Assert.Empty(host.Mail.Sent);
        (await SendAsync(host, id, To(many[1..]))).Expect(204);
        Assert.Equal(50, host.Mail.Sent.Count);
    }

    private static JsonObject To(params string[] addresses) => new() { ["email_addresses"] = new JsonArray([.. addresses.Select(a => (JsonNode)a)]) };

    private static Task<ApiReply> SendAsync(ApiHost host, string id, JsonObject body) => host.AuthentikAsync("POST", $"{Root}{id}/send_email/", body);

    private static async Task<string> InviteAsync(ApiHost host, JsonObject more)
    {
        var body = new JsonObject { ["name"] = "join", ["flow"] = host.Flow.ToString() };
        foreach (var (name, value) in more)
        {
            body[name] = value?.DeepClone();
        }

        return (await host.AuthentikAsync("POST", Root, body)).Expect(201).Text("pk")!;
    }
}
