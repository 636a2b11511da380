using Gatehouse.Management.CloudflareV4;
using Gatehouse.Model.Tunnels;
using Gatehouse.Tunnel.Edge;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Tunnel;

/// <summary>What the edge says of what went wrong with a tunnel.</summary>
public class TunnelNotesTests
{
    [Fact]
    public async Task A_fault_is_forgotten_when_the_name_works_again_or_its_tunnel_is_gone()
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync()).TunnelId;
        await Assert.ThrowsAsync<TunnelFaultException>(() => rig.GetAsync(tunnel, "/", "dead.test"));
        using (await rig.GetAsync(tunnel, "/"))
        {
            Assert.Equal(["dead.test"], Names()); // another name says nothing of it
        }

        await Assert.ThrowsAsync<TunnelFaultException>(() => rig.GetAsync(tunnel, "/a%zz"));
        Assert.Equal(["app.test", "dead.test"], Names());
        using (await rig.GetAsync(tunnel, "/"))
        {
            Assert.Equal(["dead.test"], Names()); // one that works hides none that does not
        }

        rig.Change(tunnel, isDeleted: true);
        Assert.Empty(Names());

        IEnumerable<string> Names() => rig.Registry.Faults(tunnel).Select(f => f.Host);
    }

    [Fact]
    public void Visitors_who_ask_for_many_names_make_a_tunnel_remember_a_few()
    {
        var (notes, tunnel) = (new TunnelNotes(), Guid.CreateVersion7());
        for (var n = 0; n < 100; n++)
        {
            notes.Note(tunnel, new TunnelFault(TunnelHop.Tcp, "refused the connection", $"n{n % 50}.wild.test", DateTimeOffset.UnixEpoch.AddSeconds(n)));
        }

        Assert.Equal(Enumerable.Range(0, TunnelNotes.MostNames).Select(n => $"n{49 - n}.wild.test"), notes.Faults(tunnel).Select(f => f.Host));
        notes.NoteWell(tunnel, "N49.wild.test");
        Assert.Equal("n48.wild.test", notes.Faults(tunnel)[0].Host);
    }

    [Fact]
    public async Task A_connector_that_is_refused_is_an_error_until_one_is_taken_and_no_lost_connection()
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("guarded", rig.Ingress);
        var stranger = await rig.ConnectAsync(new TunnelCredentials { AccountTag = credentials.AccountTag, TunnelId = credentials.TunnelId, Secret = [1] }, wait: false);
        await TunnelRig.UntilAsync(() => rig.Registry.Faults(credentials.TunnelId).Count > 0, "noted");
        var fault = Assert.Single(rig.Registry.Faults(credentials.TunnelId));
        Assert.Equal((TunnelHop.Connector, "", "a connector from 127.0.0.1 was refused: wrong account, tunnel or secret"), (fault.Hop, fault.Host, fault.What));
        Assert.Null(rig.Registry.LastLoss(credentials.TunnelId));
        await stranger.StopAsync();
        await rig.ConnectAsync(credentials);
        Assert.Empty(rig.Registry.Faults(credentials.TunnelId));
    }

    [Fact]
    public async Task A_stranger_who_was_refused_is_forgotten_after_an_hour()
    {
        await using var rig = await TunnelRig.StartAsync();
        var tunnel = (await rig.UsualAsync()).TunnelId;
        var notes = rig.Services.GetRequiredService<TunnelNotes>();
        notes.Note(tunnel, new TunnelFault(TunnelHop.Tcp, "refused the connection", "dead.test", rig.Clock.GetUtcNow()));
        var wrong = new TunnelCredentials { AccountTag = TunnelRig.Account, TunnelId = tunnel, Secret = [1] };
        var stranger = await rig.ConnectAsync(wrong, wait: false);
        await TunnelRig.UntilAsync(() => rig.Registry.Faults(tunnel).Any(f => f.Hop == TunnelHop.Connector), "noted");
        await stranger.StopAsync();
        rig.Clock.Advance(TunnelNotes.KeepRefusals);
        Assert.Equal(["dead.test"], rig.Registry.Faults(tunnel).Select(f => f.Host)); // names are not
    }

    [Theory]
    [InlineData(true, "dead.test")]
    [InlineData(false, null)]
    public async Task A_connector_that_was_refused_is_the_last_error_only_of_a_tunnel_without_any(bool isConnected, string? host)
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = isConnected ? await rig.UsualAsync() : rig.AddTunnel("usual", rig.Ingress);
        var notes = rig.Services.GetRequiredService<TunnelNotes>();
        notes.Note(credentials.TunnelId, new TunnelFault(TunnelHop.Tcp, "refused the connection", "dead.test", rig.Clock.GetUtcNow()));
        notes.Note(credentials.TunnelId, new TunnelFault(TunnelHop.Connector, "a connector was refused", "", rig.Clock.GetUtcNow()));
        var body = TunnelBody.Of(rig.Tables.Current.Tunnels[credentials.TunnelId].Tunnel, TunnelRig.Account, rig.Registry.Of(credentials.TunnelId), rig.Registry);
        Assert.Equal(host, (string?)body["last_error"]!["hostname"]);
        Assert.Equal(2, body["last_errors"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("rotated", "the tunnel's secret was changed")]
    [InlineData("dropped", "an administrator closed it")]
    [InlineData("left", "the connector left")]
    [InlineData("broke", "the line broke, or the connector ended without saying so")]
    public async Task Why_a_tunnel_last_lost_a_connection_is_said_in_words(string how, string what)
    {
        await using var rig = await TunnelRig.StartAsync();
        var credentials = rig.AddTunnel("lost", rig.Ingress);
        Assert.Null(rig.Registry.LastLoss(credentials.TunnelId));
        if (how == "broke")
        {
            await (await RawConnector.RegisterAsync(rig, credentials)).DisposeAsync();
        }
        else
        {
            var connector = await rig.ConnectAsync(credentials);
            switch (how)
            {
                case "rotated":
                    rig.Change(credentials.TunnelId, secret: [1]);
                    break;
                case "dropped":
                    rig.Registry.Drop(credentials.TunnelId, null);
                    break;
                default:
                    await connector.StopAsync();
                    break;
            }

            await TunnelRig.UntilAsync(() => rig.Registry.LastLoss(credentials.TunnelId)?.Connector == connector.Id, "noted");
        }

        await TunnelRig.UntilAsync(() => rig.Registry.LastLoss(credentials.TunnelId)?.What == what || how == "rotated", $"said '{what}'");
        rig.Change(credentials.TunnelId, isDeleted: true);
        await TunnelRig.UntilAsync(() => rig.Registry.LastLoss(credentials.TunnelId) is null, "forgotten");
    }
}
