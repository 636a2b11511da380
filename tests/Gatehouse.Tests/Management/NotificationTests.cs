using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Management.Notifications;
using Gatehouse.Model.Events;
using Gatehouse.Model.Mail;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Management;

/// <summary>Rules, transports and the outbox (contract §5.2).</summary>
public class NotificationTests
{
    internal const string Failures = """{"name":"failures","action":"login_failed"}""";

    [Fact]
    public async Task Check22_a_rule_with_a_matcher_sends_one_webhook_for_an_event_that_matches()
    {
        await using var receiver = new Receiver();
        await using var host = await StartAsync(local: true);
        var rule = await RuleAsync(host, "webhook", receiver.Url);
        await BindAsync(host, rule, Failures);

        await FailAsync(host);
        await host.Services.GetRequiredService<IEventLog>().WriteAsync(new NewEvent("login", null, null, []), Stop);
        await DrainAsync(host);
        await DrainAsync(host);

        var told = Assert.Single(receiver.Bodies);
        Assert.Equal(["body", "severity", "user_email", "user_username", "event_user_email", "event_user_username"], told.Select(p => p.Key));
        Assert.Equal(("alert", "akadmin", "bob"), (told["severity"]!.GetValue<string>(), told["user_username"]!.GetValue<string>(), told["event_user_username"]!.GetValue<string>()));
        Assert.Equal(0, await CountAsync(host));
    }

    [Fact]
    public async Task Without_a_binding_and_with_one_whose_policy_was_deleted_a_rule_never_fires()
    {
        await using var receiver = new Receiver();
        await using var host = await StartAsync(local: true);
        await RuleAsync(host, "webhook", receiver.Url);
        await FailAsync(host);
        await DrainAsync(host);

        var policy = await BindAsync(host, await RuleAsync(host, "webhook", receiver.Url, "second"), Failures);
        (await host.AuthentikAsync("DELETE", $"/policies/event_matcher/{policy}/")).Expect(204);
        await FailAsync(host);
        await DrainAsync(host);

        Assert.Empty(receiver.Bodies);
    }

