using System.Text.Json;
using Gatehouse.Model.Tunnels;
using Gatehouse.Model.Tunnels.Ingress;

namespace Gatehouse.Tests.Model.Tunnels;

public class IngressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8080")]
    [InlineData("https://wiki.internal")]
    [InlineData("ws://a:1")]
    [InlineData("unix:/run/app.sock")]
    [InlineData("unix+tls:/run/app.sock")]
    [InlineData("tcp://db:5432")]
    [InlineData("ssh://host")]
    [InlineData("http://[::1]:80")]
    [InlineData("http_status:404")]
    [InlineData("hello_world")]
    [InlineData("bastion")]
    public void Services_that_are_known(string service) => Assert.True(ServiceTarget.TryParse(service, out _, out _));

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1:8080")]
    [InlineData("http://")]
    [InlineData("http://a/path")]
    [InlineData("http://a/")]
    [InlineData("http://user@a")]
    [InlineData("http://a?q")]
    [InlineData("http://a:0")]
    [InlineData("http://a:99999")]
    [InlineData("http://a b")]
    [InlineData("http://a\nb")]
    [InlineData("unix:relative")]
    [InlineData("http_status:99")]
    [InlineData("http_status:1000")]
    [InlineData("http_status:abc")]
    [InlineData("socks-proxy")]
    public void Services_that_are_not(string service) => Assert.False(ServiceTarget.TryParse(service, out _, out _));

    [Theory]
    [InlineData("""[]""", "config")]
    [InlineData("""{}""", "")]
    [InlineData("""{"ingress":[]}""", "")]
    [InlineData("""{"ingress":{}}""", "ingress")]
    [InlineData("""{"ingress":[3]}""", "ingress.0")]
    [InlineData("""{"ingress":[{"hostname":"a.test","service":"http://b"}]}""", "ingress.0")]
    [InlineData("""{"ingress":[{"service":"http://b"},{"service":"http://c"}]}""", "ingress.0")]
    [InlineData("""{"ingress":[{"hostname":"a.test:80","service":"http://b"},{"service":"http_status:404"}]}""", "ingress.0.hostname")]
    [InlineData("""{"ingress":[{"hostname":"a.*.test","service":"http://b"},{"service":"http_status:404"}]}""", "ingress.0.hostname")]
    [InlineData("""{"ingress":[{"hostname":"a.test","path":"(","service":"http://b"},{"service":"http_status:404"}]}""", "ingress.0.path")]
    [InlineData("""{"ingress":[{"hostname":"a.test","path":"(a)\\1","service":"http://b"},{"service":"http_status:404"}]}""", "ingress.0.path")]
    [InlineData("""{"ingress":[{"service":"http://b","originRequest":{"connectTimeout":"30s"}}]}""", "ingress.0.originRequest.connectTimeout")]
    [InlineData("""{"ingress":[{"service":"http://b","originRequest":{"noTLSVerify":1}}]}""", "ingress.0.originRequest.noTLSVerify")]
    [InlineData("""{"ingress":[{"service":"http://b","originRequest":{"proxyType":"socks"}}]}""", "ingress.0.originRequest.proxyType")]
    [InlineData("""{"ingress":[{"service":"http://b","originRequest":{"access":{"required":true}}}]}""", "ingress.0.originRequest.access")]
    [InlineData("""{"ingress":[{"service":"http://b","originRequest":{"proxyPort":1080}}]}""", "ingress.0.originRequest.proxyPort")]
    [InlineData("""{"originRequest":{"proxyAddress":"10.0.0.1"},"ingress":[]}""", "originRequest.proxyAddress")]
    [InlineData("""{"originRequest":{"proxyAddress":"127.0.0.1","proxyPort":0,"proxyType":"","ipRules":[]},"ingress":[]}""", "")]
    [InlineData("""{"originRequest":5}""", "originRequest")]
    [InlineData("""{"ingress":[],"warp-routing":{"enabled":true,"connectTimeout":"5s"}}""", "warp-routing.connectTimeout")]
    [InlineData("""{"ingress":[],"warp-routing":{"enabled":true,"connectTimeout":7,"tcpKeepAlive":9,"maxActiveFlows":0}}""", "")]
    public void What_is_wrong_is_named_with_its_place(string json, string field)
    {
        var faults = Faults(json);
        if (field.Length == 0)
        {
            Assert.Empty(faults);
        }
        else
        {
            Assert.Contains(faults, f => f.Field == field);
        }
    }

    [Theory]
    [InlineData("app.test", "/", 0)]
    [InlineData("APP.test:8443", "/", 0)]
    [InlineData("x.app.test", "/", 1)]
    [InlineData("y.x.app.test", "/", 1)]
    [InlineData("other.test", "/v1/api/x", 2)]
    [InlineData("other.test", "/v1", 3)]
    [InlineData("notapp.test", "/", 3)]
    public void The_first_rule_that_covers_a_request_counts(string host, string path, int rule)
    {
        var table = IngressReader.ReadKept("""
            {"ingress":[{"hostname":"app.test","service":"http_status:200"},{"hostname":"*.app.test","service":"http_status:201"},
            {"path":"/(?P<v>api)/","service":"http_status:202"},{"service":"http_status:203"}]}
            """)!;
        Assert.Equal($"http_status:{200 + rule}", table.Find(host, path)!.Service);
    }

    [Theory]
    [InlineData("/(a+)+$")]
    [InlineData("/(a|a)*$")]
    [InlineData("(([a-z/])+.)+[A-Z]([a-z])+$")]
    public void X05_a_hostile_path_is_answered_at_once(string pattern)
    {
        var rules = new { ingress = new object[] { new { path = pattern, service = "http_status:201" }, new { service = "http_status:202" } } };
        var table = IngressReader.ReadKept(JsonSerializer.Serialize(rules))!; // it is sound
        var watch = TimeProvider.System.GetTimestamp();

        Assert.Equal("http_status:202", table.Find("a.test", "/" + new string('a', 10_000) + "!")!.Service); // the last one takes all

        Assert.True(TimeProvider.System.GetElapsedTime(watch) < TimeSpan.FromSeconds(2)); // backtracking would take longer than the sun
    }

    [Fact]
    public void A_rule_comes_before_the_tunnel_and_the_tunnel_before_the_default()
    {
        var table = IngressReader.ReadKept("""
            {"originRequest":{"connectTimeout":5,"noTLSVerify":true,"access":{"required":true,"teamName":"x","audTag":["a"]}},
            "ingress":[{"hostname":"a.test","service":"https://b","originRequest":{"connectTimeout":7,"access":{"required":true,"teamName":"access.example.com","audTag":["a","b"]}}},{"service":"https://c"}]}
            """)!;
        var (first, second) = (table.Rules[0].Settings, table.Rules[1].Settings);
        Assert.Equal((7.0, true, 10.0), (first.ConnectTimeout.TotalSeconds, first.NoTlsVerify, first.TlsTimeout.TotalSeconds));
        Assert.Equal((5.0, true), (second.ConnectTimeout.TotalSeconds, second.NoTlsVerify));
        Assert.Equal("https://access.example.com", first.Access!.Issuer);
        Assert.Null(second.Access); // only a rule can ask for it
        Assert.Equal("https://x.cloudflareaccess.com", new AccessRequirement("x", []).Issuer);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/x?")]
    [InlineData("https://access.example.com")]
    [InlineData("access.example.com/x")]
    [InlineData("access.example.com?x")]
    [InlineData("me@access.example.com")]
    [InlineData("access.example.com:0")]
    [InlineData("access.example.com:65536")]
    [InlineData("access.example.com:")]
    [InlineData("team:8443")]
    [InlineData("team.")]
    [InlineData(" team")]
    public void T09_a_team_is_a_name_or_a_host_and_nothing_more(string team)
    {
        Assert.Equal("ingress.0.originRequest.access.teamName", Assert.Single(Faults($$"""{"ingress":[{"service":"https://a","originRequest":{"access":{"required":true,"teamName":"{{team}}","audTag":["a"]} } }]}""")).Field);
        Assert.True(AccessRequirement.IsTeam("team") && AccessRequirement.IsTeam("access.example.com") && AccessRequirement.IsTeam("access.example.com:8443"));
    }

    [Fact]
    public void Raw_streams_are_dialed_as_warp_routing_says_and_not_at_all_unless_it_is_enabled()
    {
        Assert.Null(IngressReader.ReadKept("""{"ingress":[],"warp-routing":{"connectTimeout":7}}""")!.PrivateNetwork);
        Assert.Equal(5, IngressReader.ReadKept("""{"ingress":[],"warp-routing":{"enabled":true}}""")!.PrivateNetwork!.ConnectTimeout.TotalSeconds);
        var said = IngressReader.ReadKept("""{"ingress":[],"warp-routing":{"enabled":true,"connectTimeout":7,"tcpKeepAlive":9}}""")!.PrivateNetwork!;
        Assert.Equal((7.0, 9.0), (said.ConnectTimeout.TotalSeconds, said.TcpKeepAlive.TotalSeconds));
    }

    [Fact]
    public void A_path_that_would_take_others_for_ever_is_matched_in_time()
    {
        var table = IngressReader.ReadKept("""{"ingress":[{"hostname":"a.test","path":"^(a+)+$","service":"http_status:200"},{"service":"http_status:404"}]}""")!;
        Assert.Equal("http_status:404", table.Find("a.test", "/" + new string('a', 20_000) + "!")!.Service);
    }

    [Fact]
    public void Credentials_are_read_from_tokens_and_files_and_never_printed()
    {
        var made = new TunnelCredentials { AccountTag = "abc", TunnelId = Guid.CreateVersion7(), Secret = [1, 2, 3] };
        var read = TunnelCredentials.FromToken(made.ToToken())!;
        Assert.Equal((made.AccountTag, made.TunnelId), (read.AccountTag, read.TunnelId));
        Assert.Equal(made.Secret, read.Secret);
        Assert.Equal("***", read.ToString());
        Assert.NotNull(TunnelCredentials.FromFile(System.Text.Encoding.UTF8.GetBytes($$"""{"AccountTag":"abc","TunnelSecret":"AQID","TunnelID":"{{made.TunnelId}}","Endpoint":""}""")));
        Assert.All(["", "x", "e30=", Convert.ToBase64String("""{"a":"b","t":"no","s":"AQID"}"""u8.ToArray())], t => Assert.Null(TunnelCredentials.FromToken(t)));
    }

    private static List<IngressFault> Faults(string json)
    {
        var faults = new List<IngressFault>();
        using var document = JsonDocument.Parse(json);
        IngressReader.Read(document.RootElement, faults);
        return faults;
    }
}
