using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tls;
using Gatehouse.Tunnel.Connector;
using Gatehouse.Tunnel.Edge;
using Gatehouse.Tunnel.Wire.Rpc;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Tunnel;

/// <summary>How connectors come, stay and go.</summary>
public class LifecycleTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connector_holds_its_connections_and_says_that_it_is_ready()
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("four", rig.Ingress);
        var connector = await rig.ConnectAsync(credentials, connections: 4);
        var seen = Assert.Single(rig.Registry.Of(credentials.TunnelId));
        Assert.Equal([0, 1, 2, 3], seen.Connections.Select(c => c.Index));
        Assert.Equal((connector.Id, 1), (seen.Id, seen.ConfigurationNumber ?? 0));
        Assert.Equal([(credentials.TunnelId, true)], rig.Journal.Notes);

        using var client = new HttpClient();
        Assert.Contains("\"readyConnections\":4", await client.GetStringAsync(new Uri(connector.Metrics!, "/ready"), Token), StringComparison.Ordinal);
        using var response = await rig.GetAsync(credentials.TunnelId, "/");
        var metrics = await client.GetStringAsync(new Uri(connector.Metrics!, "/metrics"), Token);
        Assert.Contains("cloudflared_tunnel_ha_connections 4", metrics, StringComparison.Ordinal);
        Assert.Contains("cloudflared_orchestration_config_version 1", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_quick_tunnel_in_use_is_said_to_be_so_again_and_again_and_others_are_not()
    {
        await using var rig = await TunnelRig.StartAsync();
        var (quick, ordinary) = (rig.AddTunnel("quick", rig.Ingress, isQuick: true), rig.AddTunnel("ordinary", rig.Ingress));
        await rig.ConnectAsync(quick, connections: 2);
        await rig.ConnectAsync(ordinary);
        await TunnelRig.UntilAsync(() => rig.Journal.Notes.Count == 2, "noted");
        rig.Journal.Notes.Clear();
        rig.Services.GetRequiredService<QuickTunnelBeat>().Beat();
        await TunnelRig.UntilAsync(() => !rig.Journal.Notes.IsEmpty, "noted");
        Assert.Equal([(quick.TunnelId, true)], rig.Journal.Notes);
    }

    [Fact]
    public void A_note_that_was_lost_removes_no_quick_tunnel_that_is_in_use() => Assert.True(QuickTunnelBeat.Every < Gatehouse.Store.Tunnels.QuickTunnelCleaner.FirstGrace);

    [Fact]
    public async Task T01_T07_wrong_credentials_are_refused_alike_and_nothing_of_them_is_logged()
    {
        await using var rig = await TunnelRig.StartAsync();
        var good = rig.AddTunnel("guarded", rig.Ingress);
        var registrar = rig.Services.GetRequiredService<Registrar>();
        var offByOne = good.Secret.ToArray();
        offByOne[^1] ^= 1;
        RegistrationAnswer[] answers =
        [
            Decide(good.AccountTag, good.TunnelId, offByOne),
            Decide(new string('f', 32), good.TunnelId, good.Secret),
            Decide(good.AccountTag, Guid.CreateVersion7(), good.Secret),
            Decide(good.AccountTag, good.TunnelId, []),
        ];
        Assert.All(answers, a => Assert.Equal(answers[0], a));
        Assert.StartsWith("Unauthorized", Assert.IsType<RegistrationAnswer.Refused>(answers[0]).Cause, StringComparison.Ordinal); // or stock connectors would end
        Assert.Empty(rig.Registry.Of(good.TunnelId));

        rig.Change(good.TunnelId, isDeleted: true);
        Assert.Equal("This tunnel has been deleted", Assert.IsType<RegistrationAnswer.Refused>(Decide(good.AccountTag, good.TunnelId, good.Secret)).Cause);
        Assert.Equal(answers[0], Decide(good.AccountTag, good.TunnelId, offByOne)); // whoever does not know the secret does not learn it
        Assert.DoesNotContain(rig.Log.All, l => l.Text.Contains(Convert.ToBase64String(good.Secret), StringComparison.Ordinal) || l.Text.Contains(Convert.ToHexString(good.Secret), StringComparison.OrdinalIgnoreCase));

        RegistrationAnswer Decide(string account, Guid tunnel, byte[] secret)
        {
            using var connection = new EdgeConnection(Stream.Null, IPAddress.Loopback, new EdgeOptions(), rig.Clock);
            return registrar.Decide(connection, new Registration { AccountTag = account, TunnelId = tunnel, Secret = secret, Index = 0, ConnectorId = Guid.CreateVersion7(), Features = [], Version = "1", Arch = "x" });
        }
    }

    [Fact]
    public async Task T01_the_connections_of_a_deleted_tunnel_are_cut()
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = await rig.UsualAsync(connections: 2);
        var began = rig.Clock.GetTimestamp();
        rig.Change(credentials.TunnelId, isDeleted: true);
        await TunnelRig.UntilAsync(() => rig.Registry.Connections(credentials.TunnelId).IsEmpty, "cut off");
        Assert.InRange(rig.Clock.GetElapsedTime(began).TotalSeconds, 0, 10);
        var fault = await Assert.ThrowsAsync<TunnelFaultException>(() => rig.GetAsync(credentials.TunnelId, "/"));
        Assert.Contains("no connector", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("deleted")]
    [InlineData("rotated")]
    [InlineData("dropped")]
    public async Task T01_one_that_is_leaving_is_cut_with_what_it_has_begun(string how)
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("leaving", rig.Ingress);
        var connector = await rig.ConnectAsync(credentials);
        var request = rig.GetAsync(credentials.TunnelId, "/wait");
        await TunnelRig.UntilAsync(() => rig.Origin.Seen.Contains("GET /wait"), "there");
        var leaving = connector.StopAsync();
        await TunnelRig.UntilAsync(() => rig.Registry.Connections(credentials.TunnelId).IsEmpty && rig.Registry.Everyone.Any(), "unregistered");
        switch (how)
        {
            case "deleted":
                rig.Change(credentials.TunnelId, isDeleted: true);
                break;
            case "rotated":
                rig.Change(credentials.TunnelId, secret: RandomNumberGenerator.GetBytes(32));
                break;
            default:
                rig.Registry.Drop(credentials.TunnelId, connector.Id);
                break;
        }

        await Assert.ThrowsAsync<TunnelFaultException>(() => request.WaitAsync(TimeSpan.FromSeconds(8), Token));
        await TunnelRig.UntilAsync(() => !rig.Registry.Everyone.Any(), "over");
        await leaving.WaitAsync(TimeSpan.FromSeconds(60), Token);
    }

    [Fact]
    public async Task An_end_of_a_line_that_fails_lets_the_next_be_dialed()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var ended = 0;
        var link = new EdgeLink("0", new SslStream(new UnclosableStream()), socket, new LinkPace(0, () => false, _ => 0), _ => ended++);
        await Assert.ThrowsAsync<IOException>(async () => await link.DisposeAsync());
        Assert.Equal(1, ended);
    }

    [Fact]
    public async Task T02_a_connector_serves_only_the_names_that_an_administrator_gave_its_tunnel()
    {
        await using var rig = await TunnelRig.StartAsync();
        var mine = rig.AddTunnel("mine", """{"ingress":[{"hostname":"mine.test","service":"http_status:201"},{"service":"http_status:404"}]}""");
        var theirs = rig.AddTunnel("theirs", null);
        await rig.ConnectAsync(theirs, own: """{"ingress":[{"hostname":"mine.test","service":"http_status:299"},{"hostname":"free.test","service":"http_status:299"},{"service":"http_status:299"}]}""");
        var table = rig.Tables.Current;
        Assert.Equal(mine.TunnelId, table.Origins.Find("mine.test")!.Tunnel!.Tunnel.Id);
        Assert.Null(table.Origins.Find("free.test"));
        await TunnelRig.UntilAsync(() => !rig.Registry.LocalConfiguration(theirs.TunnelId).IsEmpty, "told");
        rig.AddRecord("given.test", theirs.TunnelId);
        Assert.Equal(theirs.TunnelId, rig.Tables.Current.Origins.Find("given.test")!.Tunnel!.Tunnel.Id);
    }

    [Fact]
    public async Task T03_a_connector_with_the_old_secret_is_cut_when_the_secret_changes()
    {
        await using var rig = await TunnelRig.StartAsync();
        var old = await rig.UsualAsync(connections: 2);
        var next = RandomNumberGenerator.GetBytes(32);
        rig.Change(old.TunnelId, secret: next);
        await TunnelRig.UntilAsync(() => rig.Registry.Connections(old.TunnelId).IsEmpty, "cut off");
        var fresh = await rig.ConnectAsync(new TunnelCredentials { AccountTag = old.AccountTag, TunnelId = old.TunnelId, Secret = next });
        using var response = await rig.GetAsync(old.TunnelId, "/");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal([fresh.Id], rig.Registry.Of(old.TunnelId).Select(c => c.Id));
    }

    [Fact]
    public async Task A_change_of_the_rules_is_in_force_within_a_second_and_a_wrong_one_changes_nothing()
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync(connections: 2)).TunnelId;
        rig.Change(tunnel, """{"ingress":[{"service":"http_status:299"}]}""");
        await TunnelRig.UntilAsync(() => rig.Registry.Of(tunnel).All(c => c.ConfigurationNumber == 2), "pushed");
        using (var response = await rig.GetAsync(tunnel, "/"))
        {
            Assert.Equal(299, (int)response.StatusCode);
        }

        rig.Change(tunnel, """{"ingress":[{"service":"ftp ://no"}]}""");
        await TunnelRig.UntilAsync(() => rig.Registry.Of(tunnel).All(c => c.ConfigurationFault is not null), "refused");
        Assert.All(rig.Registry.Of(tunnel), c => Assert.Equal(2, c.ConfigurationNumber)); // what runs, not what was refused
        using var still = await rig.GetAsync(tunnel, "/");
        Assert.Equal(299, (int)still.StatusCode);
    }

    [Fact]
    public async Task Connectors_share_the_load_and_one_takes_over_from_another()
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("two", rig.Ingress);
        var first = await rig.ConnectAsync(credentials);
        await rig.ConnectAsync(credentials);
        Assert.Equal(2, rig.Registry.Of(credentials.TunnelId).Count);
        await first.StopAsync();
        Assert.Single(rig.Registry.Of(credentials.TunnelId));
        for (var n = 0; n < 20; n++)
        {
            using var response = await rig.GetAsync(credentials.TunnelId, "/");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task R23_a_connector_that_leaves_finishes_a_thousand_requests_and_its_end_is_bounded_by_sockets()
    {
        const int Requests = 1000, Sockets = 100;
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("leaving", rig.Ingress);
        var connector = await rig.ConnectAsync(credentials, connections: 4);
        var sockets = new List<WebSocket>();
        for (var n = 0; n < Sockets; n++)
        {
            sockets.Add(await TrafficTests.SocketAsync(rig, credentials.TunnelId, "app.test"));
        }

        var requests = Enumerable.Range(0, Requests).Select(_ => rig.GetAsync(credentials.TunnelId, "/wait")).ToList();
        await TunnelRig.UntilAsync(() => rig.Origin.Seen.Count(s => s == "GET /wait") == Requests, "there");
        var leaving = connector.StopAsync();
        await TunnelRig.UntilAsync(() => rig.Registry.Connections(credentials.TunnelId).IsEmpty, "unregistered");
        rig.Origin.Gate.Release(Requests);
        foreach (var request in requests)
        {
            using var response = await request;
            Assert.Equal("done", await response.Content.ReadAsStringAsync(Token));
        }

        Assert.Equal(Sockets, sockets.Count(s => s.State == WebSocketState.Open)); // they have as long as they are given
        await leaving.WaitAsync(TimeSpan.FromSeconds(60), Token);
        await TunnelRig.UntilAsync(() => !rig.Registry.Everyone.Any(), "over");
        foreach (var socket in sockets)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => socket.ReceiveAsync(new byte[10], Token).WaitAsync(TimeSpan.FromSeconds(60), Token));
            socket.Dispose();
        }
    }

    [Fact]
    public async Task R23_an_edge_that_stops_finishes_what_it_has_begun()
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync(connections: 2)).TunnelId;
        var requests = Enumerable.Range(0, 20).Select(_ => rig.GetAsync(tunnel, "/wait")).ToList();
        await TunnelRig.UntilAsync(() => rig.Origin.Seen.Count(s => s == "GET /wait") == 20, "there");
        var stopping = rig.StopEdgeAsync(TimeSpan.FromSeconds(20));
        await Task.Delay(TimeSpan.FromMilliseconds(200), Token);
        rig.Origin.Gate.Release(20);
        foreach (var request in requests)
        {
            using var response = await request;
            Assert.Equal("done", await response.Content.ReadAsStringAsync(Token));
        }

        await stopping;
        await rig.StartEdgeAsync();
    }

    [Fact]
    public async Task R08_requests_go_on_while_connections_break()
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("flapping", rig.Ingress);
        await rig.ConnectAsync(credentials, connections: 2);
        await rig.ConnectAsync(credentials, connections: 2);
        using var over = new CancellationTokenSource();
        var breaking = BreakAsync(rig, credentials.TunnelId, over.Token);
        int good = 0, bad = 0;
        for (var n = 0; n < 1500; n++)
        {
            try
            {
                using var response = await rig.GetAsync(credentials.TunnelId, "/x");
                good++;
            }
            catch (TunnelFaultException)
            {
                bad++;
            }
        }

        await over.CancelAsync();
        var broken = await breaking;
        Assert.True(broken > 0 && bad <= good / 1000, $"{good} good, {bad} bad, {broken} connections broken");
    }

    [Fact]
    public async Task T10_an_edge_is_not_believed_on_the_word_of_another_authority_nor_of_a_certificate_that_is_none()
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("trust", rig.Ingress);
        using var other = LocalAuthority.Create(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero));
        using var leaf = rig.Authority.Issue(["h2.cftunnel.com"], new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero));
        foreach (var trust in new X509Certificate2Collection[] { [X509CertificateLoader.LoadCertificate(other.Certificate.RawData)], [X509CertificateLoader.LoadCertificate(leaf.RawData)] })
        {
            var connector = await rig.ConnectAsync(credentials, trust: trust, wait: false);
            await Task.Delay(TimeSpan.FromMilliseconds(500), Token);
            Assert.Equal(0, connector.Ready);
        }

        Assert.Contains(rig.Log.All, l => l.Id == 4202);
    }

    [Fact]
    public async Task A_connection_of_the_same_index_replaces_the_one_that_was_lost()
    {
        await using var rig = await TunnelRig.StartAsync();
        var registrar = rig.Services.GetRequiredService<Registrar>();
        var credentials = rig.AddTunnel("again", rig.Ingress);
        var connector = Guid.CreateVersion7();
        using var first = Register();
        using var second = Register();
        Assert.Equal([second.Id], rig.Registry.Connections(credentials.TunnelId).Select(c => c.Id));
        await TunnelRig.UntilAsync(() => first.Closed.IsCancellationRequested, "closed");
        rig.Registry.Remove(second);

        EdgeConnection Register()
        {
            var connection = new EdgeConnection(Stream.Null, IPAddress.Loopback, new EdgeOptions(), rig.Clock);
            Assert.IsType<RegistrationAnswer.Accepted>(registrar.Decide(
                connection, new Registration { AccountTag = credentials.AccountTag, TunnelId = credentials.TunnelId, Secret = credentials.Secret, Index = 0, ConnectorId = connector, Features = [], Version = "1", Arch = "x" }));
            return connection;
        }
    }

    private sealed class UnclosableStream : Gatehouse.Tunnel.Wire.AsyncStream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            throw new IOException("it does not close");
        }
    }

    private static async Task<int> BreakAsync(TunnelRig rig, Guid tunnel, CancellationToken over)
    {
        var broken = 0;
        while (!over.IsCancellationRequested)
        {
            if (rig.Registry.Connections(tunnel) is { Length: > 1 } there)
            {
                there[broken % there.Length].Close();
                broken++;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(150), CancellationToken.None);
        }

        return broken;
    }
}