    [Theory]
    [InlineData("""return context["event"]["action"] == "login_failed" and context["event"]["context"]["username"] == "bob" """, 1)]
    [InlineData("""return user.username == "bob" and context["event"]["client_ip"] == "192.0.2.7" """, 1)]
    [InlineData("""return context["event"]["user"]["username"] == "mallory" """, 0)]
    [InlineData("""return context["nothing"]""", 0)]
    public async Task An_expression_sees_the_event_and_whoever_caused_it(string expression, int expected)
    {
        await using var receiver = new Receiver();
        await using var host = await StartAsync(local: true);
        await BindAsync(host, await RuleAsync(host, "webhook", receiver.Url), new JsonObject { ["name"] = "expression", ["expression"] = expression }.ToJsonString(), "expression");

        await FailAsync(host);
        await DrainAsync(host);

        Assert.Equal(expected, receiver.Bodies.Count);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 3)]
    public async Task Of_several_admins_one_is_told_where_the_transport_sends_once_and_else_each(bool sendsOnce, int expected)
    {
        await using var receiver = new Receiver();
        await using var host = await StartAsync(local: true);
        var rule = await RuleAsync(host, "webhook", receiver.Url);
        await BindAsync(host, rule, Failures);
        await BindAsync(host, rule, """{"name":"the same again","action":"login_failed"}""", order: 1);
        var transport = (await host.AuthentikAsync("GET", "/events/transports/")).Text("results.0.pk");
        (await host.AuthentikAsync("PATCH", $"/events/transports/{transport}/", new JsonObject { ["send_once"] = sendsOnce })).Expect(200);
        var admins = (await host.AuthentikAsync("GET", "/core/groups/?name=authentik%20Admins")).Text("results.0.pk");
        foreach (var name in (string[])["second", "third"])
        {
            var user = (await host.AuthentikAsync("POST", "/core/users/", new JsonObject { ["username"] = name, ["name"] = name })).Expect(201).Body!["pk"]!.GetValue<int>();
            (await host.AuthentikAsync("POST", $"/core/groups/{admins}/add_user/", new JsonObject { ["pk"] = user })).Expect(204);
        }

        await FailAsync(host);
        await Task.WhenAll(DrainAsync(host), DrainAsync(host));
        await DrainAsync(host);

        Assert.Equal(expected, receiver.Bodies.Count);
        Assert.Equal(0, await CountAsync(host));
    }

    [Fact]
    public async Task A_webhook_that_fails_is_tried_again_later_and_at_last_given_up_with_an_event()
    {
        await using var receiver = new Receiver { Status = 500 };
        await using var host = await StartAsync(local: true);
        await BindAsync(host, await RuleAsync(host, "webhook", receiver.Url), Failures);
        await FailAsync(host);

        await DrainAsync(host);
        await DrainAsync(host);
        Assert.Single(receiver.Bodies);
        for (var n = 1; n < DeliverNotifications.MostAttempts; n++)
        {
            host.Clock.Advance(TimeSpan.FromHours(1));
            await DrainAsync(host);
        }

        Assert.Equal(DeliverNotifications.MostAttempts, receiver.Bodies.Count);
        Assert.Equal(0, await CountAsync(host));
        Assert.Equal("1", (await host.AuthentikAsync("GET", "/events/events/?action=system_task_exception")).Text("pagination.count"));
    }

    [Fact]
    public async Task What_a_process_took_and_did_not_finish_comes_back()
    {
        await using var receiver = new Receiver();
        await using var host = await StartAsync(local: true);
        await BindAsync(host, await RuleAsync(host, "webhook", receiver.Url), Failures);
        await FailAsync(host);
        await host.Services.GetRequiredService<JudgeEvents>().RunAsync(Stop);
        await using (var db = host.Open())
        {
            // As a node leaves it that was killed while it sent.
            var lease = host.Clock.GetUtcNow().AddMinutes(2);
            await db.NotificationDeliveries.ExecuteUpdateAsync(d => d.SetProperty(x => x.DueAt, lease).SetProperty(x => x.Attempts, 1), Stop);
        }

        await DrainAsync(host);
        Assert.Empty(receiver.Bodies);
        host.Clock.Advance(TimeSpan.FromMinutes(3));
        await DrainAsync(host);

        Assert.Single(receiver.Bodies);
    }

    [Theory]
    [InlineData("http://127.0.0.1:{0}/")]
    [InlineData("http://127.1:{0}/")]
    [InlineData("http://0x7f.1:{0}/")]
    [InlineData("http://2130706433:{0}/")]
    [InlineData("http://localhost:{0}/")]
    [InlineData("http://localhost.:{0}/")]
    [InlineData("http://x.localhost:{0}/")]
    [InlineData("http://[::1]:{0}/")]
    [InlineData("http://[::ffff:7f00:1]:{0}/")]
    [InlineData("http://[::127.0.0.1]:{0}/")]
    [InlineData("http://[64:ff9b::7f00:1]:{0}/")]
    [InlineData("http://0.0.0.0:{0}/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://[fe80::1]/")]
    public async Task X01_a_webhook_can_not_reach_this_machine(string url)
    {
        await using var receiver = new Receiver();
        await using var host = await StartAsync(local: false);
        var transport = await TransportAsync(host, "webhook", string.Format(System.Globalization.CultureInfo.InvariantCulture, url, receiver.Port));

        (await host.AuthentikAsync("POST", $"/events/transports/{transport}/test/", new JsonObject())).Expect(500);

        Assert.Empty(receiver.Bodies);
    }

    [Fact]
    public async Task X02_a_redirect_is_not_followed()
    {
        await using var receiver = new Receiver();
        await using var first = new Receiver { Status = 307, Location = receiver.Url };
        await using var host = await StartAsync(local: true);

        (await host.AuthentikAsync("POST", $"/events/transports/{await TransportAsync(host, "webhook", first.Url)}/test/", new JsonObject())).Expect(500);

        Assert.Single(first.Bodies);
        Assert.Empty(receiver.Bodies);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://x/")]
    [InlineData("https://user:secret@example.com/")]
    [InlineData("")]
    public async Task A_url_that_is_no_web_address_is_refused(string url)
    {
        await using var host = await StartAsync(local: false);

        var reply = await host.AuthentikAsync("POST", "/events/transports/", new JsonObject { ["name"] = "x", ["mode"] = "webhook", ["webhook_url"] = url });

        Assert.NotNull(reply.Expect(400).Body!["webhook_url"]);
    }

    [Fact]
    public async Task Local_notifications_are_kept_once_and_are_their_persons_own()
    {
        await using var host = await StartAsync(local: false);
        await BindAsync(host, await RuleAsync(host, "local", null), Failures);
        await FailAsync(host);
        await DrainAsync(host);

        var mine = (await host.AuthentikAsync("GET", "/events/notifications/")).Expect(200);
        Assert.Equal("1", mine.Text("pagination.count"));
        Assert.Equal(("alert", "false", "login_failed"), (mine.Text("results.0.severity"), mine.Text("results.0.seen"), mine.Text("results.0.event.action")));
        var id = mine.Text("results.0.pk");
        Assert.Equal("0", (await host.AuthentikAsync("GET", "/events/notifications/", key: ApiHost.UserKey)).Text("pagination.count"));
        (await host.AuthentikAsync("GET", $"/events/notifications/{id}/", key: ApiHost.UserKey)).Expect(404);
        (await host.AuthentikAsync("PATCH", $"/events/notifications/{id}/", new JsonObject { ["seen"] = true }, ApiHost.UserKey)).Expect(404);
        (await host.AuthentikAsync("POST", "/events/notifications/mark_all_seen/", new JsonObject())).Expect(204);
        Assert.Equal("true", (await host.AuthentikAsync("GET", $"/events/notifications/{id}/")).Text("seen"));
        (await host.AuthentikAsync("DELETE", $"/events/notifications/{id}/")).Expect(204);
    }

    [Fact]
    public async Task X04_mail_holds_no_markup_of_strangers_and_no_second_header()
    {
        await using var host = await StartAsync(local: false);
        await BindAsync(host, await RuleAsync(host, "email", null), Failures);
        await host.Services.GetRequiredService<IEventLog>().WriteAsync(
            new NewEvent("login_failed", null, "192.0.2.7", new JsonObject { ["username"] = "<img src=x onerror=alert(1)>\r\nBcc: evil@example.com" }), Stop);
        await DrainAsync(host);

        var mail = Assert.Single(host.Services.GetRequiredService<Mails>().Sent);
        Assert.Equal("akadmin@example.com", mail.To);
        Assert.DoesNotContain("<img", mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', mail.Subject);
    }

    [Fact]
    public async Task Slack_gets_an_attachment_with_fields()
    {
        await using var receiver = new Receiver();
        await using var host = await StartAsync(local: true);

        (await host.AuthentikAsync("POST", $"/events/transports/{await TransportAsync(host, "webhook_slack", receiver.Url)}/test/", new JsonObject())).Expect(200);

        var attachment = Assert.Single(receiver.Bodies)["attachments"]![0]!;
        Assert.Equal("#fd4b2d", attachment["color"]!.GetValue<string>());
        Assert.NotEmpty(attachment["fields"]!.AsArray());
    }

    [Fact]
    public async Task A03_the_url_of_a_webhook_is_sealed_and_in_no_event()
    {
        await using var host = await StartAsync(local: false);
        await TransportAsync(host, "webhook_slack", "https://hooks.example.com/services/T000/B000/XXXX");

        await using var db = host.Open();
        var row = await db.NotificationTransports.SingleAsync(Stop);
        Assert.DoesNotContain("XXXX", Encoding.Latin1.GetString(row.SealedUrl), StringComparison.Ordinal);
        Assert.DoesNotContain("XXXX", (await host.AuthentikAsync("GET", "/events/events/")).Body!.ToJsonString(), StringComparison.Ordinal);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    internal static Task<ApiHost> StartAsync(bool local) => ApiHost.StartAsync(services => services
        .AddSingleton(new NotificationOptions { AllowsLocalTargets = local })
        .AddSingleton<Mails>().AddSingleton<IMailSender>(s => s.GetRequiredService<Mails>()));

    internal static Task DrainAsync(ApiHost host) => host.Services.GetRequiredService<Notifier>().DrainAsync(Stop);

    internal static Task FailAsync(ApiHost host) => host.Services.GetRequiredService<IEventLog>().WriteAsync(
        new NewEvent("login_failed", new EventActor(host.UserId, "bob", "bob@example.com"), "192.0.2.7", new JsonObject { ["username"] = "bob" }), Stop);

    internal static async Task<int> CountAsync(ApiHost host)
    {
        await using var db = host.Open();
        return await db.NotificationDeliveries.CountAsync(Stop);
    }

    private static async Task<string> TransportAsync(ApiHost host, string mode, string? url, string name = "transport") =>
        (await host.AuthentikAsync("POST", "/events/transports/", new JsonObject { ["name"] = name, ["mode"] = mode, ["webhook_url"] = url ?? "" })).Expect(201).Text("pk")!;

    internal static async Task<Guid> RuleAsync(ApiHost host, string mode, string? url, string name = "rule")
    {
        var admins = (await host.AuthentikAsync("GET", "/core/groups/?name=authentik%20Admins")).Text("results.0.pk");
        var transport = await TransportAsync(host, mode, url, name + "'s transport");
        return Guid.Parse((await host.AuthentikAsync("POST", "/events/rules/", new JsonObject
        {
            ["name"] = name,
            ["transports"] = new JsonArray(transport),
            ["severity"] = "alert",
            ["destination_group"] = admins,
        })).Expect(201).Text("pk")!);
    }

    internal static async Task<string> BindAsync(ApiHost host, Guid rule, string policy, string kind = "event_matcher", int order = 0)
    {
        var made = (await host.AuthentikAsync("POST", $"/policies/{kind}/", JsonNode.Parse(policy))).Expect(201).Text("pk")!;
        (await host.AuthentikAsync("POST", "/policies/bindings/", new JsonObject { ["target"] = rule, ["policy"] = made, ["order"] = order })).Expect(201);
        return made;
    }

    internal sealed class Mails : IMailSender
    {
        public bool IsSetUp { get; set; } = true;

        public List<Mail> Sent { get; } = [];

        public Task<MailResult> SendAsync(Mail mail, CancellationToken cancellationToken)
        {
            Sent.Add(mail);
            return Task.FromResult<MailResult>(new MailResult.Sent());
        }
    }

    internal sealed class Receiver : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.IPv6Any, 0) { Server = { DualMode = true } };
        private readonly Task loop;

        public Receiver()
        {
            listener.Start();
            loop = RunAsync();
        }

        public int Status { get; init; } = 200;

        public string? Location { get; init; }

        public List<JsonObject> Bodies { get; } = [];

        /// <summary>Request line and headers of each.</summary>
        public List<string> Heads { get; } = [];

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public string Url => $"http://127.0.0.1:{Port}/hook";

        public async ValueTask DisposeAsync()
        {
            listener.Dispose();
            await loop;
        }

        private async Task RunAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync();
                    await AnswerAsync(client.GetStream());
                }
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException or IOException)
            {
                // Stopped.
            }
        }

        private async Task AnswerAsync(NetworkStream stream)
        {
            var text = new StringBuilder();
            var buffer = new byte[8192];
            for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
            {
                text.Append(Encoding.UTF8.GetString(buffer, 0, read));
                var end = text.ToString().IndexOf("\r\n\r\n", StringComparison.Ordinal);
                if (end >= 0 && JsonOf(text.ToString()[(end + 4)..]) is { } body)
                {
                    Heads.Add(text.ToString()[..end]);
                    Bodies.Add(body);
                    break;
                }
            }

            var location = Location is null ? "" : $"Location: {Location}\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {Status} X\r\n{location}Content-Length: 0\r\nConnection: close\r\n\r\n"));
        }

        private static JsonObject? JsonOf(string text)
        {
            try
            {
                return text.Length == 0 ? null : JsonNode.Parse(text) as JsonObject;
            }
            catch (System.Text.Json.JsonException)
            {
                return null; // not all of it yet
            }
        }
    }
}
