using System.Text;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary>Expressions that make what webhooks are sent (contract §5.2).</summary>
public class WebhookMappingTests
{
    private const string Path = "/propertymappings/notification/";

    private const string Body = """return {"text": f"{notification.severity}: {notification.event.action}", "who": notification.event.context["username"], "to": notification.user.username, "same": request.context["notification"].body == notification.body}""";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_transport_sends_the_body_and_the_headers_that_its_mappings_make()
    {
        await using var receiver = new NotificationTests.Receiver();
        await using var host = await NotificationTests.StartAsync(local: true);
        var rule = await NotificationTests.RuleAsync(host, "webhook", receiver.Url);
        await NotificationTests.BindAsync(host, rule, NotificationTests.Failures);
        var transport = (await host.AuthentikAsync("GET", "/events/transports/?name=rule%27s%20transport")).Text("results.0.pk")!;
        await SetAsync(host, transport, Body, """return {"Authorization": "Bearer key-of-theirs", "X-Event": notification.event.action, "Content-Type": "application/vnd.x+json"}""");

        await NotificationTests.FailAsync(host);
        await NotificationTests.DrainAsync(host);

        Assert.Equal("""{"text":"alert: login_failed","who":"bob","to":"akadmin","same":true}""", Assert.Single(receiver.Bodies).ToJsonString());
        var head = Assert.Single(receiver.Heads);
        Assert.Contains("\r\nAuthorization: Bearer key-of-theirs", head, StringComparison.Ordinal);
        Assert.Contains("\r\nX-Event: login_failed", head, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: application/vnd.x+json", head, StringComparison.Ordinal);
        Assert.Equal(0, await NotificationTests.CountAsync(host));
    }

    [Theory]
    [InlineData("return {'Host': 'elsewhere'}", "can't be set")]
    [InlineData("return {'content-length': '1'}", "can't be set")]
    [InlineData("return {'X A': 'b'}", "can't be set")]
    [InlineData("return {'X-A': 'b\\r\\nX-B: c'}", "printable ASCII")]
    [InlineData("return {'X-A': 1}", "printable ASCII")]
    [InlineData("return ['X-A']", "a dictionary")]
    [InlineData("return {'X-A': notification.event.context['nothing']}", "failed")]
    public async Task What_can_not_be_sent_is_not_and_the_test_says_why(string headers, string reason)
    {
        await using var receiver = new NotificationTests.Receiver();
        await using var host = await NotificationTests.StartAsync(local: true);
        var transport = (await host.AuthentikAsync("POST", "/events/transports/", new JsonObject { ["name"] = "t", ["mode"] = "webhook", ["webhook_url"] = receiver.Url })).Expect(201).Text("pk")!;
        await SetAsync(host, transport, "return {}", headers);

        var tried = await host.AuthentikAsync("POST", $"/events/transports/{transport}/test/", new JsonObject());

        Assert.Contains(reason, tried.Expect(500).Text("detail"), StringComparison.Ordinal);
        Assert.Empty(receiver.Bodies);
    }

    [Fact]
    public async Task Mappings_are_made_listed_changed_tried_and_taken_away()
    {
        await using var host = await NotificationTests.StartAsync(local: false);
        var transport = (await host.AuthentikAsync("POST", "/events/transports/", new JsonObject { ["name"] = "t", ["mode"] = "webhook", ["webhook_url"] = "https://hooks.example.com/" })).Expect(201).Text("pk")!;
        await SetAsync(host, transport, Body, "return {}");
        var id = (await host.AuthentikAsync("GET", Path + "?name=body")).Expect(200).Text("results.0.pk")!;

        Assert.NotNull((await host.AuthentikAsync("POST", Path, new JsonObject { ["name"] = "x", ["expression"] = "import os" })).Expect(400).Body!["expression"]);
        Assert.NotNull((await host.AuthentikAsync("POST", Path, new JsonObject { ["name"] = "x", ["expression"] = "return user.secret" })).Expect(400).Body!["expression"]);
        Assert.NotNull((await host.AuthentikAsync("POST", Path, new JsonObject { ["name"] = "body", ["expression"] = "return 1" })).Expect(400).Body!["name"]);
        Assert.NotNull((await host.AuthentikAsync("PATCH", $"/events/transports/{transport}/", new JsonObject { ["webhook_mapping_body"] = transport })).Expect(400).Body!["webhook_mapping_body"]);
        Assert.Equal(id, (await host.AuthentikAsync("GET", $"/events/transports/{transport}/")).Text("webhook_mapping_body"));
        Assert.Equal("notificationtransport", (await host.AuthentikAsync("GET", $"{Path}{id}/used_by/")).Expect(200).Text("0.model_name"));
        Assert.Equal("ak-property-mapping-notification-form", (await host.AuthentikAsync("GET", $"/propertymappings/all/{id}/")).Expect(200).Text("component"));
        var kinds = (await host.AuthentikAsync("GET", "/propertymappings/all/?page_size=100")).Expect(200).Body!["results"]!.AsArray().Select(m => m!["verbose_name"]!.GetValue<string>()).Distinct();
        Assert.Equal(["Scope Mapping", "Webhook Mapping"], kinds.Order(StringComparer.Ordinal));

        (await host.AuthentikAsync("PATCH", $"{Path}{id}/", new JsonObject { ["expression"] = "return [notification.severity, user.username]" })).Expect(200);
        var tried = (await host.AuthentikAsync("POST", $"/propertymappings/all/{id}/test/", new JsonObject { ["user"] = host.UserId })).Expect(200);
        Assert.Equal("""["notice","bob"]""", tried.Text("result"));
        (await host.AuthentikAsync("POST", $"/propertymappings/all/{id}/test/", new JsonObject { ["context"] = new JsonObject { ["a"] = 1 } })).Expect(400); // there is nothing that could see it
        (await host.AuthentikAsync("GET", Path, key: ApiHost.UserKey)).Expect(403);

        (await host.AuthentikAsync("DELETE", $"{Path}{id}/")).Expect(204);
        Assert.Null((await host.AuthentikAsync("GET", $"/events/transports/{transport}/")).Expect(200).Text("webhook_mapping_body"));
    }

    [Fact]
    public async Task A03_an_expression_is_sealed_and_in_no_event()
    {
        await using var host = await NotificationTests.StartAsync(local: false);
        (await host.AuthentikAsync("POST", Path, new JsonObject { ["name"] = "key", ["expression"] = "return {'Authorization': 'Bearer XXXX'}" })).Expect(201);

        await using var db = host.Open();
        Assert.DoesNotContain("XXXX", Encoding.Latin1.GetString((await db.WebhookMappings.SingleAsync(Stop)).SealedExpression), StringComparison.Ordinal);
        Assert.DoesNotContain("XXXX", (await host.AuthentikAsync("GET", "/events/events/")).Body!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blueprint_makes_a_mapping_with_its_transport()
    {
        await using var host = await NotificationTests.StartAsync(local: false);
        const string blueprint = """
            version: 1
            entries:
              - model: authentik_events.notificationwebhookmapping
                id: body
                identifiers: {name: from-blueprint}
                attrs: {expression: "return {'text': notification.body}"}
              - model: authentik_events.notificationtransport
                identifiers: {name: chat}
                attrs: {mode: webhook, webhook_url: "https://hooks.example.com/x", webhook_mapping_body: !KeyOf body}
            """;
        var kept = (await host.AuthentikAsync("POST", "/managed/blueprints/", new JsonObject { ["name"] = "b", ["content"] = blueprint })).Expect(201).Text("pk");
        (await host.AuthentikAsync("POST", $"/managed/blueprints/{kept}/apply/", new JsonObject())).Expect(200);

        var mapping = (await host.AuthentikAsync("GET", Path + "?name=from-blueprint")).Text("results.0.pk");
        Assert.NotNull(mapping);
        Assert.Equal(mapping, (await host.AuthentikAsync("GET", "/events/transports/?name=chat")).Text("results.0.webhook_mapping_body"));
    }

    private static async Task SetAsync(ApiHost host, string transport, string body, string headers)
    {
        var made = new JsonObject();
        foreach (var (name, expression) in new[] { ("body", body), ("headers", headers) })
        {
            made["webhook_mapping_" + name] = (await host.AuthentikAsync("POST", Path, new JsonObject { ["name"] = name, ["expression"] = expression })).Expect(201).Text("pk");
        }

        (await host.AuthentikAsync("PATCH", $"/events/transports/{transport}/", made)).Expect(200);
    }
}
