using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Tunnels;
using Gatehouse.Model.Tunnels.Ingress;
using Gatehouse.Tunnel.Connector;
using Gatehouse.Tunnel.Connector.Origins;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Gatehouse.Tests.Tunnel;

/// <summary>What rules make a connector do.</summary>
public class ConnectorRuleTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task T08_a_rule_that_asks_for_an_Access_token_lets_only_the_right_ones_pass()
    {
        await using var rig = await TunnelRig.StartAsync();
        using var key = RSA.Create(2048);
        using var next = RSA.Create(2048);
        await using var team = await TeamAsync(rig, () => $$"""{"keys":[{{Jwk(key)}}]}""");
        var domain = $"team.localhost:{new Uri(team.Urls.First()).Port}";
        var issuer = "https://" + domain;
        var credentials = rig.AddTunnel("guarded", $$"""{"ingress":[{"hostname":"app.test","service":"http://127.0.0.1:{{rig.Origin.Port}}","originRequest":{"access":{"required":true,"teamName":"{{domain}}","audTag":["right"]} } },{"service":"http_status:404"}]}""");
        await rig.ConnectAsync(credentials);

        Assert.Equal(403, await AskAsync(null));
        Assert.Equal(403, await AskAsync("nonsense"));
        Assert.Equal(200, await AskAsync(Make(key, issuer, "right", 60)));
        Assert.Equal(403, await AskAsync(Make(key, issuer, "wrong", 60)));
        Assert.Equal(403, await AskAsync(Make(key, "https://other.test", "right", 60)));
        Assert.Equal(403, await AskAsync(Make(key, issuer, "right", -60)));
        Assert.Equal(403, await AskAsync(Make(next, issuer, "right", 60)));
        var unsigned = Make(key, issuer, "right", 60);
        Assert.Equal(403, await AskAsync(unsigned[..(unsigned.LastIndexOf('.') + 1)]));

        async Task<int> AskAsync(string? token)
        {
            using var response = await rig.SendAsync(credentials.TunnelId, HttpMethod.Get, "/", "app.test", null, token is null ? [] : [("Cf-Access-Jwt-Assertion", token)]);
            return (int)response.StatusCode;
        }

        string Make(RSA signer, string from, string aud, int seconds) => TokenOf(signer, from, aud, rig.Clock.GetUtcNow(), seconds);
    }

    [Fact]
    public async Task T08_a_new_key_counts_within_seconds_and_one_that_was_withdrawn_no_longer_after_five_minutes()
    {
        await using var rig = await TunnelRig.StartAsync();
        using var key = RSA.Create(2048);
        using var next = RSA.Create(2048);
        var (published, fetches) = (new List<RSA> { key }, 0);
        await using var team = await TeamAsync(rig, () =>
        {
            Interlocked.Increment(ref fetches);
            return $$"""{"keys":[{{string.Join(',', published.Select(Jwk))}}]}""";
        });
        var clock = new SteppedClock();
        var required = new AccessRequirement($"team.localhost:{new Uri(team.Urls.First()).Port}", ["right"]);
        using var fetcher = FetcherOf(rig);
        using var check = new AccessCheck(fetcher, clock, NullLogger<AccessCheck>.Instance);

        Assert.True(await PassesAsync(key));
        Assert.False(await PassesAsync(next));
        published.Add(next);
        for (var n = 0; n < 20; n++)
        {
            Assert.False(await PassesAsync(next)); // strangers' key ids don't make it ask again and again
        }

        Assert.Equal(1, fetches);
        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.True(await PassesAsync(next));
        Assert.True(await PassesAsync(key));
        Assert.Equal(2, fetches);

        published.Remove(key);
        clock.Advance(TimeSpan.FromMinutes(4));
        Assert.True(await PassesAsync(key));
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.False(await PassesAsync(key));
        Assert.True(await PassesAsync(next));
        Assert.Equal(3, fetches);

        async Task<bool> PassesAsync(RSA signer) => await check.FaultOfAsync(required, TokenOf(signer, required.Issuer, "right", clock.GetUtcNow(), 60), Token) is null;
    }

    [Fact]
    public async Task T08_known_keys_go_on_for_an_hour_while_the_team_domain_is_away()
    {
        await using var rig = await TunnelRig.StartAsync();
        using var key = RSA.Create(2048);
        var (isAway, fetches) = (false, 0);
        await using var team = await TeamAsync(rig, () =>
        {
            Interlocked.Increment(ref fetches);
            return isAway ? "away" : $$"""{"keys":[{{Jwk(key)}}]}""";
        });
        var clock = new SteppedClock();
        var required = new AccessRequirement($"team.localhost:{new Uri(team.Urls.First()).Port}", ["right"]);
        using var fetcher = FetcherOf(rig);
        using var check = new AccessCheck(fetcher, clock, NullLogger<AccessCheck>.Instance);

        Assert.Null(await FaultAsync());
        isAway = true;
        clock.Advance(TimeSpan.FromMinutes(6));
        for (var n = 0; n < 20; n++)
        {
            Assert.Null(await FaultAsync());
        }

        Assert.Equal(2, fetches); // it is not asked at each request
        clock.Advance(TimeSpan.FromMinutes(55));
        Assert.Equal("the keys of the team domain can't be read", await FaultAsync());
        isAway = false;
        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Null(await FaultAsync());

        Task<string?> FaultAsync() => check.FaultOfAsync(required, TokenOf(key, required.Issuer, "right", clock.GetUtcNow(), 60), Token);
    }

    [Fact]
    public async Task T08_nobody_who_has_keys_waits_for_a_team_domain_that_hangs()
    {
        await using var rig = await TunnelRig.StartAsync();
        using var key = RSA.Create(2048);
        var (isAway, asked) = (false, new SemaphoreSlim(0));
        using var hang = new SemaphoreSlim(0);
        await using var team = await TeamAsync(rig, () =>
        {
            if (isAway)
            {
                asked.Release();
                hang.Wait(TimeSpan.FromSeconds(30), CancellationToken.None);
            }

            return isAway ? "away" : $$"""{"keys":[{{Jwk(key)}}]}""";
        });
        var clock = new SteppedClock();
        var required = new AccessRequirement($"team.localhost:{new Uri(team.Urls.First()).Port}", ["right"]);
        using var fetcher = FetcherOf(rig);
        using var check = new AccessCheck(fetcher, clock, NullLogger<AccessCheck>.Instance);
        Assert.Null(await FaultAsync());
        isAway = true;
        clock.Advance(TimeSpan.FromMinutes(6));
        var first = FaultAsync(); // nobody knows yet that it is away
        await asked.WaitAsync(Token);
        Assert.Null(await FaultAsync().WaitAsync(TimeSpan.FromSeconds(30), Token));
        Assert.False(first.IsCompleted);
        hang.Release(10);
        Assert.Null(await first);

        Task<string?> FaultAsync() => check.FaultOfAsync(required, TokenOf(key, required.Issuer, "right", clock.GetUtcNow(), 60), Token);
    }

    [Theory]
    [InlineData(240, true)] // the gateway's clock is ahead of the connector's
    [InlineData(360, false)]
    public async Task T08_a_token_that_was_just_made_is_good_where_the_clock_is_behind(int seconds, bool isGood)
    {
        await using var rig = await TunnelRig.StartAsync();
        using var key = RSA.Create(2048);
        await using var team = await TeamAsync(rig, () => $$"""{"keys":[{{Jwk(key)}}]}""");
        var clock = new SteppedClock();
        var required = new AccessRequirement($"team.localhost:{new Uri(team.Urls.First()).Port}", ["right"]);
        using var fetcher = FetcherOf(rig);
        using var check = new AccessCheck(fetcher, clock, NullLogger<AccessCheck>.Instance);
        var fault = await check.FaultOfAsync(required, TokenOf(key, required.Issuer, "right", clock.GetUtcNow().AddHours(1).AddSeconds(seconds), 60), Token); // made an hour after its "not before"
        Assert.Equal(isGood, fault is null);
    }

    [Theory]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://[fd00:ec2::254]/")]
    [InlineData("http://127.0.0.1:1/")] // not over https
    public async Task T09_keys_are_not_fetched_from_where_clouds_keep_their_secrets(string address)
    {
        var options = new ConnectorOptions { Credentials = new TunnelCredentials { AccountTag = "a", TunnelId = Guid.CreateVersion7(), Secret = [1] }, Edges = [] };
        using var fetcher = new KeyFetcher(options, new AddressGuard(null), TimeProvider.System);
        var fault = await Assert.ThrowsAsync<HttpRequestException>(() => fetcher.FetchAsync(new Uri(address), Token));
        Assert.True(address.StartsWith("http:", StringComparison.Ordinal) ? fault.InnerException is null : fault.GetBaseException() is AddressRefusedException, fault.ToString());
    }

    [Fact]
    public async Task T09_only_a_regular_file_of_modest_size_is_read_for_authorities()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-ca-");
        try
        {
            var (good, pipe, large, link) = (Path.Combine(folder.FullName, "ca.pem"), Path.Combine(folder.FullName, "pipe"), Path.Combine(folder.FullName, "large"), Path.Combine(folder.FullName, "link"));
            await using var rig = await TunnelRig.StartAsync();
            await File.WriteAllTextAsync(good, rig.Authority.Certificate.ExportCertificatePem(), Token);
            await File.WriteAllBytesAsync(large, new byte[CertificateFile.Largest + 1], Token);
            File.CreateSymbolicLink(link, good);
            using var make = System.Diagnostics.Process.Start("mkfifo", [pipe]);
            await make.WaitForExitAsync(Token);
            Assert.Single(CertificateFile.Read(good));
            Assert.Single(CertificateFile.Read(link));
            Assert.All(["/dev/zero", pipe, large], file => Assert.Throws<CryptographicException>(() => CertificateFile.Read(file)));
            Assert.ThrowsAny<IOException>(() => CertificateFile.Read(Path.Combine(folder.FullName, "none")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task T09_pushed_rules_name_no_file_of_a_connector_whose_operator_narrowed_where_they_lead()
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("files", """{"ingress":[{"service":"https://127.0.0.1:1","originRequest":{"caPool":"/etc/passwd"}}]}""");
        await rig.ConnectAsync(credentials, allowed: [IPNetwork.Parse("127.0.0.0/8")], wait: false);
        await TunnelRig.UntilAsync(() => rig.Registry.Of(credentials.TunnelId).Any(c => c.ConfigurationFault?.Contains("caPool", StringComparison.Ordinal) == true), "refused");
    }

    [Theory]
    [InlineData("169.254.169.254", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("fe80::a9fe:a9fe", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("127.0.0.1", true)]
    [InlineData("10.0.0.1", true)]
    public void T09_where_clouds_keep_their_secrets_no_rule_leads(string address, bool isAllowed) =>
        Assert.Equal(isAllowed, new AddressGuard(null).IsAllowed(IPAddress.Parse(address)));

    [Fact]
    public async Task T09_a_connector_reaches_only_what_its_operator_allowed()
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("fenced", rig.Ingress);
        await rig.ConnectAsync(credentials, allowed: [IPNetwork.Parse("10.0.0.0/8")]);
        var fault = await Assert.ThrowsAsync<TunnelFaultException>(() => rig.GetAsync(credentials.TunnelId, "/"));
        Assert.Contains("must not be reached from here", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", fault.Message, StringComparison.Ordinal); // everybody sees it
        Assert.Empty(rig.Origin.Seen);
    }

    [Fact]
    public async Task A_service_on_a_unix_socket_is_reached_and_sees_the_host_it_was_given()
    {
        await using var rig = await TunnelRig.StartAsync();
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var credentials = rig.AddTunnel("unix", $$"""{"ingress":[{"service":"unix:{{path}}","originRequest":{"httpHostHeader":"inner.test"} }]}""");
        await rig.ConnectAsync(credentials);
        var asking = rig.GetAsync(credentials.TunnelId, "/x", "outer.test");
        using (var accepted = await listener.AcceptAsync(Token))
        {
            var buffer = new byte[4096];
            var request = Encoding.ASCII.GetString(buffer, 0, await accepted.ReceiveAsync(buffer, Token));
            Assert.StartsWith("GET /x HTTP/1.1", request, StringComparison.Ordinal);
            Assert.Contains("Host: inner.test", request, StringComparison.Ordinal);
            Assert.Contains("X-Forwarded-Host: outer.test", request, StringComparison.Ordinal);
            await accepted.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray(), Token);
            using var response = await asking;
            Assert.Equal("ok", await response.Content.ReadAsStringAsync(Token));
        }

        File.Delete(path);
    }

    [Fact]
    public async Task A_bastion_needs_to_be_told_where_to()
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("bastion", """{"ingress":[{"service":"bastion"}]}""");
        await rig.ConnectAsync(credentials);
        (string, string)[] upgrade = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13")];
        var fault = await Assert.ThrowsAsync<TunnelFaultException>(() => rig.SendAsync(credentials.TunnelId, HttpMethod.Get, "/", "any.test", null, upgrade));
        Assert.Contains("Cf-Access-Jump-Destination", fault.Message, StringComparison.Ordinal);
        using var response = await rig.SendAsync(
            credentials.TunnelId, HttpMethod.Get, "/", "any.test", null, [.. upgrade, ("Cf-Access-Jump-Destination", $"127.0.0.1:{rig.Origin.TcpPort}")]);
        Assert.Equal(HttpStatusCode.SwitchingProtocols, response.StatusCode);
    }

    private static KeyFetcher FetcherOf(TunnelRig rig) => new(
        new ConnectorOptions { Credentials = new TunnelCredentials { AccountTag = "a", TunnelId = Guid.CreateVersion7(), Secret = [1] }, Edges = [], EdgeAuthorities = [X509CertificateLoader.LoadCertificate(rig.Authority.Certificate.RawData)] },
        new AddressGuard(null), TimeProvider.System);

    private static string TokenOf(RSA signer, string from, string aud, DateTimeOffset now, int seconds) => new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
    {
        Issuer = from,
        Audience = aud,
        Expires = now.AddSeconds(seconds).UtcDateTime,
        NotBefore = now.AddHours(-1).UtcDateTime,
        SigningCredentials = new SigningCredentials(new RsaSecurityKey(signer) { KeyId = KidOf(signer) }, SecurityAlgorithms.RsaSha256),
    });

    private static string KidOf(RSA key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportRSAPublicKey()));

    private static async Task<WebApplication> TeamAsync(TunnelRig rig, Func<string> keys)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var certificate = rig.Authority.Issue(["team.localhost"], TunnelRig.Built);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var team = builder.Build();
        team.MapGet("/cdn-cgi/access/certs", () => Results.Text(keys(), "application/json"));
        await team.StartAsync(Token);
        return team;
    }

    private static string Jwk(RSA key)
    {
        var parts = key.ExportParameters(false);
        return $$"""{"kty":"RSA","alg":"RS256","use":"sig","kid":"{{KidOf(key)}}","n":"{{Base64UrlEncoder.Encode(parts.Modulus)}}","e":"{{Base64UrlEncoder.Encode(parts.Exponent)}}"}""";
    }

    private sealed class SteppedClock : TimeProvider
    {
        private DateTimeOffset now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => now;

        public override long GetTimestamp() => now.Ticks;

        public void Advance(TimeSpan by) => now += by;
    }
}
