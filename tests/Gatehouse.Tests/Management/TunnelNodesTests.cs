using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Gatehouse.Management.Tunnels;
using Gatehouse.Model.Tunnels;
using Gatehouse.Store.Snapshots;
using Gatehouse.Store.Tunnels;
using Gatehouse.Tests.Fakes;
using Gatehouse.Tests.Tunnel;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Tests.Management;

/// <summary>Two nodes over one database: connectors dial one of them, the other one is asked.</summary>
public class TunnelNodesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Connectors_of_another_node_are_seen_and_counted_and_one_that_is_connected_to_both_is_one(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var node = await store.StartNodeAsync();
        await using var far = await TunnelRig.StartAsync(book: store.Get<ConnectionBook>());
        await using var near = await TunnelRig.StartAsync(book: node.Get<ConnectionBook>());
        var credentials = far.AddTunnel("far", far.Ingress);
        near.AddTunnel(credentials, "far", far.Ingress);
        var connector = await far.ConnectAsync(credentials, connections: 2, trust: [Authority(far), Authority(near)], other: near.Edge.ToString());
        await far.ConnectAsync(credentials);
        await using var db = node.Open();
        var connectors = new TunnelConnectors(db, near.Registry, node.Get<ConnectionBook>(), node.Clock);
        await UntilAsync(async () => (await connectors.OfAsync(credentials.TunnelId, Cancel)).Sum(c => c.Connections.Count) == 3, "seen");
        var seen = await connectors.OfAsync(credentials.TunnelId, Cancel);
        Assert.Equal(2, seen.Count);
        var both = Assert.Single(seen, c => c.Id == connector.Id);
        Assert.Equal([0, 1], both.Connections.Select(c => c.Index));
        Assert.Single(near.Registry.Of(credentials.TunnelId)); // it holds one of them itself
        Assert.All(seen, c => Assert.Equal(("gatehouse", 1), (c.Version, c.ConfigurationNumber)));
        Assert.Empty((await connectors.OfAsync([credentials.TunnelId, Guid.Empty], Cancel))[Guid.Empty]);
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Connections_of_another_node_are_closed_from_here_within_seconds(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var node = await store.StartNodeAsync();
        await using var far = await TunnelRig.StartAsync(book: store.Get<ConnectionBook>());
        await store.StartLoopsAsync();
        var credentials = far.AddTunnel("far", far.Ingress);
        var (dropped, kept) = (await far.ConnectAsync(credentials, connections: 2), await far.ConnectAsync(credentials));
        await using var db = node.Open();
        var book = node.Get<ConnectionBook>();
        var connectors = new TunnelConnectors(db, new NoTunnels(), book, node.Clock);
        await UntilAsync(async () => (await connectors.OfAsync(credentials.TunnelId, Cancel)).Sum(c => c.Connections.Count) == 3, "seen");
        var before = far.Registry.Connections(credentials.TunnelId);
        await new DropConnections(db, node.Get<ChangeFeed>(), new NoTunnels(), book, node.Clock).RunAsync(credentials.TunnelId, dropped.Id, Cancel);
        await TunnelRig.UntilAsync(() => before.Count(c => c.Closed.IsCancellationRequested) == 2, "closed");
        Assert.All(before, c => Assert.Equal(c.Registered!.ConnectorId == dropped.Id, c.Closed.IsCancellationRequested));
        await TunnelRig.UntilAsync(() => dropped.Ready == 2 && kept.Ready == 1, "back"); // their credentials are good
        Assert.Equal("an administrator closed it", far.Registry.LastLoss(credentials.TunnelId)!.What);
        await store.StopLoopsAsync();
    }

    [Fact]
    public async Task The_api_says_what_is_connected_elsewhere_until_that_node_is_gone()
    {
        await using var host = await ApiHost.StartAsync();
        var id = (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "far", ["config_src"] = "cloudflare" })).Expect(200).Text("result.id")!;
        var (node, connector) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await using (var db = host.Open())
        {
            db.EdgeNodes.Add(new EdgeNode { Id = node, Name = "there", RenewedAt = host.Clock.GetUtcNow() });
            db.HeldConnections.AddRange(Held(0), Held(1), Held(2, isDraining: true));
            await db.SaveChangesAsync(Cancel);
        }

        var seen = (await host.CloudflareAsync("GET", $"/cfd_tunnel/{id}/connections")).Expect(200);
        Assert.Equal((connector.ToString(), "2", "7"), (seen.Text("result.0.id"), seen.Result[0]!["conns"]!.AsArray().Count.ToString(CultureInfo.InvariantCulture), seen.Text("result.0.config_version")));
        Assert.Equal("far-edge", (await host.CloudflareAsync("GET", $"/cfd_tunnel/{id}/connectors/{connector}")).Expect(200).Text("result.conns.0.colo_name"));
        Assert.Equal("healthy", (await host.CloudflareAsync("GET", $"/cfd_tunnel/{id}")).Text("result.status"));
        var listed = (await host.CloudflareAsync("GET", "/cfd_tunnel")).Expect(200);
        Assert.Equal(("healthy", "192.0.2.7"), (listed.Text("result.0.status"), listed.Text("result.0.connections.0.origin_ip")));
        Assert.Contains("active connections", (await host.CloudflareAsync("DELETE", $"/cfd_tunnel/{id}")).Expect(409).Text("errors.0.message"), StringComparison.Ordinal);

        (await host.CloudflareAsync("DELETE", $"/cfd_tunnel/{id}/connections?client_id={Guid.CreateVersion7()}")).Expect(200); // of nobody
        Assert.Equal(0, await ClosingAsync());
        (await host.CloudflareAsync("DELETE", $"/cfd_tunnel/{id}/connections?client_id={connector}")).Expect(200);
        Assert.Equal(3, await ClosingAsync()); // that which is leaving, too

        await AskNobodyAsync();
        host.Clock.Advance(EdgeNode.Lease); // nobody has heard of that node since
        Assert.Equal("[]", (await host.CloudflareAsync("GET", $"/cfd_tunnel/{id}/connections")).Text("result"));
        Assert.Equal("inactive", (await host.CloudflareAsync("GET", $"/cfd_tunnel/{id}")).Text("result.status"));
        (await host.CloudflareAsync("DELETE", $"/cfd_tunnel/{id}/connections")).Expect(200); // it may have paused, and come round
        Assert.Equal(3, await ClosingAsync());
        await AskNobodyAsync();
        (await host.CloudflareAsync("DELETE", $"/cfd_tunnel/{id}")).Expect(200);

        async Task AskNobodyAsync()
        {
            await using var db = host.Open();
            await db.HeldConnections.ExecuteUpdateAsync(set => set.SetProperty(c => c.ClosingAt, (DateTimeOffset?)null), Cancel);
        }

        async Task<int> ClosingAsync()
        {
            await using var db = host.Open();
            return await db.HeldConnections.CountAsync(c => c.ClosingAt != null, Cancel);
        }

        HeldConnection Held(int index, bool isDraining = false) => Row(host, id, node, connector, index, isDraining);
    }

    [Fact]
    public async Task A_tunnel_is_deleted_right_after_its_connections_at_another_node_were_dropped()
    {
        await using var host = await ApiHost.StartAsync();
        var id = (await host.CloudflareAsync("POST", "/cfd_tunnel", new JsonObject { ["name"] = "far", ["config_src"] = "local" })).Expect(200).Text("result.id")!;
        var (node, connector) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await using (var db = host.Open())
        {
            db.EdgeNodes.Add(new EdgeNode { Id = node, Name = "there", RenewedAt = host.Clock.GetUtcNow() });
            db.HeldConnections.AddRange(Row(host, id, node, connector, 0), Row(host, id, node, connector, 1));
            await db.SaveChangesAsync(Cancel);
        }

        Assert.Equal("http_status:418", (await host.CloudflareAsync("GET", $"/cfd_tunnel/{id}/configurations")).Expect(200).Text("result.config.ingress.0.service"));
        (await host.CloudflareAsync("DELETE", $"/cfd_tunnel/{id}")).Expect(409);
        (await host.CloudflareAsync("DELETE", $"/cfd_tunnel/{id}/connections")).Expect(200);
        (await host.CloudflareAsync("DELETE", $"/cfd_tunnel/{id}")).Expect(200); // cloudflared tunnel delete -f
    }

    [Theory, MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Connections_that_are_on_their_way_out_keep_no_tunnel_from_being_deleted(DatabaseKind kind)
    {
        await using var store = await TestStore.StartAsync(kind);
        await using var node = await store.StartNodeAsync();
        await using var far = await TunnelRig.StartAsync(book: store.Get<ConnectionBook>());
        var credentials = far.AddTunnel("far", far.Ingress);
        await far.ConnectAsync(credentials);
        await using var db = node.Open();
        var here = new TunnelConnectors(db, far.Registry, store.Get<ConnectionBook>(), node.Clock);
        var there = new TunnelConnectors(db, new NoTunnels(), node.Get<ConnectionBook>(), node.Clock);
        await UntilAsync(() => there.AreInUseAsync(credentials.TunnelId, Cancel), "seen");
        Assert.True(await here.AreInUseAsync(credentials.TunnelId, Cancel));
        far.Registry.Connections(credentials.TunnelId)[0].Drain();
        Assert.False(await here.AreInUseAsync(credentials.TunnelId, Cancel));
        await UntilAsync(async () => !await there.AreInUseAsync(credentials.TunnelId, Cancel), "heard of");
    }

    [Fact]
    public async Task What_connectors_brought_is_read_only_where_it_is_asked_for()
    {
        await using var store = await TestStore.StartAsync(DatabaseKind.Sqlite);
        await using var node = await store.StartNodeAsync();
        await using var far = await TunnelRig.StartAsync(book: store.Get<ConnectionBook>());
        var credentials = far.AddTunnel("far", configuration: null);
        await far.ConnectAsync(credentials, own: far.Ingress);
        await using var db = node.Open();
        var connectors = new TunnelConnectors(db, new NoTunnels(), node.Get<ConnectionBook>(), node.Clock);
        await UntilAsync(async () => !(await connectors.LocalConfigurationAsync(credentials.TunnelId, Cancel)).IsEmpty, "told");
        Assert.Equal(far.Ingress, System.Text.Encoding.UTF8.GetString((await connectors.LocalConfigurationAsync(credentials.TunnelId, Cancel)).Span));
        var before = node.Log.All.Count;
        Assert.Single(await connectors.OfAsync(credentials.TunnelId, Cancel));
        var asked = node.Log.All.Skip(before).Where(l => l.Text.Contains("SELECT", StringComparison.Ordinal)).ToList();
        Assert.Contains(asked, l => l.Text.Contains("held_connections", StringComparison.Ordinal));
        Assert.DoesNotContain(asked, l => l.Text.Contains("\"LocalConfiguration\"", StringComparison.Ordinal));
    }

    private static HeldConnection Row(ApiHost host, string tunnel, Guid node, Guid connector, int index, bool isDraining = false) => new()
    {
        Id = Guid.CreateVersion7(),
        NodeId = node,
        TunnelId = Guid.Parse(tunnel),
        ConnectorId = connector,
        Index = index,
        OpenedAt = host.Clock.GetUtcNow(),
        OriginIp = "192.0.2.7",
        Location = "far-edge",
        ConnectorVersion = "1",
        Arch = "linux_amd64",
        Features = [],
        IsDraining = isDraining,
        ConfigurationNumber = index == 1 ? 7 : null,
        LocalConfiguration = index == 1 ? """{"ingress":[{"service":"http_status:418"}]}""" : null,
    };

    private static X509Certificate2 Authority(TunnelRig rig) => X509CertificateLoader.LoadCertificate(rig.Authority.Certificate.RawData);

    private static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await holds())
        {
            Assert.False(limit.IsCancellationRequested, $"not {what} in time");
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancel);
        }
    }
}
