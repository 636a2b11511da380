using Gatehouse.Model.Dns;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Access.Gateway;
using Gatehouse.Tests.Fakes;
using Gatehouse.Tunnel.Wire;

namespace Gatehouse.Tests.Tunnel;

/// <summary>The gateway, the edge and a connector together: what of a connector's answer a browser gets to see.</summary>
public class TunnelledAnswerTests
{
    [Fact]
    public async Task T05_what_a_connector_may_not_say_does_not_reach_the_browser()
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("evil", null);
        await using var connector = await RawConnector.RegisterAsync(rig, credentials);
        await using var gateway = await GatewayHost.StartAsync(host =>
        {
            host.AddApp("public", "t.test", GatewayHost.Policy(PolicyAction.Bypass, new Rule.Everyone()));
            host.Tunnels.Add(rig.Tables.Current.Tunnels[credentials.TunnelId]);
            host.DnsRecords.Add(new DnsRecord { Id = Guid.CreateVersion7(), Name = "t.test", Type = "CNAME", Content = credentials.TunnelId + DnsRecord.TunnelSuffix, IsProxied = true });
            host.TunnelSender = rig.Sender;
        });
        await using var browser = await RawStream.ConnectAsync(gateway.Port);
        await browser.SendAsync(GatewayHost.Request("GET", "/x", host: "t.test"));
        var stream = await connector.NextAsync();
        await connector.HeadersAsync(stream, (":status", "103"), ("link", "</evil.css>; rel=preload"), ("set-cookie", "CF_Authorization=early"));
        await connector.AnswerAsync(stream, UserHeaders.Write(
        [
            new("Set-Cookie", "CF_Authorization=stolen; Domain=test"), new("Set-Cookie", "a=1"), new("Location", "https://elsewhere.test/"), new("Alt-Svc", "h3=\"evil.test:443\""),
            new("Strict-Transport-Security", "max-age=31536000; includeSubDomains"), new("Clear-Site-Data", "\"cookies\""), new("Transfer-Encoding", "chunked"), new("Connection", "close, X-Hop"),
            new("X-Hop", "1"), new("X-Stays", "1"),
        ]));
        var head = await browser.ReadHeadAsync();
        var answer = new RawMessage(head!, "", true);
        Assert.Equal(200, answer.Status); // the first that came: nothing was passed on before it
        Assert.Equal(["a=1"], answer.Headers("Set-Cookie"));
        Assert.Equal("1", answer.Header("X-Stays"));
        Assert.Equal("https://elsewhere.test/", answer.Header("Location")); // a service may send people where it likes
        foreach (var name in new[] { "Alt-Svc", "Strict-Transport-Security", "X-Hop", "Link" })
        {
            Assert.Null(answer.Header(name));
        }

        Assert.DoesNotContain("\"cookies\"", answer.Header("Clear-Site-Data") ?? "", StringComparison.Ordinal);
        Assert.DoesNotContain("CF_Authorization", head, StringComparison.Ordinal);
    }
}
